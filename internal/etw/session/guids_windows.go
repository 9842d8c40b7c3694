// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package session

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

var procEnumerateTraceGuidsEx = windows.NewLazySystemDLL("advapi32.dll").NewProc("EnumerateTraceGuidsEx")

// TRACE_QUERY_INFO_CLASS (evntrace.h).
const (
	traceGUIDQueryList = 0
	traceGUIDQueryInfo = 1
)

// errnoGUIDNotFound is ERROR_WMI_GUID_NOT_FOUND: the provider was removed after it was listed.
const errnoGUIDNotFound = windows.Errno(4200)

// enumerateTraceGUIDs wraps
//
//	ULONG WMIAPI EnumerateTraceGuidsEx(TRACE_QUERY_INFO_CLASS TraceQueryInfoClass, PVOID InBuffer, ULONG InBufferSize,
//	                                   PVOID OutBuffer, ULONG OutBufferSize, PULONG ReturnLength);
//
// The answer may grow between two calls, so the room for it is twice the size that Windows asks for.
func enumerateTraceGUIDs(class uintptr, in []byte) ([]byte, error) {
	out := make([]byte, 64<<10)
	for range 4 {
		var size uint32
		errno, _, _ := procEnumerateTraceGuidsEx.Call(class, uintptr(unsafe.Pointer(unsafe.SliceData(in))), uintptr(len(in)),
			uintptr(unsafe.Pointer(unsafe.SliceData(out))), uintptr(len(out)), uintptr(unsafe.Pointer(&size)))
		switch err := windows.Errno(errno); {
		case err == windows.ERROR_SUCCESS:
			return out[:size], nil
		case !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER):
			return nil, err
		}
		out = make([]byte, 2*max(len(out), int(size)))
	}
	return nil, windows.ERROR_INSUFFICIENT_BUFFER
}

// enabledProviders asks Windows for all providers, about a thousand, and for each one which sessions have enabled it.
func (windowsAPI) enabledProviders(session uint16) ([]etw.GUID, error) {
	if err := procEnumerateTraceGuidsEx.Find(); err != nil {
		return nil, err
	}
	list, err := enumerateTraceGUIDs(traceGUIDQueryList, nil)
	if err != nil {
		return nil, err
	}
	var enabled []etw.GUID
	for ; len(list) >= 16; list = list[16:] {
		info, err := enumerateTraceGUIDs(traceGUIDQueryInfo, list[:16])
		if errors.Is(err, errnoGUIDNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if _, ok := enabledBy(info, session); ok {
			enabled = append(enabled, etw.GUID(list[:16]))
		}
	}
	return enabled, nil
}

// providerInfo asks Windows for one provider.
func (windowsAPI) providerInfo(provider etw.GUID) ([]byte, error) {
	if err := procEnumerateTraceGuidsEx.Find(); err != nil {
		return nil, err
	}
	info, err := enumerateTraceGUIDs(traceGUIDQueryInfo, provider[:])
	if errors.Is(err, errnoGUIDNotFound) {
		return nil, nil
	}
	return info, err
}
