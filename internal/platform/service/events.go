// SPDX-License-Identifier: Apache-2.0

package service

import (
	"fmt"
	"strings"
	"sync"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Source is the name under which the collector writes to the Windows Event Log.
const Source = "otelcol-winnet"

// The ids of what the wrapper itself writes. docs/event-log.md has all ids. They are below 1000, so that EventCreate.exe of every Windows can be
// the file of their messages.
const (
	idStarted    = 100
	idStopped    = 101
	idEnded      = 102
	idNotStarted = 103
	idStopLate   = 104
	idFile       = 106
)

// IDKey is the key of the log field that has the id. What is logged with this field, by any component, is written to the Windows Event Log too.
const IDKey = "event_log_id"

// ends are the ids that end what another id began. In between neither is written again for the same component.
var ends = map[int64]int64{202: 201, 204: 203}

// begins are the ids that the values of ends begin.
var begins = map[int64]bool{201: true, 203: true}

// eventLog is the Windows Event Log.
type eventLog interface {
	Info(id uint32, text string) error
	Warning(id uint32, text string) error
	Error(id uint32, text string) error
}

// maxText bounds the text of an event, in bytes. The Event Log takes 31,839 characters.
const maxText = 8 << 10

// events writes each event once. It is safe for use from several goroutines.
type events struct {
	log eventLog // nil for none

	mu    sync.Mutex
	begun map[string]bool // by component and id
}

func (e *events) write(level zapcore.Level, id int64, component, text string) {
	if e.log == nil || id < 1 || id > 1000 || !e.first(id, component) {
		return
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	text = strings.ReplaceAll(text, "\x00", "")
	switch { // an event that cannot be written is in the collector's own log
	case level >= zapcore.ErrorLevel:
		_ = e.log.Error(uint32(id), text)
	case level >= zapcore.WarnLevel:
		_ = e.log.Warning(uint32(id), text)
	default:
		_ = e.log.Info(uint32(id), text)
	}
}

// first reports whether the event is not the repetition of one before.
func (e *events) first(id int64, component string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.begun == nil {
		e.begun = map[string]bool{}
	}
	about := func(id int64) string { return fmt.Sprint(component, " ", id) }
	if begun, ok := ends[id]; ok {
		was := e.begun[about(begun)]
		delete(e.begun, about(begun))
		return was
	}
	if !begins[id] {
		return true
	}
	was := e.begun[about(id)]
	e.begun[about(id)] = true
	return !was
}

// core passes a log on, writes what has an id to the Event Log, and notes when the collector is ready.
type core struct {
	zapcore.Core
	events *events
	ready  func()
	fields []zapcore.Field
}

// watch is the option with which the collector makes its loggers.
func watch(e *events, ready func()) zap.Option {
	return zap.WrapCore(func(c zapcore.Core) zapcore.Core { return &core{Core: c, events: e, ready: ready} })
}

// readyMessage is what the collector logs when all its components have started.
const readyMessage = "Everything is ready. Begin running and processing data."

func (c *core) Enabled(level zapcore.Level) bool {
	return level >= zapcore.InfoLevel || c.Core.Enabled(level)
}

func (c *core) With(fields []zapcore.Field) zapcore.Core {
	return &core{Core: c.Core.With(fields), events: c.events, ready: c.ready, fields: append(c.fields[:len(c.fields):len(c.fields)], fields...)}
}

func (c *core) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	checked = c.Core.Check(entry, checked)
	if entry.Level >= zapcore.InfoLevel {
		checked = checked.AddCore(entry, reader{c})
	}
	return checked
}

// reader is a core that only reads. The core itself has been added by its Check.
type reader struct{ *core }

func (r reader) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	if entry.Message == readyMessage {
		r.ready()
		return nil
	}
	for _, f := range fields {
		if f.Key != IDKey {
			continue
		}
		component, more := "", zapcore.NewMapObjectEncoder()
		for _, f := range append(r.fields[:len(r.fields):len(r.fields)], fields...) {
			if f.Key == "otelcol.component.id" {
				component = f.String
			}
			f.AddTo(more)
		}
		delete(more.Fields, IDKey)
		r.events.write(entry.Level, f.Integer, component, textOf(entry.Message, component, more.Fields, fields))
	}
	return nil
}

// textOf returns the text of an event: the message, the component, and the fields that were logged with the message.
func textOf(message, component string, values map[string]any, fields []zapcore.Field) string {
	var b strings.Builder
	b.WriteString(message)
	if component != "" {
		b.WriteString("\r\ncomponent: " + component)
	}
	for _, f := range fields {
		if value, ok := values[f.Key]; ok {
			fmt.Fprintf(&b, "\r\n%s: %v", f.Key, value)
		}
	}
	return b.String()
}
