// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package session

import (
	"encoding/binary"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	goetw "github.com/0xrawsec/golang-etw/etw"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// windowsAPI implements api: advapi32's ETW through golang-etw's wrappers, tdh, and a mutex of kernel32.
//
// The wrappers pass pointers to LazyProc.Call, which keeps their targets alive and in place during the call. After the call Windows
// keeps only the EVENT_TRACE_LOGFILE, which windowsTrace holds.
type windowsAPI struct{}

var (
	_ api   = windowsAPI{}
	_ trace = (*windowsTrace)(nil)
)

func newAPI() (api, error) { return windowsAPI{}, nil }

// startTrace wraps
//
//	ULONG WMIAPI StartTraceW(PTRACEHANDLE TraceHandle, LPCWSTR InstanceName, PEVENT_TRACE_PROPERTIES Properties);
func (windowsAPI) startTrace(name string, p *properties) (uint64, error) {
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	var handle syscall.Handle
	err = goetw.StartTrace(&handle, wide, p.native())
	return uint64(handle), err
}

// controlTrace wraps
//
//	ULONG WMIAPI ControlTraceW(TRACEHANDLE TraceHandle, LPCWSTR InstanceName, PEVENT_TRACE_PROPERTIES Properties,
//	                           ULONG ControlCode);
func (windowsAPI) controlTrace(name string, p *properties, code uint32) error {
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	return goetw.ControlTrace(0, wide, p.native(), code)
}

// native returns p as golang-etw declares it: the structure's 120 bytes, with the room for the names behind it.
func (p *properties) native() *goetw.EventTraceProperties {
	return (*goetw.EventTraceProperties)(unsafe.Pointer(p))
}

// enableProvider wraps
//
//	ULONG WMIAPI EnableTraceEx2(TRACEHANDLE TraceHandle, LPCGUID ProviderId, ULONG ControlCode, UCHAR Level,
//	                            ULONGLONG MatchAnyKeyword, ULONGLONG MatchAllKeyword, ULONG Timeout,
//	                            PENABLE_TRACE_PARAMETERS EnableParameters);
//
// Timeout 0 does not wait for the provider's own callback. The parameters, of the version that every Windows takes, have no filters:
//
//	typedef struct _ENABLE_TRACE_PARAMETERS {
//	  ULONG Version, EnableProperty, ControlFlags; GUID SourceId; PEVENT_FILTER_DESCRIPTOR EnableFilterDesc; ULONG FilterDescCount;
//	} ENABLE_TRACE_PARAMETERS;
func (windowsAPI) enableProvider(handle uint64, provider etw.GUID, level uint8, keywords uint64, property uint32) error {
	const version = 1 // ENABLE_TRACE_PARAMETERS_VERSION
	guid := goetw.GUID{
		Data1: binary.LittleEndian.Uint32(provider[0:]),
		Data2: binary.LittleEndian.Uint16(provider[4:]),
		Data3: binary.LittleEndian.Uint16(provider[6:]),
		Data4: [8]byte(provider[8:]),
	}
	return goetw.EnableTraceEx2(syscall.Handle(handle), &guid, goetw.EVENT_CONTROL_CODE_ENABLE_PROVIDER, level, keywords, 0, 0,
		&goetw.EnableTraceParameters{Version: version, EnableProperty: property})
}

// windowsTrace is the result of OpenTrace.
type windowsTrace struct {
	handle  syscall.Handle
	logfile *goetw.EventTraceLogfile
}

// invalidProcessTraceHandle is INVALID_PROCESSTRACE_HANDLE (evntrace.h) on a 64-bit Windows.
const invalidProcessTraceHandle = ^syscall.Handle(0)

// openTrace wraps
//
//	TRACEHANDLE WMIAPI OpenTraceW(PEVENT_TRACE_LOGFILEW Logfile);
//
// The handle shows whether the call succeeded. golang-etw uses GetLastError, which may be set after a successful call.
func (windowsAPI) openTrace(name string, id uintptr) (trace, error) {
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	logfile := &goetw.EventTraceLogfile{LoggerName: wide, Callback: callback(), Context: id}
	logfile.SetProcessTraceMode(goetw.PROCESS_TRACE_MODE_REAL_TIME | goetw.PROCESS_TRACE_MODE_EVENT_RECORD)
	handle, err := goetw.OpenTrace(logfile)
	if handle != invalidProcessTraceHandle {
		return &windowsTrace{handle: handle, logfile: logfile}, nil
	}
	if err == nil {
		err = windows.ERROR_INVALID_HANDLE
	}
	return nil, err
}

// process wraps
//
//	ULONG WMIAPI ProcessTrace(PTRACEHANDLE HandleArray, ULONG HandleCount, LPFILETIME StartTime, LPFILETIME EndTime);
func (t *windowsTrace) process() error {
	err := goetw.ProcessTrace(&t.handle, 1, nil, nil)
	runtime.KeepAlive(t)
	return err
}

// close wraps
//
//	ULONG WMIAPI CloseTrace(TRACEHANDLE TraceHandle);
//
// ERROR_CTX_CLOSE_PENDING means that ProcessTrace will return, as intended.
func (t *windowsTrace) close() error {
	if err := goetw.CloseTrace(t.handle); err != nil && err != windows.ERROR_CTX_CLOSE_PENDING {
		return err
	}
	return nil
}

// callback is the process's only EVENT_RECORD callback; see consumerTable.
//
//	VOID WINAPI EventRecordCallback(PEVENT_RECORD EventRecord);
var callback = sync.OnceValue(func() uintptr {
	return windows.NewCallback(func(r *eventRecord) uintptr {
		consumers.dispatch(r)
		return 0
	})
})
