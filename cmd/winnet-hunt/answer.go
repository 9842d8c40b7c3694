// SPDX-License-Identifier: Apache-2.0

// An answer as the page and a CSV file have it.

package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/page"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
)

// mostShown is how many rows of an answer are on the page. The CSV file has all.
const mostShown = 50

// answer asks a question. An error means that its table could not be written; that there is no answer is in the result.
func (h *hunt) answer(ctx context.Context, q question.Question) (page.Question, error) {
	p := page.Question{
		ID: q.ID, Title: q.Title, Severity: q.Severity, Reading: q.Reading, Alarms: q.FalseAlarms, Volume: q.Volume, KQL: q.KQL,
		Rules: watches[q.ID].rules, Part: watches[q.ID].part,
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
	var names []string
	for _, c := range q.Columns {
		names = append(names, c.Name)
	}
	if q.Baseline {
		_, p.Since, _ = h.store.Span()
	}
	table := h.openTable(q.ID, names...)
	var first [][]any
	err := h.store.Each(ctx, q, func(row []any) error {
		p.Total++
		if len(first) < mostShown {
			first = append(first, slices.Clone(row))
		}
		table.write(texts(row, whole)...)
		return nil
	})
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	failure := table.close(err == nil)
	if err != nil {
		p.Error, p.Total = err.Error(), 0
		return p, nil
	}
	for _, row := range first {
		p.Rows = append(p.Rows, texts(row, short))
	}
	p.Plot = plot(q.Columns, first)
	if failure == nil {
		p.CSV = h.link(q.ID)
	}
	return p, failure
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
func plot(all []question.Column, rows [][]any) (p page.Plot) {
	labels, times, numbers := columns(all, question.Text), columns(all, question.Time), columns(all, question.Int, question.Real)
	switch {
	case len(times) > 0:
		p.Times = true
		if len(numbers) > 0 {
			p.Axis = all[numbers[0]].Name
		}
	case len(numbers) > 0:
		p.Axis = all[numbers[0]].Name
	default:
		return p
	}
	for _, row := range rows {
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
		p.Lines = append(p.Lines, l)
	}
	return p
}

// columns returns the places of the columns of some kinds.
func columns(all []question.Column, kinds ...question.Kind) (places []int) {
	for i, c := range all {
		for _, k := range kinds {
			if c.Kind == k {
				places = append(places, i)
			}
		}
	}
	return places
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
