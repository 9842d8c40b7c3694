// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/envelope"
)

// The limits of a call. No public source names the service's own limits. A call that is too large for the service is
// halved, and later ones are smaller. 1,024 items is the limit of the exporter azure_monitor.
const (
	maxCall  = 1_000_000 // bytes before compression
	maxItems = 1_024
)

// batch holds the records of one push and the buffers for their items. It is reused for later pushes.
type batch struct {
	records []record
	scopes  []scope
	rows    []int32 // indices of records
	done    []bool  // by record: accepted or dropped

	encoder *envelope.Encoder
	scope   int32 // scope that the encoder was given, or -1
	body    *delivery.Body
	buf     []byte // the last item
	bufAt   uint64 // time of its event
	bufIs   int32  // its record, or -1
}

type record struct {
	plog.LogRecord
	scope int32
}

type scope struct {
	resource pcommon.Map
	scope    pcommon.InstrumentationScope
}

func newBatch(key, sdkVersion string) *batch {
	return &batch{
		encoder: envelope.NewEncoder(envelope.Options{InstrumentationKey: key, SDKVersion: sdkVersion, Now: time.Now}),
		body:    delivery.NewBody(delivery.Limits{Raw: maxCall}), scope: -1, bufIs: -1,
	}
}

// load loads the records of a push.
func (b *batch) load(logs plog.Logs) {
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			b.scopes = append(b.scopes, scope{rl.Resource().Attributes(), sl.Scope()})
			for _, lr := range sl.LogRecords().All() {
				b.rows = append(b.rows, int32(len(b.records)))
				b.records = append(b.records, record{lr, int32(len(b.scopes) - 1)})
				b.done = append(b.done, false)
			}
		}
	}
}

// Release drops every reference to the records.
func (b *batch) Release() {
	clear(b.records)
	clear(b.scopes)
	b.records, b.scopes, b.rows, b.done, b.scope, b.bufIs = b.records[:0], b.scopes[:0], b.rows[:0], b.done[:0], -1, -1
	b.encoder.Reset()
}

// encode encodes one item into buf, unless buf already holds it.
func (b *batch) encode(i int32) {
	if b.bufIs == i {
		return
	}
	r := b.records[i]
	if b.scope != r.scope {
		b.scope = r.scope
		b.encoder.SetScope(b.scopes[r.scope].resource, b.scopes[r.scope].scope)
	}
	b.buf, b.bufAt = b.encoder.Append(b.buf[:0], r.LogRecord)
	b.bufIs = i
}

// fill fills the body with as many of the items as fit into a call, at least one. It returns their number and the time
// of the oldest.
func (b *batch) fill(rows []int32, limit int) (n int, oldest uint64) {
	b.body.Reset()
	b.body.Limit(max(limit, envelope.MaxItem+2))
	b.encoder.Counts = envelope.Counts{}
	for n < len(rows) && n < maxItems {
		b.encode(rows[n])
		if !b.body.Fits(len(b.buf)) || n > 0 && b.body.Raw()+len(b.buf)+2 > limit {
			break
		}
		if n == 0 || b.bufAt < oldest {
			oldest = b.bufAt
		}
		b.body.Add(b.buf)
		n++
	}
	return n, oldest
}
