// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// testDomain is reserved (RFC 6761): no name below it exists.
const testDomain = ".invalid"

// maxKept bounds the events of one test name.
const maxKept = 1000

// named keeps the events whose user data has a test name. Other events are not kept.
type named struct {
	ansi, wide []byte

	mu     sync.Mutex
	events [][]byte
	at     []int64 // ns since 1970, when each was received
}

func newNamed(label string) *named {
	n := &named{ansi: []byte(label)}
	for _, u := range utf16.Encode([]rune(label)) {
		n.wide = binary.LittleEndian.AppendUint16(n.wide, u)
	}
	return n
}

func (n *named) deliver(now func() int64) func(header, userData []byte) {
	return func(header, userData []byte) {
		if !bytes.Contains(userData, n.ansi) && !bytes.Contains(userData, n.wide) {
			return
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		if len(n.events) < maxKept {
			n.events, n.at = append(n.events, slices.Concat(header, userData)), append(n.at, now())
		}
	}
}

func (n *named) all() (events [][]byte, at []int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.events), slices.Clone(n.at)
}

// seen is the evidence of one kind of event.
type seen struct {
	ID            uint16  `json:"id"`
	Version       uint8   `json:"version"`
	Level         uint8   `json:"level"`
	Keyword       string  `json:"keyword"`
	Channel       uint8   `json:"channel"`
	Count         int     `json:"count"`
	FieldsUnknown bool    `json:"fields_unknown"`
	Account       string  `json:"account"`  // the class of the account whose SID the event has
	AfterMS       float64 `json:"after_ms"` // from the query to the time stamp of the first one
	DelayMS       float64 `json:"delay_ms"` // from its time stamp to its delivery
}

func milliseconds(ns int64) float64 { return float64(ns/1000) / 1000 }

// ids are the ids of the events, each once.
func ids(events [][]byte) map[uint16]bool {
	all := map[uint16]bool{}
	for _, raw := range events {
		var r etw.Record
		if r.Parse(raw) == nil {
			all[r.ID] = true
		}
	}
	return all
}

// kinds describes events by id and version.
func kinds(p *dns.Provider, events [][]byte, at []int64, asked int64) (all []seen) {
	decoder := dns.NewDecoder(p)
	for i, raw := range events {
		var e dns.Event
		if e.Parse(raw) != nil {
			continue
		}
		decoder.Decode(&e)
		k := slices.IndexFunc(all, func(s seen) bool { return s.ID == e.ID && s.Version == e.Version })
		if k < 0 {
			k = len(all)
			all = append(all, seen{
				ID: e.ID, Version: e.Version, Level: e.Level, Keyword: fmt.Sprintf("0x%016X", e.Keyword), Channel: e.Channel, Account: accountClass(e.User.String()),
				AfterMS: milliseconds(etw.UnixNano(e.TimeStamp) - asked), DelayMS: milliseconds(at[i] - etw.UnixNano(e.TimeStamp)),
			})
		}
		all[k].Count++
		all[k].FieldsUnknown = all[k].FieldsUnknown || e.LayoutUnknown()
	}
	return all
}

func probeClientEvents(ctx context.Context, e *env) outcome {
	return e.query(ctx, "client", dns.Client(), e.System.AskClient, func(all map[uint16]bool) bool { return all[3006] && all[3008] })
}

func probeServerEvents(ctx context.Context, e *env) outcome {
	if !e.System.HasKey(dnsServiceKey) {
		return notApplicable("this host does not have the role DNS Server")
	}
	return e.query(ctx, "server", dns.Server(), e.System.AskServer, func(all map[uint16]bool) bool { return all[256] && (all[257] || all[258]) })
}

// query asks for a test name and looks at its events. complete reports whether the expected ids have come.
func (e *env) query(ctx context.Context, session string, p *dns.Provider, ask func(context.Context, string) error, complete func(map[uint16]bool) bool) outcome {
	label := e.System.Label()
	watch := newNamed(label)
	if _, err := e.open(sessionOf(session, p), watch.deliver(e.System.Now)); err != nil {
		return e.withoutSession(err)
	}
	asked := e.System.Now()
	asking, cancel := context.WithTimeout(ctx, e.Patience)
	answer := ask(asking, label+testDomain+".")
	cancel()
	answered := e.System.Now()

	e.await(ctx, func() bool { events, _ := watch.all(); return complete(ids(events)) })
	select {
	case <-ctx.Done():
	case <-time.After(e.Settle):
	}
	events, at := watch.all()
	all := kinds(p, events, at, asked)
	evidence := map[string]any{"events": all, "answer_ms": milliseconds(answered - asked), "answered": answer == nil}
	if answer != nil {
		evidence["error"] = answer.Error()
	}
	if answer != nil && len(events) == 0 {
		// The query did not reach the source: the DNS Server is stopped, or listens at no loopback address.
		return outcome{verdict: Unknown, found: "the query had no answer, and no event came: " + answer.Error(), evidence: evidence}
	}
	var problems []string
	if !complete(ids(events)) {
		problems = append(problems, "expected events are missing")
	}
	for _, s := range all {
		if s.FieldsUnknown {
			problems = append(problems, fmt.Sprintf("the fields of event %d version %d are not known", s.ID, s.Version))
		}
		const clocks = 1000 // ms by which two readings of one clock may differ
		if s.AfterMS < -clocks || s.DelayMS < -clocks {
			problems = append(problems, fmt.Sprintf("event %d has a time that is not that of the query", s.ID))
		}
	}
	found := fmt.Sprintf("%d events of %d kinds", len(events), len(all))
	if len(problems) > 0 {
		found += ": " + strings.Join(problems, ", ")
	}
	return outcome{verdict: verdict(len(problems) == 0), found: found, evidence: evidence, events: events}
}

// await waits until ready, for at most e.Patience.
func (e *env) await(ctx context.Context, ready func() bool) bool {
	limit := time.NewTimer(e.Patience)
	defer limit.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !ready() {
		select {
		case <-ctx.Done():
			return false
		case <-limit.C:
			return ready()
		case <-look.C:
		}
	}
	return true
}

func probeUsers(_ context.Context, e *env) outcome {
	if len(e.events) == 0 {
		return outcome{verdict: Unknown, found: "no event of a test name came"}
	}
	classes, without := map[string]string{}, 0
	for _, raw := range e.events {
		var r etw.Record
		if r.Parse(raw) != nil {
			continue
		}
		class := accountClass(r.User.String())
		if len(r.User) == 0 {
			without++
		}
		classes[fmt.Sprintf("%s %d", r.Provider, r.ID)] = class
	}
	return outcome{verdict: verdict(without == 0), found: fmt.Sprintf("%d of %d events have no SID", without, len(e.events)), evidence: map[string]any{"accounts": classes}}
}

func probeETL(_ context.Context, e *env) outcome {
	if len(e.events) == 0 {
		return outcome{verdict: Unknown, found: "no event of a test name came"}
	}
	var buffer memoryFile
	w, err := etl.Create(&buffer, etl.Options{LoggerName: "winnet-verify"})
	if err != nil {
		return failed("%v", err)
	}
	for _, raw := range e.events {
		if err := w.Write(raw); err != nil {
			return failed("%v", err)
		}
	}
	if err := w.Close(); err != nil {
		return failed("%v", err)
	}
	r, err := etl.NewReader(bytes.NewReader(buffer.b), int64(len(buffer.b)))
	if err != nil {
		return failed("%v", err)
	}
	defer func() { _ = r.Close() }()
	missing := map[string]int{}
	for _, raw := range e.events {
		missing[string(raw)]++
	}
	read := 0
	for {
		raw, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return failed("reading back: %v", err)
		}
		read++
		if missing[string(raw)]--; missing[string(raw)] == 0 {
			delete(missing, string(raw))
		}
	}
	evidence := map[string]any{"events": len(e.events), "read": read, "bytes": len(buffer.b)}
	found := fmt.Sprintf("%d of %d events read back, %d differ", read, len(e.events), len(missing))
	if e.WithData {
		path := filepath.Join(e.Dir, "winnet-verify.etl")
		if err := os.WriteFile(path, buffer.b, 0o600); err != nil {
			return failed("%v", err)
		}
		found += "; saved as winnet-verify.etl"
	}
	return outcome{verdict: verdict(read == len(e.events) && len(missing) == 0), found: found, evidence: evidence}
}

// memoryFile is a file in memory.
type memoryFile struct {
	b  []byte
	at int64
}

func (m *memoryFile) Write(p []byte) (int, error) {
	if grow := m.at + int64(len(p)) - int64(len(m.b)); grow > 0 {
		m.b = append(m.b, make([]byte, grow)...)
	}
	copy(m.b[m.at:], p)
	m.at += int64(len(p))
	return len(p), nil
}

func (m *memoryFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		m.at = offset
	case io.SeekCurrent:
		m.at += offset
	case io.SeekEnd:
		m.at = int64(len(m.b)) + offset
	}
	return m.at, nil
}
