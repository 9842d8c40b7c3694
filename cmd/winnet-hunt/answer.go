// SPDX-License-Identifier: Apache-2.0

// An answer as the page and a CSV file have it.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/csvfile"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/page"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/rows"
)

// mostShown is how many rows of an answer are on the page. The CSV file has all.
const mostShown = 50

// answer asks a question. An error means that the answer could not be written; that there is none is in the result.
func (h *hunt) answer(ctx context.Context, q question.Question) (page.Question, error) {
	p := page.Question{
		ID: q.ID, Title: q.Title, Severity: q.Severity, Reading: q.Reading, Alarms: q.FalseAlarms, Volume: q.Volume, KQL: q.KQL, Rules: rules[q.ID],
	}
	for _, t := range q.Techniques {
		p.Techniques = append(p.Techniques, page.Technique{ID: t.ID, Name: t.Name})
	}
	for _, c := range q.Columns {
		p.Columns = append(p.Columns, page.Column{Name: c.Name, Number: c.Kind == question.Int || c.Kind == question.Real, Time: c.Kind == question.Time})
	}
	if p.Unasked = h.unasked(q); p.Unasked != "" {
		return p, nil
	}
	a, err := h.store.Ask(ctx, q)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		p.Error = err.Error()
		return p, nil
	}
	p.Total = int64(len(a.Rows))
	for _, row := range a.Rows[:min(len(a.Rows), mostShown)] {
		p.Rows = append(p.Rows, texts(row, short))
	}
	p.Plot = plot(a)
	name := q.ID + ".csv"
	p.CSV = filepath.Base(h.folder()) + "/" + name
	return p, writeCSV(filepath.Join(h.folder(), name), a)
}

// unasked says why the recordings cannot answer a question: they have no row of its tables, so an empty answer would mean nothing.
func (h *hunt) unasked(q question.Question) string {
	for _, table := range q.Tables {
		if h.store.Counts[table] > 0 {
			return ""
		}
	}
	if slices.Contains(q.Tables, question.Status) {
		return "a recording has no records that a collector writes about itself. Ask it in Microsoft Sentinel."
	}
	return "no row of " + strings.Join(q.Tables, " or ") + " was read."
}

func writeCSV(path string, a rows.Answer) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var names []string
	for _, c := range a.Columns {
		names = append(names, c.Name)
	}
	w, err := csvfile.New(file, names)
	if err != nil {
		return err
	}
	for _, row := range a.Rows {
		if err := w.Write(texts(row, whole)); err != nil {
			return err
		}
	}
	return w.Close()
}

// texts gives the texts of a row's values.
func texts(row []any, of func(any) string) []string {
	all := make([]string, len(row))
	for i, v := range row {
		all[i] = of(v)
	}
	return all
}

// whole is the text of a value, with all that it has.
func whole(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return v.Format("2006-01-02T15:04:05.999999Z")
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []string:
		return strings.Join(v, ", ")
	}
	return fmt.Sprint(v)
}

// short is the text of a value for the page.
func short(v any) string {
	switch v := v.(type) {
	case time.Time:
		return v.Format("2006-01-02 15:04:05")
	case float64:
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return whole(v)
}

// plot is the picture of an answer: marks on the axis of time if it has times, else bars of its first number. Its first two texts are the labels.
func plot(a rows.Answer) (p page.Plot) {
	labels, times, numbers := columns(a, question.Text), columns(a, question.Time), columns(a, question.Int, question.Real)
	switch {
	case len(times) > 0:
		p.Times = true
		if len(numbers) > 0 {
			p.Axis = a.Columns[numbers[0]].Name
		}
	case len(numbers) > 0:
		p.Axis = a.Columns[numbers[0]].Name
	default:
		return p
	}
	for _, row := range a.Rows {
		var l page.Line
		var words []string
		for _, i := range labels[:min(len(labels), 2)] {
			if text := whole(row[i]); text != "" {
				words = append(words, text)
			}
		}
		l.Label = strings.Join(words, "  ")
		if len(numbers) > 0 {
			l.Value = value(row[numbers[0]])
		}
		if p.Times {
			l.From, _ = row[times[0]].(time.Time)
			l.To, _ = row[times[len(times)-1]].(time.Time)
			if l.From.IsZero() {
				continue
			}
			if l.To.Before(l.From) {
				l.To = l.From
			}
		}
		if p.Lines = append(p.Lines, l); len(p.Lines) == mostShown {
			break
		}
	}
	return p
}

// columns returns the places of the columns of some kinds.
func columns(a rows.Answer, kinds ...question.Kind) (all []int) {
	for i, c := range a.Columns {
		for _, k := range kinds {
			if c.Kind == k {
				all = append(all, i)
			}
		}
	}
	return all
}

func value(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return 0
}
