// SPDX-License-Identifier: Apache-2.0

// The marks of packets.

package ciliumwindowsreceiver

import (
	"sync/atomic"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/primary"
)

// marker decides which records count a packet. One goroutine uses it, but any may read unmarked. A nil marker is another handler's.
type marker struct {
	packets  *primary.Marker
	unmarked atomic.Int64 // the packets that it could not tell apart, for the metric
}

func newMarker() *marker { return &marker{packets: primary.New()} }

// mark returns the marks of a flow's record as a note. Call it for every record, in the order in which they came.
func (m *marker) mark(f *flow.Flow, packet []byte, at int64) (note uint8) {
	var report primary.Report
	m.packets.Read(&report, f, packet)
	return m.markReport(&report, at)
}

// read reads a flow's record for markReport, and starts to load the memory of its packet.
func (m *marker) read(report *primary.Report, f *flow.Flow, packet []byte) {
	m.packets.Read(report, f, packet)
	m.packets.Fetch(report)
}

// markReport is mark for a record that was read before.
func (m *marker) markReport(report *primary.Report, at int64) (note uint8) {
	marks := m.packets.MarkReport(report, at)
	if marks.Packet == primary.Yes {
		note |= notePrimary
	}
	if marks.Drop == primary.Yes {
		note |= notePrimaryDrop
	}
	m.count()
	return note
}

// silence lets time pass without a record.
func (m *marker) silence(d time.Duration) {
	if m != nil {
		m.packets.Silence(d)
		m.count()
	}
}

// forget forgets all packets. The next ones are those of another node.
func (m *marker) forget() {
	if m != nil {
		m.packets.Forget()
		m.count()
	}
}

// count updates the metric.
func (m *marker) count() {
	if n := m.packets.Unmarked(); n != m.unmarked.Load() {
		m.unmarked.Store(n)
	}
}
