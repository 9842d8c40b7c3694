// SPDX-License-Identifier: Apache-2.0

// The CSV files beside the page: one for each of its tables, with all that the table has.

package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/csvfile"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/page"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/summary"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// The tables that are no answer and no list of what came most often.
const (
	timelineTable = "timeline"
	filesTable    = "files"
	accountsTable = "accounts"
)

// tableNames are the names of all tables. Each is written into a CSV file of that name.
func tableNames() []string {
	names := []string{timelineTable, filesTable, accountsTable}
	for _, q := range question.All() {
		names = append(names, q.ID)
	}
	for _, l := range summary.New().Lists() {
		names = append(names, l.ID)
	}
	return names
}

// folder is where the CSV files are.
func (h *hunt) folder() string { return strings.TrimSuffix(h.page, filepath.Ext(h.page)) + "-csv" }

// path is the file of a table.
func (h *hunt) path(name string) string { return filepath.Join(h.folder(), name+".csv") }

// link is the file of a table, relative to the page.
func (h *hunt) link(name string) string { return filepath.Base(h.folder()) + "/" + name + ".csv" }

// table is a CSV file.
type table struct {
	file    *os.File
	csv     *csvfile.Writer
	failure error // of the disk
}

func (h *hunt) openTable(name string, columns ...string) *table {
	t := &table{}
	if t.file, t.failure = private.Create(h.path(name)); t.failure != nil {
		return t
	}
	t.csv, t.failure = csvfile.New(t.file, columns)
	return t
}

func (t *table) write(cells ...string) {
	if t.failure == nil {
		t.failure = t.csv.Write(cells)
	}
}

// close ends the file. It removes one that is not whole, or not wanted.
func (t *table) close(wanted bool) error {
	if t.file == nil {
		return t.failure
	}
	if t.failure == nil {
		t.failure = t.csv.Close()
	}
	t.failure = errors.Join(t.failure, t.file.Close())
	if t.failure != nil || !wanted {
		_ = os.Remove(t.file.Name())
	}
	return t.failure
}

// keep closes a table that is wanted. It returns the link to it; "" if it could not be written, which makes the page incomplete.
func (h *hunt) keep(name string, t *table) string {
	if err := t.close(true); err != nil {
		h.miss("the table of %s: %s", name, textOf(err))
		return ""
	}
	return h.link(name)
}

func integer(n int64) string { return strconv.FormatInt(n, 10) }

// writeTimeline writes the time line. The page may join its buckets.
func (h *hunt) writeTimeline(line page.Timeline) string {
	t := h.openTable(timelineTable, "From", "Seconds", "DNS", "DNSFailed", "Network", "NetworkDenied", "Audit")
	for _, b := range line.Buckets {
		t.write(whole(b.At), integer(int64(line.Step/time.Second)), integer(b.DNS), integer(b.DNSFailed), integer(b.Network), integer(b.NetworkDenied), integer(b.Audit))
	}
	return h.keep(timelineTable, t)
}

// writeTop writes a list, and returns its beginning for the page.
func (h *hunt) writeTop(list summary.List) page.Top {
	t := h.openTable(list.ID, list.Of, "Events", "Exact")
	for _, c := range list.First {
		t.write(c.Name, integer(c.Count), strconv.FormatBool(!c.AtLeast))
	}
	list.First = slices.Clone(list.First[:min(len(list.First), mostTop)])
	return page.Top{List: list, CSV: h.keep(list.ID, t)}
}

// writeFiles writes the files that were read, and what could not be.
func (h *hunt) writeFiles() string {
	reasons := map[string][]string{}
	for _, u := range h.report.Unread {
		reasons[u.Path] = append(reasons[u.Path], "not read, or not in full: "+u.Reason)
	}
	t := h.openTable(filesTable, "File", "Kind", "Bytes", "Events", "Notes")
	notes := func(all []string) string { return strings.Join(all, "; ") }
	for _, f := range h.report.Files {
		events := ""
		if f.Events >= 0 {
			events = integer(f.Events)
		}
		t.write(f.Path, f.Kind, integer(f.Size), events, notes(append(slices.Clone(f.Notes), reasons[f.Path]...)))
		delete(reasons, f.Path)
	}
	for _, u := range h.report.Unread {
		if all, ok := reasons[u.Path]; ok {
			t.write(u.Path, "", "", "", notes(all))
			delete(reasons, u.Path)
		}
	}
	return h.keep(filesTable, t)
}

// writeAccounts writes the account of each kind of file.
func (h *hunt) writeAccounts() string {
	t := h.openTable(accountsTable, "Kind", "Received", "Emitted", "Filtered", "Aggregated", "Undecodable", "Dropped", "Reasons")
	for _, a := range h.report.Accounts {
		var reasons []string
		for _, r := range a.Reasons {
			reasons = append(reasons, r.Name+": "+integer(r.Count))
		}
		t.write(a.Kind, integer(a.Received), integer(a.Emitted), integer(a.Filtered), integer(a.Aggregated), integer(a.Undecodable), integer(a.Dropped), strings.Join(reasons, "; "))
	}
	return h.keep(accountsTable, t)
}
