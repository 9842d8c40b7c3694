// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/primary"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// prepared is a record with what has been decoded of it. Nothing in it depends on the records before it.
type prepared struct {
	raw          []byte
	notification monitor.Notification // if decoded
	flow         flow.Flow            // if flowDecoded
	expected     aggregate.Expected
	report       primary.Report // if reported

	decoded, flowDecoded, reported bool
}

// begin makes x the record of a wire form, of which nothing has been decoded.
func (x *prepared) begin(raw []byte) {
	x.raw, x.decoded, x.flowDecoded, x.reported = raw, false, false, false
}

// decodeFlow decodes the flow of a notification of a processor at a time, in nanoseconds since 1970, and names its ends.
func (h *handler) decodeFlow(x *prepared, cpu int32, at int64) {
	if x.flowDecoded {
		return
	}
	x.flow.Decode(&x.notification)
	x.flow.CPU = cpu
	if h.names != nil {
		x.flow.Resolve(h.names, at)
	}
	x.flowDecoded = true
}

// decode decodes the notification of a record.
func (h *handler) decode(x *prepared, data []byte) error {
	if x.decoded {
		return nil
	}
	err := h.decoder.Decode(data, &x.notification)
	x.decoded = err == nil
	return err
}

// ahead has the records that will be handled next. They are decoded in groups, so that the processor loads the memory of all their
// connections at the same time.
type ahead struct {
	records []*prepared
	n       int // number of records that are prepared
	next    int // the index of the first that is not handled
	single  prepared

	primary [points]bool // by trace point: whether its last flow was a primary one, as its next one probably is
}

// points is more than the number of trace points.
const points = 16

// take returns a record if it is prepared, or nil. raw is its wire form.
func (a *ahead) take(raw []byte) *prepared {
	if a.next == a.n || len(raw) == 0 || &raw[0] != &a.records[a.next].raw[0] {
		return nil
	}
	a.next++
	return a.records[a.next-1]
}

// use makes x the record that is being handled.
func (h *handler) use(x *prepared) { h.notification, h.flow = &x.notification, &x.flow }

// Prepare decodes records that will be handled next, in the same order, if they may belong to connections.
func (h *handler) Prepare(records []pipeline.Event) {
	a := &h.ahead
	a.n, a.next = 0, 0
	if h.metricsOnly || h.connections == nil && h.settings.Level < obsconfig.LevelMedium {
		return
	}
	for len(a.records) < len(records) {
		a.records = append(a.records, &prepared{})
	}
	for i, ev := range records {
		if len(ev.Data) == 0 {
			break // take identifies a record by the address of its first byte
		}
		x := a.records[i]
		x.begin(ev.Data)
		a.n++
		if h.passesOver(ev.Note) {
			continue
		}
		record, err := events.Parse(ev.Data)
		if err != nil || record.Lost > 0 || h.decode(x, record.Data) != nil {
			continue // Handle says why
		}
		if !h.settings.unwanted(&x.notification, h.archive != nil) {
			h.decodeFlow(x, record.CPU, timeOf(record, ev))
			h.announce(x, ev.Note)
			if h.splitter == nil {
				h.marker.read(&x.report, &x.flow, x.notification.Packet)
				x.reported = true
			}
		}
	}
	for _, x := range a.records[:a.n] {
		switch {
		case !x.flowDecoded:
		case h.connections != nil:
			h.connections.Fetch(&x.expected)
		default:
			h.aggregator.Fetch(&x.expected)
		}
	}
}

// timeOf returns the time of a record, in nanoseconds since 1970: of its receipt if it has none of its own.
func timeOf(record events.Record, ev pipeline.Event) int64 {
	if record.Time == 0 {
		return ev.Received
	}
	return record.Time
}

// announce announces the connection of a record with a note.
func (h *handler) announce(x *prepared, note uint8) {
	if h.connections != nil {
		h.connections.Announce(&x.expected, &x.flow)
		return
	}
	x.flow.Primary = h.ahead.primary[x.flow.SubType%points]
	if h.splitter != nil {
		x.flow.Primary = note&notePrimary != 0
	}
	h.aggregator.Announce(&x.expected, &x.flow)
	x.flow.Primary = false // mark decides it
}
