// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/binary"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// The providers of ETW's own messages to a real-time consumer (evntrace.h: RTLostEventGuid, EventTraceGuid).
var (
	lostEventProvider = etw.MustGUID("{6A399AE0-4BC6-4DE9-870B-3657F8947E7E}")
	headerProvider    = etw.MustGUID("{68FDD900-4A3E-11D1-84F4-0000F80464E3}")
)

// Opcodes of RT_LostEvent. 32 is lost events.
const (
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

// consumer receives the records of one session. receive runs on one thread; the counters may be read from any goroutine.
type consumer struct {
	deliver Deliver
	log     *zap.Logger
	discard atomic.Bool // set when the time for Close is over

	head [etw.HeaderAndSIDSize]byte // the wire form of the current event, up to its user data

	oversized, panics, discarded, headerInfo atomic.Uint64
	lostEvents, lostBuffers, lostFiles       atomic.Uint64
}

// receive takes one record. It copies the header and the user's SID into wire form and delivers them with the user data, without an
// allocation or a lock. It omits a SID for which the wire form has no room.
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

// toWire copies src, as ProcessTrace delivered it, to dst, in the form of etw.Record.AppendHeader: Size counts the whole record, the
// flags say whether extended data follows, and the processor times are cleared.
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

// noticeLoss counts a notice of loss by its kind. An unknown opcode counts as lost events.
func (c *consumer) noticeLoss(opcode byte) {
	switch opcode {
	case opcodeLostBuffer:
		c.lostBuffers.Add(1)
	case opcodeLostFile:
		c.lostFiles.Add(1)
	default:
		c.lostEvents.Add(1)
	}
}

// recoverPanic keeps a panic of the sink from ending the process: on a thread of Windows no other handler would recover it. The first
// one is logged, further ones are counted.
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
