// SPDX-License-Identifier: Apache-2.0

// Package events reads Cilium's events map. In comes the path of a pinned eBPF map; out come the raw records that the datapath's
// programs write into it, with counts of what was lost.
//
// A record is what one program wrote, byte for byte; internal/cilium/monitor decodes it. Inside the collector a record has a head,
// which says when and on which processor it was read. internal/cilium/capture reads the same records from files.
package events

import (
	"encoding/binary"
	"fmt"
)

// Record is one raw record of the events map, or a report of lost records.
type Record struct {
	// Time is the record's own time in nanoseconds since 1970-01-01 UTC. Live it is when the record was read, since
	// Cilium's events carry no time; in a replay it is the capture's packet time. 0 is unknown.
	Time int64
	// CPU is the number of the processor that wrote the record; -1 is unknown. A ring buffer does not have it.
	CPU int32
	// Lost is the number of records that the kernel dropped, in a loss record, which has no Data. 0 is an event.
	Lost uint64
	// Data is what the datapath wrote. The function that returns the Record documents how long it is valid.
	Data []byte
}

// UnknownCPU is Record.CPU if the source does not have it.
const UnknownCPU = -1

// HeadSize is the size of a record's head in bytes: Time, CPU and Lost, little endian.
const HeadSize = 8 + 4 + 8

// Reason is the reason why a record was refused: a short stable word that serves as a metric's label.
type Reason string

// The reasons for which Parse refuses bytes.
const (
	// ReasonHead: the record is shorter than its head.
	ReasonHead Reason = "head"
	// ReasonCPU: the processor number is below -1.
	ReasonCPU Reason = "cpu"
	// ReasonLoss: a loss record has data.
	ReasonLoss Reason = "loss"
)

// WireError is the error for bytes that are not a record in wire form.
type WireError struct {
	Reason Reason
	text   string
}

func (e *WireError) Error() string { return "event record: " + e.text }

// AppendHead appends the head to dst. Head and Data together are the record's wire form.
func (r *Record) AppendHead(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Time))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.CPU))
	return binary.LittleEndian.AppendUint64(dst, r.Lost)
}

// Parse reads a record in wire form. Data aliases wire and is empty, not nil, where there is none. An error is always a
// *WireError.
func Parse(wire []byte) (Record, error) {
	if len(wire) < HeadSize {
		return Record{}, &WireError{ReasonHead, fmt.Sprintf("want at least the %d bytes of its head, have %d", HeadSize, len(wire))}
	}
	r := Record{
		Time: int64(binary.LittleEndian.Uint64(wire)),
		CPU:  int32(binary.LittleEndian.Uint32(wire[8:])),
		Lost: binary.LittleEndian.Uint64(wire[12:]),
		Data: wire[HeadSize:],
	}
	switch {
	case r.CPU < UnknownCPU:
		return Record{}, &WireError{ReasonCPU, fmt.Sprintf("processor %d; want a number from 0, or %d for unknown", r.CPU, UnknownCPU)}
	case r.Lost > 0 && len(r.Data) > 0:
		return Record{}, &WireError{ReasonLoss, fmt.Sprintf("a loss of %d records has %d bytes of data; want none", r.Lost, len(r.Data))}
	}
	return r, nil
}

// Glance is Parse for a caller that wants events only. It reports false for a loss, and for what Parse refuses.
func Glance(wire []byte) (time int64, cpu int32, data []byte, ok bool) {
	if len(wire) < HeadSize || binary.LittleEndian.Uint64(wire[12:]) > 0 {
		return 0, 0, nil, false
	}
	cpu = int32(binary.LittleEndian.Uint32(wire[8:]))
	return int64(binary.LittleEndian.Uint64(wire)), cpu, wire[HeadSize:], cpu >= UnknownCPU
}
