// SPDX-License-Identifier: Apache-2.0

// The options of the writer, and the header that it makes of them.

package etl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf16"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

// Options describe the session of a written file. The zero value gives a file of one processor, with buffers of 64 KiB and the system
// clock.
type Options struct {
	LoggerName         string // the session's name
	LogFileName        string // the file's path, as the header repeats it
	BufferSize         uint32 // bytes, MinBufferSize to MaxBufferSize in steps of 8; 0: DefaultBufferSize
	NumberOfProcessors int    // 1 to 65535; 0: 1
	Clock              Clock  // 0: ClockSystemTime
	PerfFreq           uint64 // Hz; 0: 10 MHz, as on today's Windows. Below 10 MHz time stamps lose precision.
	CPUSpeed           uint32 // MHz; must be set for ClockCPUCycles
	// StartTime is when the session started. If it is zero, it is the earliest event's time, for a file with ClockSystemTime and a
	// destination that can seek. Any other clock counts from StartTime, so it must then be set.
	StartTime time.Time
	BootTime  time.Time // zero: left open
	// EndTime is when the session ended. If it is zero, it is the latest event's time if the destination can seek, and otherwise
	// left open.
	EndTime     time.Time
	LogFileMode uint32    // ModeSequential and others, as the header repeats it; 0: ModeSequential
	OS          OSVersion // zero: left open
	EventsLost  uint32    // Writer.SetLost changes both later
	BuffersLost uint32
	// Recording says which part of which recording the file is; the zero value is none. It is stored as a third text behind the two
	// names of the header's record. Other readers read only the two names.
	Recording recording.File
}

// defaults replaces zero values, and refuses values that no file can hold.
func (o *Options) defaults() error {
	if o.BufferSize == 0 {
		o.BufferSize = DefaultBufferSize
	}
	if o.NumberOfProcessors == 0 {
		o.NumberOfProcessors = 1
	}
	if o.Clock == 0 {
		o.Clock = ClockSystemTime
	}
	if o.PerfFreq == 0 {
		o.PerfFreq = 1e7
	}
	if o.LogFileMode == 0 {
		o.LogFileMode = ModeSequential
	}
	if o.BufferSize < MinBufferSize || o.BufferSize > MaxBufferSize || o.BufferSize%recordAlign != 0 {
		return fmt.Errorf("%w: the options say %d bytes; want %d to %d in steps of %d",
			ErrBufferSize, o.BufferSize, MinBufferSize, MaxBufferSize, recordAlign)
	}
	if o.NumberOfProcessors < 1 || o.NumberOfProcessors > math.MaxUint16 {
		return fmt.Errorf("etl: %d processors; want 1 to %d", o.NumberOfProcessors, math.MaxUint16)
	}
	if o.StartTime.IsZero() && o.Clock != ClockSystemTime {
		return fmt.Errorf("etl: the %s counts from StartTime, which is not set", o.Clock)
	}
	if end := o.headerRecordSize() + bufferHeaderSize; end > int(o.BufferSize) || end > math.MaxUint16 {
		return errors.New("etl: LoggerName and LogFileName are too long for the first buffer")
	}
	return nil
}

// headerRecordSize returns the size in bytes of the file's first record: its header, TRACE_LOGFILE_HEADER, the texts.
func (o *Options) headerRecordSize() int {
	size := systemHeaderSize + layout64.size
	for _, text := range o.texts() {
		size += 2 * (len(utf16.Encode([]rune(text))) + 1)
	}
	return size
}

// texts returns the texts after TRACE_LOGFILE_HEADER.
func (o *Options) texts() []string {
	texts := []string{o.LoggerName, o.LogFileName}
	if o.Recording != (recording.File{}) {
		texts = append(texts, o.Recording.String())
	}
	return texts
}

// firstStamp returns the stamp of the header record, from which the file's other stamps count. For the counters it is the time since
// boot, or an hour if that is unknown, so that events from before StartTime have a stamp too.
func (o *Options) firstStamp(start uint64) uint64 {
	if o.Clock == ClockSystemTime {
		return start
	}
	sinceBoot := uint64(time.Hour / 100)
	if boot := filetimeOf(o.BootTime); boot != 0 && boot < start {
		sinceBoot = start - boot
	}
	ticks, _ := mulDiv(sinceBoot, o.PerfFreq, qpcUnits)
	if o.Clock == ClockCPUCycles {
		ticks, _ = mulDiv(sinceBoot, uint64(o.CPUSpeed), cycleUnits)
	}
	return ticks
}

// putHeader writes the file's first buffer to b, which has BufferSize bytes.
func (o *Options) putHeader(b []byte, start, end, base uint64, buffersWritten uint32) {
	le := binary.LittleEndian
	size := o.headerRecordSize()
	h := bufferHeader{
		size: o.BufferSize, saved: uint32(bufferHeaderSize + align(size)), clock: o.Clock, logger: loggerID,
		flags: bufferProcIndex | bufferFlushed, kind: bufferTypeHeader,
	}
	fillTail(b, bufferHeaderSize)
	h.put(b)
	record := b[bufferHeaderSize : bufferHeaderSize+align(size)]
	clear(record)
	le.PutUint16(record, 2) // version
	record[2], record[3] = 2, markerHeader|markerTrace
	le.PutUint16(record[4:], uint16(size))
	le.PutUint64(record[16:], base)

	t := record[systemHeaderSize:size]
	le.PutUint32(t[atBufferSize:], o.BufferSize)
	t[atVersion], t[atVersion+1], t[atVersion+2], t[atVersion+3] = o.OS.Major, o.OS.Minor, 1, 5
	le.PutUint32(t[atBuild:], o.OS.Build)
	le.PutUint32(t[atProcessors:], uint32(o.NumberOfProcessors))
	le.PutUint64(t[atEndTime:], end)
	le.PutUint32(t[atResolution:], 156250) // of the timer, in 100 ns: every Windows reports this
	le.PutUint32(t[atLogFileMode:], o.LogFileMode)
	le.PutUint32(t[atBuffersWritten:], buffersWritten)
	le.PutUint32(t[atStartBuffers:], 1)
	le.PutUint32(t[atPointerSize:], 8)
	le.PutUint32(t[atEventsLost:], o.EventsLost)
	le.PutUint32(t[atCPUSpeed:], o.CPUSpeed)
	le.PutUint64(t[layout64.bootTime:], filetimeOf(o.BootTime))
	le.PutUint64(t[layout64.perfFreq:], o.PerfFreq)
	le.PutUint64(t[layout64.startTime:], start)
	le.PutUint32(t[layout64.clock:], uint32(o.Clock))
	le.PutUint32(t[layout64.buffersLost:], o.BuffersLost)
	texts := t[:layout64.size]
	for _, text := range o.texts() {
		for _, u := range utf16.Encode([]rune(text)) {
			texts = le.AppendUint16(texts, u)
		}
		texts = le.AppendUint16(texts, 0)
	}
}

// fillTail fills a buffer from an offset to its end in the way in which Windows fills unused bytes.
func fillTail(b []byte, from int) {
	tail := b[from:]
	for i := range tail {
		tail[i] = 0xFF
	}
}
