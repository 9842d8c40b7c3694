// SPDX-License-Identifier: Apache-2.0

package playback

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.uber.org/zap/zapcore"
)

// Note is what a receiver said about a file, or about the playback.
type Note struct {
	File    string // "" for none
	Events  int64  // of the file; -1 where the note does not say
	Warning bool
	Text    string
}

// maxNotes bounds the notes: a recording can be of thousands of files, each of them damaged.
const maxNotes = 10_000

// logCore keeps what a receiver logs.
type logCore struct {
	guard  sync.Mutex
	events string // the account, as the receiver logged it last
	notes  []Note
	read   int    // files that have ended
	last   string // of them
}

var _ zapcore.Core = (*logCore)(nil)

// Enabled implements zapcore.Core.
func (c *logCore) Enabled(l zapcore.Level) bool { return l >= zapcore.InfoLevel }

// With implements zapcore.Core. No field of a logger matters here.
func (c *logCore) With([]zapcore.Field) zapcore.Core { return c }

// Check implements zapcore.Core.
func (c *logCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

// Sync implements zapcore.Core.
func (c *logCore) Sync() error { return nil }

// Write implements zapcore.Core.
func (c *logCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	c.guard.Lock()
	defer c.guard.Unlock()
	n := Note{Events: -1, Warning: e.Level > zapcore.InfoLevel}
	ended := false
	values := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		switch f.Key {
		case "file":
			n.File = f.String
		case "records":
			ended, n.Events = true, f.Integer
		case "events":
			c.events = f.String
			continue
		case "read":
			if events, _, ok := strings.Cut(f.String, " events in "); ok {
				n.Events, _ = strconv.ParseInt(events, 10, 64)
			}
			ended = true
			f.AddTo(values)
		default:
			f.AddTo(values)
		}
	}
	if ended {
		c.read++
		c.last = n.File
	}
	if n.File == "" && !n.Warning || len(c.notes) == maxNotes {
		return nil
	}
	n.Text = e.Message
	for _, key := range slices.Sorted(maps.Keys(values.Fields)) {
		if value := fmt.Sprint(values.Fields[key]); value != "0" && value != "" {
			n.Text += fmt.Sprintf("; %s: %s", strings.ReplaceAll(key, "_", " "), value)
		}
	}
	c.notes = append(c.notes, n)
	return nil
}

// files returns how many files have ended, and the last of them.
func (c *logCore) files() (int, string) {
	c.guard.Lock()
	defer c.guard.Unlock()
	return c.read, c.last
}

// The form of an account in a log: see Stats.String of the package pipeline.
var (
	termForm   = regexp.MustCompile(`(received|emitted|filtered|aggregated|undecodable|dropped) (\d+)(?: \(([^)]*)\))?`)
	reasonForm = regexp.MustCompile(`(\S+) (\d+)`)
)

// account returns the receiver's account. It is complete when the receiver has been shut down.
func (c *logCore) account() (a Account, err error) {
	c.guard.Lock()
	defer c.guard.Unlock()
	terms := termForm.FindAllStringSubmatch(c.events, -1)
	if len(terms) != 6 {
		return a, fmt.Errorf("the receiver's log has no account of its events: %q", c.events)
	}
	for _, term := range terms {
		n, _ := strconv.ParseInt(term[2], 10, 64)
		switch term[1] {
		case "received":
			a.Received = n
		case "emitted":
			a.Emitted = n
		case "filtered":
			a.Filtered = n
		case "aggregated":
			a.Aggregated = n
		case "undecodable":
			a.Undecodable = reasons(term[3])
		case "dropped":
			a.Dropped = reasons(term[3])
		}
	}
	return a, nil
}

func reasons(text string) Reasons {
	r := Reasons{}
	for _, one := range reasonForm.FindAllStringSubmatch(text, -1) {
		r[one[1]], _ = strconv.ParseInt(one[2], 10, 64)
	}
	return r
}
