// SPDX-License-Identifier: Apache-2.0

package wine

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// Enable enables a provider in a session as another program does, with a level and keywords, or disables it if on is false.
//
//	ULONG WMIAPI EnableTraceEx2(TRACEHANDLE TraceHandle, LPCGUID ProviderId, ULONG ControlCode, UCHAR Level,
//	                            ULONGLONG MatchAnyKeyword, ULONGLONG MatchAllKeyword, ULONG Timeout,
//	                            PENABLE_TRACE_PARAMETERS EnableParameters);
func Enable(name string, provider [16]byte, on bool, level uint8, keywords uint64) error {
	const (
		query      = 0
		offSession = 8 // WNODE_HEADER.HistoricalContext
	)
	p, err := control(name, query)
	if err != nil {
		return err
	}
	code := uintptr(0) // EVENT_CONTROL_CODE_DISABLE_PROVIDER
	if on {
		code = 1
	}
	session := *(*uint64)(unsafe.Pointer(&p[offSession]))
	enable := windows.NewLazySystemDLL("advapi32.dll").NewProc("EnableTraceEx2")
	if errno, _, _ := enable.Call(uintptr(session), uintptr(unsafe.Pointer(&provider[0])), code, uintptr(level), uintptr(keywords), 0, 0, 0); errno != 0 {
		return windows.Errno(errno)
	}
	return nil
}
