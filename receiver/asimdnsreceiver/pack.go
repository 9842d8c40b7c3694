// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// packMode is the value of the key `aggregation.pack`. It says which records of a client in a window are packed into one.
type packMode string

// The modes.
const (
	packNone packMode = "none"
	packSums packMode = "sums" // those of sums
	packNew  packMode = "new"  // those of sums, and of exchanges of the classes First and Burst
)

// Validate returns an error for an unknown mode. The error lists the known ones.
func (m packMode) Validate() error {
	switch m {
	case packNone, packSums, packNew:
		return nil
	}
	return fmt.Errorf("%q is not allowed; want %s, %s or %s", string(m), packNone, packSums, packNew)
}

// packs reports whether the records of a client are packed. That needs `correlate`, and the attributes by which they are unpacked.
func (c *Config) packs() bool {
	return c.Correlate && c.Aggregation.Pack != packNone && !c.OmitAttributes.OmitsAny(dnslog.PackAttributes()...)
}

// leastForBursts is the least aggregation.max_size_mib of which a part is enough for packing exchanges that are whole.
const leastForBursts = 16

// packsBursts reports whether exchanges that are not summed are packed, too, if a client has many.
func (c *Config) packsBursts() bool {
	a := &c.Aggregation
	return c.packs() && a.Pack == packNew && a.Window > 0 && a.MaxSizeMiB >= leastForBursts && (a.Whole.NXDomainPerMinute > 0 || a.Whole.BoundsRecords())
}

// pack packs a row of the aggregator. The first row of a packed record is kept back until the record is written.
func (h *handler) pack(x *prepared, row *aggregate.Row, m dnslog.Merged) pipeline.Kind {
	begun, p := h.packing != nil, x.pipeline
	size, ok := p.mapper.Pack(p.records, &x.event, row.Received, m, itemKind(row.Class))
	h.packMore = row.More
	h.countPacked(p, row, int64(size), ok)
	switch {
	case !ok:
		return pipeline.Emitted
	case begun:
		return pipeline.Aggregated
	}
	h.packing = p
	return pipeline.Held
}

// itemKind returns the kind of the item of a row's record.
func itemKind(class aggregate.Class) dnslog.ItemKind {
	switch class {
	case aggregate.First:
		return dnslog.NewItem
	case aggregate.Burst:
		return dnslog.BurstItem
	}
	return dnslog.SumItem
}

// packDone reports whether the packed record must be written: it is full, or no other row of its client follows.
func (h *handler) packDone() bool {
	return h.packing != nil && (!h.packMore || h.packing.mapper.PackFull())
}

// emitPack appends the packed record.
func (h *handler) emitPack() pipeline.Kind {
	p := h.packing
	h.packing = nil // also if the mapper panics
	p.mapper.AppendPack(p.records)
	h.saved.add(-int64(p.mapper.RecordSize(p.records.At(p.records.Len() - 1).Attributes())))
	return pipeline.Emitted
}
