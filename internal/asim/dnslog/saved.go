// SPDX-License-Identifier: Apache-2.0

// What slim and merged records save, as Sentinel bills it: the lengths of the texts of values, and AdditionalFields as JSON text.

package dnslog

import (
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
)

// Saved counts bytes that were not written. Its methods may be called from any goroutine.
type Saved struct {
	packet, attributes atomic.Int64
}

// Packet is the size of packets that were left out of records: AdditionalFields.PacketData with its name.
func (s *Saved) Packet() int64 { return s.packet.Load() }

// Attributes is the size of the attributes that slim records left out.
func (s *Saved) Attributes() int64 { return s.attributes.Load() }

func (s *Saved) count(r *dnsRecord) {
	if r.omittedPacket > 0 {
		s.packet.Add(r.omittedPacket)
	}
	if r.omitted > 0 {
		s.attributes.Add(r.omitted)
	}
}

// Saved counts what this mapper's records left out.
func (m *Mapper) Saved() *Saved { return &m.saved }

// RecordSize is the size of a record as Sentinel bills it. It includes the attributes of the device, which fill columns of each row, too, if
// they are in the resource. Escapes in the JSON text of AdditionalFields are not counted.
func (m *Mapper) RecordSize(record pcommon.Map) int {
	size := 0
	if m.deviceInResource {
		size = m.device.dvc.Size()
		if _, ok := record.Get("DvcIpAddr"); !ok {
			size += len(m.device.addr)
		}
	}
	for name, v := range record.All() {
		if name != eventSchema { // the table says it
			size += billedSize(v)
		}
	}
	return size
}

// billedSize is the length of a value's text: of a map or a list its JSON, and of an element of one in quotes if it is a text.
func billedSize(v pcommon.Value) int {
	const brackets, quotes, colon, comma = 2, 2, 1, 1
	size := 0
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return len(v.Str())
	case pcommon.ValueTypeInt:
		return asim.DecimalLength(v.Int())
	case pcommon.ValueTypeBool:
		return boolLength(v.Bool())
	case pcommon.ValueTypeMap:
		for name, e := range v.Map().All() {
			size += len(name) + quotes + colon + comma + elementSize(e)
		}
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			size += comma + elementSize(e)
		}
	default:
		return len(v.AsString())
	}
	return brackets + max(0, size-comma)
}

func elementSize(v pcommon.Value) int {
	const quotes = 2
	if v.Type() == pcommon.ValueTypeStr {
		return quotes + len(v.Str())
	}
	return billedSize(v)
}
