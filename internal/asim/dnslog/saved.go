// SPDX-License-Identifier: Apache-2.0

// What slim and merged records save, as Sentinel bills it.

package dnslog

import (
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

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

// RecordSize is the size of a record as Sentinel bills it, in bytes. It includes the attributes of the device, which fill columns of each row, too,
// if they are in the resource.
func (m *Mapper) RecordSize(record pcommon.Map) int {
	size := asim.DNSBill.Record(record)
	if m.deviceInResource {
		_, ok := record.Get(dvcIPAddr)
		size += m.deviceSize(ok)
	}
	return size
}

// AppendedSize is RecordSize of the record that AppendMerged has appended last, which is the last of records. It takes a fraction of
// the time, unless values are replaced by pseudonyms.
func (m *Mapper) AppendedSize(records plog.LogRecordSlice) int {
	if m.pseudonyms != nil {
		return m.RecordSize(records.At(records.Len() - 1).Attributes())
	}
	return m.builtSize()
}

// builtSize is RecordSize of the record that was built last, as it was before pseudonyms.
func (m *Mapper) builtSize() int {
	size := m.builder.Size(&asim.DNSBill)
	if m.deviceInResource {
		size += m.deviceSize(m.ownAddress)
	}
	return size
}

const dvcIPAddr = "DvcIpAddr"

// deviceSize is the size of the device's attributes in the resource. A record's own address takes the place of the resource's.
func (m *Mapper) deviceSize(ownAddress bool) int {
	size := m.device.dvc.Size()
	if !ownAddress {
		size += len(m.device.addr)
	}
	return size
}
