// SPDX-License-Identifier: Apache-2.0

// Package page writes the report of a hunt as one page of HTML. In comes what was read and what was found; out comes a page that needs nothing
// else: no script, no picture, no font, no network. A stranger may have chosen any name in it, so each is escaped twice: html/template keeps
// it text, and printable keeps it visible.
package page

import (
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/summary"
)

// Report is what the page shows.
type Report struct {
	Program string    // name and version
	Made    time.Time // when
	Volume  string    // the receivers' key volume

	// Missing are the reasons why the page is not of everything that was asked for; empty if it is.
	Missing []string

	Files    []File
	Unread   []Unread
	Skipped  int64 // files of folders that are no recordings
	Accounts []Account
	Rows     int64

	Span      Span // of the events
	Timeline  Timeline
	Tops      []Top
	Questions []Question

	// The files of the tables Files and Accounts, relative to the page; "" if there is none.
	FilesCSV, AccountsCSV string
}

// Span is a span of time, UTC. It is empty if it has no events.
type Span struct{ From, To time.Time }

// File is a file that was read.
type File struct {
	Path, Kind string
	Size       int64 // bytes
	Events     int64 // -1 if it was not read to its end
	Notes      []string
}

// Unread is a file, or an argument, that could not be read in full.
type Unread struct{ Path, Reason string }

// Account is what became of the events of a kind of file. Received is the sum of the five that follow it.
type Account struct {
	Kind                                                          string
	Received, Emitted, Filtered, Aggregated, Undecodable, Dropped int64
	// Reasons are those of Undecodable and Dropped, and what the recordings had lost before.
	Reasons []Count
}

// Count is a number of something.
type Count struct {
	Name  string
	Count int64
}

// Timeline is the number of events over time.
type Timeline struct {
	Step    time.Duration    // of a bucket
	Buckets []summary.Bucket // in order; those without an event may be left out
	CSV     string           // the file with all buckets, relative to the page; "" if there is none
}

// Top is the beginning of a list of what came most often.
type Top struct {
	summary.List
	CSV string // the file with the whole list, relative to the page; "" if there is none
}

// Question is a question and its answer.
type Question struct {
	ID         string // unique, of a to z, 0 to 9 and -
	Title      string // the question
	Severity   string // of what it finds
	Techniques []Technique
	Reading    string    // how to read the answer
	Alarms     string    // false alarms to expect
	Since      time.Time // from when on something is new, for a question that compares with the time before; else zero
	Volume     string    // what a cheaper volume has summed away; "" for nothing
	Rules      []string  // the analytic rules that watch for it
	Part       string    // which part of it they watch for; "" for all
	KQL        string

	Columns []Column
	Rows    [][]string // at most as many as are shown
	Total   int64      // of the answer
	Error   string     // why there is no answer; "" if there is one
	Unasked string     // why the recordings cannot answer it; "" if they can
	Plot    Plot
	CSV     string // the file with the whole answer, relative to the page; "" if there is none
}

// Technique is a technique of MITRE ATT&CK, such as T1071.004.
type Technique struct{ ID, Name string }

// Link is where ATT&CK describes the technique.
func (t Technique) Link() string {
	return "https://attack.mitre.org/techniques/" + strings.ReplaceAll(t.ID, ".", "/") + "/"
}

// Column is a column of an answer.
type Column struct {
	Name         string
	Number, Time bool
}

// Plot is the picture of an answer. It has lines of one of two kinds: bars with a value, or marks on an axis of time.
type Plot struct {
	Axis  string // what the value is
	Times bool
	Lines []Line
}

// Line is a line of a plot.
type Line struct {
	Label    string
	Value    float64
	From, To time.Time // of a plot with Times
}
