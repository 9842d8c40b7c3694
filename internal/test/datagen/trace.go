// SPDX-License-Identifier: Apache-2.0

// A recording of one provider: events are added in any order and written in time order.

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// processors is the number of processors of a recording. Each thread stays on one processor.
const processors = 2

// start is when every recording begins.
func start() time.Time { return time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC) }

// headerFlags is EVENT_HEADER.Flags as in recorded events: 64-bit, and 0x200 for a processor index of 16 bits.
const headerFlags = etw.Flag64BitHeader | 0x200

// fields are an event's fields by their names in the manifest.
type fields map[string]any

// trace collects events.
type trace struct {
	chance
	catalog *schema.Catalog
	events  []event
	counts  counts
	err     error // the first failure
}

type event struct {
	cpu    int
	record etw.Record
}

// from is the origin of an event.
type from struct {
	at      time.Duration // since start
	process uint32
	thread  uint32
	user    etw.SID
}

func newTrace(catalog *schema.Catalog, seed uint64) *trace {
	return &trace{chance: newChance(seed), catalog: catalog, counts: counts{ByID: map[id]int{}}}
}

func (t *trace) fail(err error) { t.err = errors.Join(t.err, err) }

// template returns a layout of an event: a variant of a version. Variant 0 is the manifest's own.
func (t *trace) template(event uint16, version uint8, variant int) *schema.Template {
	list := t.catalog.Candidates(event, version)
	if variant >= len(list) || list[variant].ID != event || list[variant].Version != version {
		t.fail(fmt.Errorf("event %d version %d has no layout %d", event, version, variant))
		return &schema.Template{ID: event}
	}
	return list[variant]
}

// add adds an event in a layout.
func (t *trace) add(f from, layout *schema.Template, values fields) {
	const pointerSize = 8
	data, err := layout.Encode(nil, pointerSize, values)
	if err != nil {
		t.fail(err)
	}
	t.addRaw(f, etw.Record{
		Provider: layout.Provider, ID: layout.ID, Version: layout.Version, Channel: layout.Channel, Level: layout.Level,
		Task: layout.Task, Keyword: layout.Keyword, UserData: data,
	})
}

// addUnknown adds an event whose id is not in the manifest.
func (t *trace) addUnknown(f from, r etw.Record) {
	if list := t.catalog.Candidates(r.ID, 0); list != nil {
		t.fail(fmt.Errorf("event %d is in the manifest", r.ID))
	}
	r.Provider = t.catalog.Provider
	t.counts.Unknown++
	t.addRaw(f, r)
}

func (t *trace) addRaw(f from, r etw.Record) {
	r.Flags, r.ProcessID, r.ThreadID, r.User = headerFlags, f.process, f.thread, f.user
	r.TimeStamp = etw.Filetime(start().Add(f.at).UnixNano())
	t.events = append(t.events, event{cpu: int(f.thread/4) % processors, record: r}) // thread ids are multiples of 4
	t.counts.Events++
	t.counts.ByID[id(r.ID)]++
}

// write writes the recording. The header's times are fixed, whatever options contains.
func (t *trace) write(path string, options etl.Options) (c counts, err error) {
	if t.err != nil {
		return c, t.err
	}
	slices.SortStableFunc(t.events, func(a, b event) int { return cmp.Compare(a.record.TimeStamp, b.record.TimeStamp) })
	options.LogFileName = `C:\Traces\` + filepath.Base(path)
	options.NumberOfProcessors = processors
	options.CPUSpeed = 2594
	options.StartTime, options.BootTime = start(), start().Add(-26*time.Hour-17*time.Minute)
	f, err := os.Create(path)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := etl.Create(f, options)
	if err != nil {
		return c, err
	}
	var raw []byte
	for _, e := range t.events {
		if raw, err = e.record.Append(raw[:0]); err != nil {
			return c, err
		}
		if err = w.WriteOn(e.cpu, raw); err != nil {
			return c, err
		}
	}
	return t.counts, w.Close()
}
