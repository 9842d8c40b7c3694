// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/binary"
	"unsafe"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// api is the part of Windows that the session uses. Each method is one call, without logic. Errors are a syscall.Errno if Windows
// returns one.
type api interface {
	// startTrace starts a session and returns the handle that enableProvider takes.
	startTrace(name string, p *properties) (handle uint64, err error)
	// controlTrace queries or stops the session of this name and fills p. It uses the name and not the handle: the name is locked,
	// but the number of a handle may be reused for another session.
	controlTrace(name string, p *properties, code uint32) error
	// enableProvider enables a provider in a session; property is of EVENT_ENABLE_PROPERTY_*.
	enableProvider(handle uint64, provider etw.GUID, level uint8, keywords uint64, property uint32) error
	// openTrace opens a session for reading. Every record is passed to consumers.dispatch with this id.
	openTrace(name string, id uintptr) (trace, error)
	// providerRegistered reports whether the host knows the provider.
	providerRegistered(provider etw.GUID) (bool, error)
	// enabledProviders lists the providers that a session has enabled.
	enabledProviders(session uint16) ([]etw.GUID, error)
	// providerInfo returns the TRACE_GUID_INFO of a provider: which sessions have enabled it, and how. It is nil for a provider that no
	// session has enabled and no process has registered.
	providerInfo(provider etw.GUID) (info []byte, err error)
	// lockName locks a session's name against other processes until unlock, or until this process ends. The error is
	// ErrInUse when another process has it.
	lockName(name string) (unlock func(), err error)
}

// trace is a session opened for reading.
type trace interface {
	// process delivers records until the session is stopped or the trace is closed.
	process() error
	// close makes process return after the current buffer.
	close() error
}

// eventRecord is EVENT_RECORD (evntcons.h): 112 bytes on a 64-bit Windows.
//
//	typedef struct _EVENT_RECORD {
//	  EVENT_HEADER EventHeader; ETW_BUFFER_CONTEXT BufferContext; USHORT ExtendedDataCount, UserDataLength;
//	  PEVENT_HEADER_EXTENDED_DATA_ITEM ExtendedData; PVOID UserData; PVOID UserContext;
//	} EVENT_RECORD;
type eventRecord struct {
	header            [etw.HeaderSize]byte
	_                 uint32 // BufferContext
	extendedDataCount uint16
	userDataLength    uint16
	extendedData      *extendedItem
	userData          *byte
	userContext       uintptr
}

// extendedItem is EVENT_HEADER_EXTENDED_DATA_ITEM (evntcons.h): 16 bytes on a 64-bit Windows.
//
//	typedef struct _EVENT_HEADER_EXTENDED_DATA_ITEM {
//	  USHORT Reserved1, ExtType; struct { USHORT Linkage : 1, Reserved2 : 15; }; USHORT DataSize; ULONGLONG DataPtr;
//	} EVENT_HEADER_EXTENDED_DATA_ITEM;
type extendedItem struct {
	_        uint16
	extType  uint16
	_        uint16
	dataSize uint16
	data     *byte
}

// extTypeSID is EVENT_HEADER_EXT_TYPE_SID: the data is the SID of the user that wrote the event.
const extTypeSID = 2

// user returns the SID of the user that wrote the event, in ETW's buffer; nil if the event has none.
func (r *eventRecord) user() etw.SID {
	if r.extendedData == nil || r.extendedDataCount == 0 {
		return nil
	}
	items := unsafe.Slice(r.extendedData, r.extendedDataCount)
	for i := range items {
		if item := &items[i]; item.extType == extTypeSID && item.data != nil {
			return etw.AsSID(unsafe.Slice(item.data, item.dataSize))
		}
	}
	return nil
}

// data returns the user data, which is in ETW's buffer.
func (r *eventRecord) data() []byte {
	if r.userData == nil {
		return nil
	}
	return unsafe.Slice(r.userData, r.userDataLength)
}

// PROVIDER_ENUMERATION_INFO (tdh.h): the number of providers and 4 reserved bytes, then for each a TRACE_PROVIDER_INFO of 24 bytes,
// which begins with the GUID. The names follow.
const (
	providerInfoHeader = 8
	providerInfoSize   = 24
)

// providerListed reports whether a PROVIDER_ENUMERATION_INFO lists a provider.
func providerListed(info []byte, provider etw.GUID) bool {
	if len(info) < providerInfoHeader {
		return false
	}
	count := binary.LittleEndian.Uint32(info)
	for info = info[providerInfoHeader:]; count > 0 && len(info) >= providerInfoSize; count-- {
		if etw.GUID(info[:16]) == provider {
			return true
		}
		info = info[providerInfoSize:]
	}
	return false
}

// EnumerateTraceGuidsEx's answer for one provider (evntrace.h): TRACE_GUID_INFO, then one block for each process that has registered
// the provider: TRACE_PROVIDER_INSTANCE_INFO and a TRACE_ENABLE_INFO for each session that has enabled it there. A provider that no
// process has registered also has a block (TRACE_PROVIDER_FLAG_PRE_ENABLE).
const (
	guidInfoSize     = 8  // InstanceCount u32, reserved u32
	instanceInfoSize = 16 // NextOffset u32, EnableCount u32, Pid u32, Flags u32
	enableInfoSize   = 32 // IsEnabled u32, Level u8, reserved u8, LoggerId u16, EnableProperty u32, reserved u32, keywords 2 x u64
	offEnabledLevel  = 4
	offLoggerID      = 6
	offMatchAny      = 16
	offMatchAll      = 24
)

// enabledBy returns how a session has enabled the provider that info describes. ok is false if it has not.
func enabledBy(info []byte, session uint16) (e enabling, ok bool) {
	le := binary.LittleEndian
	if len(info) < guidInfoSize {
		return e, false
	}
	instances := le.Uint32(info)
	for info = info[guidInfoSize:]; instances > 0 && len(info) >= instanceInfoSize; instances-- {
		next := le.Uint32(info)
		enables := info[instanceInfoSize:]
		for range le.Uint32(info[4:]) {
			if len(enables) < enableInfoSize {
				return e, false
			}
			if le.Uint32(enables) != 0 && le.Uint16(enables[offLoggerID:]) == session {
				return enabling{enables[offEnabledLevel], le.Uint64(enables[offMatchAny:]), le.Uint64(enables[offMatchAll:])}, true
			}
			enables = enables[enableInfoSize:]
		}
		if next == 0 || int64(next) > int64(len(info)) {
			return e, false
		}
		info = info[next:]
	}
	return e, false
}
