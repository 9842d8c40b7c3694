// SPDX-License-Identifier: Apache-2.0

// What a record says of its packet, whatever was reported before.

package primary

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/recent"
)

// Report is what a Marker needs of one record.
type Report struct {
	print      recent.Print // of the packet's identity, if known
	here       place
	sourcePort uint16
	cpu        int16 // processor that wrote the record, or noProcessor
	kind       kind
	translated bool // the source was translated
	known      bool // the packet can be told from others
	sized      bool // the packet's length is known
}

// Read reads a flow's record for MarkReport. bytes is the packet of the notification that the flow was decoded from. A caller that knows some
// records ahead reads each and calls Fetch for it, so that the memory of all their packets is loaded at the same time. Neither changes any mark.
func (m *Marker) Read(r *Report, f *flow.Flow, bytes []byte) {
	r.here, r.kind = whereabouts(f)
	r.cpu, r.sized, r.known = processor(f), f.OrigLen != 0, false
	if r.kind == elsewhere || r.kind == unnamed || !r.sized || unnamedTunnel(f) || r.kind == comesIn && outside(f) {
		return
	}
	id := &m.identity
	if r.known = f.Identify(id, bytes); r.known {
		r.print, r.sourcePort, r.translated = m.packets.Join(id.Body, id.Source, id.Destination), id.SourcePort, id.Translated
	}
}

// Fetch starts to load the memory of a report's packet.
func (m *Marker) Fetch(r *Report) {
	if r.known {
		m.packets.Fetch(r.print)
	}
}
