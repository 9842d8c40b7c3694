// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/binary"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Providers by which ETW itself speaks to a real-time consumer (evntrace.h: RTLostEventGuid, EventTraceGuid).
var (
	lostEventProvider = etw.MustGUID("{6A399AE0-4BC6-4DE9-870B-3657F8947E7E}")
	headerProvider    = etw.MustGUID("{68FDD900-4A3E-11D1-84F4-0000F80464E3}")
)

// Opcodes of RT_LostEvent.
const (
	opcodeLostEvent  = 32
	opcodeLostBuffer = 33
	opcodeLostFile   = 34
)

// Offsets in EVENT_HEADER (evntcons.h), in bytes.
const (
	offSize          = 0
	offHeaderType    = 2
	offMarkerFlags   = 3
	offFlags         = 4
	offProvider      = 24
	offOpcode        = 45
	offProcessorTime = 56
	offActivityID    = 64
)

// consumer is the receiving end of one session. Its receive runs on one thread; the counters are read from any.
type consumer struct {
	deliver Deliver
	log     *zap.Logger
	discard atomic.Bool // set when Close ran out of time

	head [etw.HeaderAndSIDSize]byte // the wire form of the event in hand, up to its user data

	oversized, panics, discarded, headerInfo atomic.Uint64
	lostEvents, lostBuffers, lostFiles       atomic.Uint64
}

// receive takes one record. It copies the header and the user's SID into wire form and hands them on with the user data, without an
// allocation or a lock. A SID for which the wire form has no room is left out.
func (c *consumer) receive(r *eventRecord) {
	defer c.recoverPanic()
	header, userData := &r.header, r.data()
	if c.discard.Load() {
		c.discarded.Add(1)
		return
	}
	switch etw.GUID(header[offProvider : offProvider+16]) {
	case lostEventProvider:
		c.noticeLoss(header[offOpcode])
		return
	case headerProvider:
		c.headerInfo.Add(1)
		return
	}
	if etw.HeaderSize+len(userData) > etw.MaxRecordSize {
		c.oversized.Add(1)
		return
	}
	user := r.user()
	if etw.HeaderSize+user.ItemSize()+len(userData) > etw.MaxRecordSize {
		user = nil
	}
	head := user.AppendItem(c.head[:etw.HeaderSize])
	toWire((*[etw.HeaderSize]byte)(c.head[:]), header, len(head)+len(userData), len(user) > 0)
	c.deliver(head, userData)
}

// toWire copies src, as ProcessTrace gave it, to dst as etw.Record.AppendHeader writes it: Size counts the whole record, the flags say
// whether extended data follows, the processor times are not kept.
func toWire(dst, src *[etw.HeaderSize]byte, size int, extended bool) {
	le := binary.LittleEndian
	*dst = *src
	flags := le.Uint16(src[offFlags:])
	dst[offHeaderType] = etw.HeaderType64
	if flags&etw.Flag32BitHeader != 0 {
		dst[offHeaderType] = etw.HeaderType32
	}
	dst[offMarkerFlags] = etw.MarkerFlags
	le.PutUint16(dst[offSize:], uint16(size))
	flags &^= etw.FlagExtendedInfo
	if extended {
		flags |= etw.FlagExtendedInfo
	}
	le.PutUint16(dst[offFlags:], flags)
	clear(dst[offProcessorTime:offActivityID])
}

// noticeLoss counts a notice of loss by its kind. An opcode that is not known is a loss all the same.
func (c *consumer) noticeLoss(opcode byte) {
	switch opcode {
	case opcodeLostBuffer:
		c.lostBuffers.Add(1)
	case opcodeLostFile:
		c.lostFiles.Add(1)
	default: // opcodeLostEvent
		c.lostEvents.Add(1)
	}
}

// recoverPanic keeps a panic of the sink from ending the process: on a thread of Windows nothing else would catch it. The first
// one is logged, the others are counted.
func (c *consumer) recoverPanic() {
	r := recover()
	if r == nil {
		return
	}
	if c.panics.Add(1) == 1 {
		c.log.Error("recovered a panic in the ETW callback; its event is lost, later ones are only counted", zap.Any("panic", r), zap.Stack("stack"))
	}
}

func (c *consumer) counters() Counters {
	return Counters{
		Oversized:         c.oversized.Load(),
		Panics:            c.panics.Load(),
		Discarded:         c.discarded.Load(),
		HeaderInfo:        c.headerInfo.Load(),
		LostEventNotices:  c.lostEvents.Load(),
		LostBufferNotices: c.lostBuffers.Load(),
		LostFileNotices:   c.lostFiles.Load(),
	}
}
