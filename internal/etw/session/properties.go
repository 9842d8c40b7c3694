// SPDX-License-Identifier: Apache-2.0

package session

import (
	"strings"
	"time"
	"unicode/utf16"
	"unsafe"

	"github.com/google/uuid"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Flags and modes of a session that golang-etw does not name (wmistr.h, evntrace.h).
const (
	wnodeFlagTracedGUID = 0x00020000 // the structure describes a tracing session

	modeRealTime                = 0x00000100 // EVENT_TRACE_REAL_TIME_MODE
	modePersistOnHybridShutdown = 0x00800000 // EVENT_TRACE_PERSIST_ON_HYBRID_SHUTDOWN
	modeSystemLogger            = 0x02000000 // EVENT_TRACE_SYSTEM_LOGGER_MODE
	modeIndependentSession      = 0x08000000 // EVENT_TRACE_INDEPENDENT_SESSION_MODE

	// logFileMode has the modes that the session asks for.
	logFileMode = modeRealTime | modePersistOnHybridShutdown | modeIndependentSession
)

// ControlTrace's control codes (evntrace.h, EVENT_TRACE_CONTROL_*).
const (
	controlQuery = 0
	controlStop  = 1
)

var controlNames = map[uint32]string{controlQuery: "QUERY", controlStop: "STOP"}

// clockSystemTime makes Windows stamp events with the system time (WNODE_HEADER.ClientContext). The session runs as long as the
// service, and its events are compared with those of other hosts. Stamps of the performance counter (1) would be converted from one
// reference point and drift from the system clock as that is adjusted. ProcessTrace delivers either as FILETIME, because
// PROCESS_TRACE_MODE_RAW_TIMESTAMP is never set.
const clockSystemTime = 2

// nameRoom is the room for each of the two names, in WCHARs, as in Microsoft's samples: ControlTrace writes both behind the
// structure, up to 1024 characters each.
const nameRoom = 1024

// propertiesSize is sizeof(EVENT_TRACE_PROPERTIES) on a 64-bit Windows.
const propertiesSize = 120

// properties is EVENT_TRACE_PROPERTIES (evntrace.h, 64-bit) with room for both names behind it. Windows reads and writes it in place;
// blank fields are not used here.
//
//	typedef struct _EVENT_TRACE_PROPERTIES {
//	  WNODE_HEADER Wnode; ULONG BufferSize, MinimumBuffers, MaximumBuffers, MaximumFileSize, LogFileMode, FlushTimer,
//	  EnableFlags; LONG AgeLimit; ULONG NumberOfBuffers, FreeBuffers, EventsLost, BuffersWritten, LogBuffersLost,
//	  RealTimeBuffersLost; HANDLE LoggerThreadId; ULONG LogFileNameOffset, LoggerNameOffset;
//	} EVENT_TRACE_PROPERTIES;
type properties struct {
	wnodeSize         uint32   // WNODE_HEADER.BufferSize: total bytes, including the names
	_                 uint32   // ProviderId
	historicalContext uint64   // the session's id, 1 to 64
	_                 int64    // TimeStamp
	guid              etw.GUID // the session's own, see ownGUID; QUERY gives it back
	clientContext     uint32
	wnodeFlags        uint32

	bufferSize          uint32 // KB
	minimumBuffers      uint32
	maximumBuffers      uint32
	_                   uint32 // MaximumFileSize
	logFileMode         uint32
	flushTimer          uint32 // seconds
	enableFlags         uint32 // events of the kernel, of a system logger
	_                   int32  // AgeLimit
	numberOfBuffers     uint32
	freeBuffers         uint32
	eventsLost          uint32
	buffersWritten      uint32
	logBuffersLost      uint32
	realTimeBuffersLost uint32
	_                   uint64 // LoggerThreadId
	logFileNameOffset   uint32
	loggerNameOffset    uint32

	loggerName [nameRoom]uint16
	_          [nameRoom]uint16 // the log file's name
}

// newStartProperties describes the session for StartTrace, which writes the session's name itself. There is no log file, so its
// offset stays zero.
func newStartProperties(c Config) *properties {
	return &properties{
		wnodeSize:        uint32(unsafe.Sizeof(properties{})),
		guid:             ownGUID(c.Name),
		clientContext:    clockSystemTime,
		wnodeFlags:       wnodeFlagTracedGUID,
		bufferSize:       c.BufferSizeKB,
		minimumBuffers:   c.MinimumBuffers,
		maximumBuffers:   c.MaximumBuffers,
		logFileMode:      logFileMode,
		flushTimer:       uint32(c.FlushInterval / time.Second),
		loggerNameOffset: propertiesSize,
	}
}

// guidSpace is the namespace of the GUIDs that ownGUID derives. It never changes: a session that an older collector left behind is
// recognized by it.
var guidSpace = uuid.MustParse("9b4a6f0e-5f0b-4a55-8c1c-7d2f6e1b9a43")

// ownGUID returns the GUID by which the collector recognizes its own session of a name (WNODE_HEADER.Guid). It is a UUID of version 5
// (RFC 9562) of the name in lower case, because ETW ignores case.
func ownGUID(name string) etw.GUID {
	return etw.GUID(uuid.NewSHA1(guidSpace, []byte(strings.ToLower(name))))
}

// newControlProperties returns properties for ControlTrace to fill, with room for both names.
func newControlProperties() *properties {
	return &properties{
		wnodeSize:         uint32(unsafe.Sizeof(properties{})),
		wnodeFlags:        wnodeFlagTracedGUID,
		loggerNameOffset:  propertiesSize,
		logFileNameOffset: propertiesSize + nameRoom*2,
	}
}

// name returns the session's name as Windows wrote it.
func (p *properties) name() string {
	for i, c := range p.loggerName {
		if c == 0 {
			return string(utf16.Decode(p.loggerName[:i]))
		}
	}
	return string(utf16.Decode(p.loggerName[:]))
}

// stats returns what Windows reports about a session.
func (p *properties) stats() KernelStats {
	return KernelStats{
		EventsLost:          p.eventsLost,
		RealTimeBuffersLost: p.realTimeBuffersLost,
		LogBuffersLost:      p.logBuffersLost,
		BuffersWritten:      p.buffersWritten,
		NumberOfBuffers:     p.numberOfBuffers,
		FreeBuffers:         p.freeBuffers,
		BufferSize:          p.bufferSize,
		MinimumBuffers:      p.minimumBuffers,
		MaximumBuffers:      p.maximumBuffers,
		FlushInterval:       time.Duration(p.flushTimer) * time.Second,
		LogFileMode:         p.logFileMode,
	}
}

// mode is a bit of LogFileMode that the session asks for.
type mode struct {
	bit     uint32
	name    string
	without string // what its absence means
}

var modes = [...]mode{
	{modeRealTime, "EVENT_TRACE_REAL_TIME_MODE", "events are not delivered as they happen"},
	{modePersistOnHybridShutdown, "EVENT_TRACE_PERSIST_ON_HYBRID_SHUTDOWN", "the session may end at a fast-startup shutdown"},
	{modeIndependentSession, "EVENT_TRACE_INDEPENDENT_SESSION_MODE", "when another session of the same provider cannot take an event, this one does not get it either"},
}

// strippedModes returns the modes that were requested and are not in force.
func strippedModes(inForce uint32) []mode {
	var stripped []mode
	for _, m := range modes {
		if inForce&m.bit == 0 {
			stripped = append(stripped, m)
		}
	}
	return stripped
}
