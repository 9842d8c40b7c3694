// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"cmp"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/row"
)

// batch holds the records of one push, sorted by kind, and the buffers for their rows. It is reused for later pushes.
type batch struct {
	records   []record
	resources []pcommon.Map
	rows      [kindCount][]int32 // indices of records
	done      []bool             // by record: accepted, dropped, or without a stream

	encoders [kindCount]*row.Encoder
	resource [kindCount]int32 // resource that the encoder was given, or -1
	body     *delivery.Body
	sorted   [kindCount]bool // rows are sent in time order, and a call spans at most maxSpan
	buf      []byte          // the last row
	bufAt    uint64          // its TimeGenerated
	bufIs    int32           // its record, or -1
	bufKind  kind
}

type record struct {
	plog.LogRecord
	resource int32
}

// The limits of a call, in bytes: the documented 1 MB read as 1,000,000; and 50 MiB before compression, if the
// documented limit applies to the compressed body only. The second value is not documented: others measured it with the
// service.
const (
	maxCall    = 1_000_000
	maxCallRaw = 50 << 20
)

func limits(cfg *Config) delivery.Limits {
	if cfg.Limits.Body == bodyCompressed {
		return delivery.Limits{Raw: maxCallRaw, Gzip: maxCall}
	}
	return delivery.Limits{Raw: maxCall}
}

func newBatch(cfg *Config) *batch {
	b := &batch{body: delivery.NewBody(limits(cfg)), bufIs: -1}
	for k := range kindCount {
		auxiliary := cfg.TablePlan == planAuxiliary || kindTables[k].Auxiliary
		b.sorted[k] = auxiliary
		body := kindBodies[k]
		if body == "" && cfg.BodyAsEventMessage {
			body = "EventMessage"
		}
		b.encoders[k] = row.NewEncoder(row.Options{
			Table: kindTables[k], Schema: kindSchemas[k], Omit: omitted(cfg, k), Microseconds: auxiliary, Body: body,
			Resource: cfg.ResourceAttributes, Now: time.Now,
		})
	}
	return b
}

// omitted returns the attributes that only select the stream.
func omitted(cfg *Config, k kind) (names []string) {
	if cfg.StreamAttribute != "" {
		names = append(names, cfg.StreamAttribute)
	}
	if kindTables[k].Auxiliary {
		names = append(names, tierAttribute)
	}
	return names
}

// load loads the records of a push, and returns the number of those without a stream.
func (b *batch) load(logs plog.Logs, r *router) (without int) {
	for _, rl := range logs.ResourceLogs().All() {
		resource := rl.Resource().Attributes()
		b.resources = append(b.resources, resource)
		for _, sl := range rl.ScopeLogs().All() {
			ofScope := r.scope(sl.Scope().Name())
			for _, lr := range sl.LogRecords().All() {
				k := r.record(lr.Attributes(), resource, ofScope)
				if k == unrouted {
					without++
				} else {
					b.rows[k] = append(b.rows[k], int32(len(b.records)))
				}
				b.done = append(b.done, k == unrouted)
				b.records = append(b.records, record{lr, int32(len(b.resources) - 1)})
			}
		}
	}
	for k, rows := range b.rows {
		b.resource[k] = -1
		if b.sorted[k] {
			slices.SortStableFunc(rows, func(x, y int32) int { return cmp.Compare(b.records[x].Timestamp(), b.records[y].Timestamp()) })
		}
	}
	return without
}

// Release drops every reference to the records.
func (b *batch) Release() {
	clear(b.records)
	clear(b.resources)
	b.records, b.resources, b.done, b.bufIs = b.records[:0], b.resources[:0], b.done[:0], -1
	for k := range kindCount {
		b.rows[k] = b.rows[k][:0]
		b.encoders[k].Reset()
	}
	const large = 4 << 20 // more than any usual row needs
	if cap(b.buf) > large {
		b.buf = nil
	}
}

// encode encodes one row into buf, unless buf already holds it.
func (b *batch) encode(k kind, i int32) {
	if b.bufIs == i && b.bufKind == k {
		return
	}
	e, r := b.encoders[k], b.records[i]
	if b.resource[k] != r.resource {
		b.resource[k] = r.resource
		e.SetResource(b.resources[r.resource])
	}
	b.buf, b.bufAt = e.AppendRow(b.buf[:0], r.LogRecord)
	b.bufIs, b.bufKind = i, k
}

// maxSpan is the longest time between the rows of a call for a table with the plan Auxiliary.
const maxSpan = uint64(30 * time.Minute)

// fill fills the body with as many of the rows as fit into a call, at least one. It returns their number and the time
// of the oldest.
func (b *batch) fill(k kind, rows []int32, rawLimit int) (n int, oldest uint64) {
	b.body.Reset()
	b.body.Limit(max(rawLimit, row.MaxRow+2))
	b.encoders[k].Counts = row.Counts{}
	var newest uint64
	for n < len(rows) {
		b.encode(k, rows[n])
		if !b.body.Fits(len(b.buf)) || n > 0 && b.body.Raw()+len(b.buf)+2 > rawLimit {
			break
		}
		from, to := b.bufAt, b.bufAt
		if n > 0 {
			from, to = min(oldest, from), max(newest, to)
		}
		if b.sorted[k] && to-from > maxSpan && n > 0 {
			break
		}
		oldest, newest = from, to
		b.body.Add(b.buf)
		n++
	}
	return n, oldest
}
