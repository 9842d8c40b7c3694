// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package provider

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

var (
	advapi32       = windows.NewLazySystemDLL("advapi32.dll")
	procRegister   = advapi32.NewProc("EventRegister")
	procWrite      = advapi32.NewProc("EventWrite")
	procUnregister = advapi32.NewProc("EventUnregister")
)

// descriptor is EVENT_DESCRIPTOR (evntprov.h).
type descriptor struct {
	id      uint16
	version uint8
	channel uint8
	level   uint8
	opcode  uint8
	task    uint16
	keyword uint64
}

// dataDescriptor is EVENT_DATA_DESCRIPTOR (evntprov.h).
type dataDescriptor struct {
	address uint64
	size    uint32
	_       uint32
}

type windowsWriter struct{ handle uint64 }

// register wraps
//
//	ULONG EVNTAPI EventRegister(LPCGUID ProviderId, PENABLECALLBACK EnableCallback, PVOID CallbackContext, PREGHANDLE RegHandle);
func register(guid etw.GUID) (Writer, error) {
	if err := procRegister.Find(); err != nil {
		return nil, err
	}
	w := &windowsWriter{}
	if status, _, _ := procRegister.Call(uintptr(unsafe.Pointer(&guid[0])), 0, 0, uintptr(unsafe.Pointer(&w.handle))); status != 0 {
		return nil, windows.Errno(status)
	}
	return w, nil
}

// Write wraps
//
//	ULONG EVNTAPI EventWrite(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, ULONG UserDataCount,
//	                         PEVENT_DATA_DESCRIPTOR UserData);
func (w *windowsWriter) Write(e Event) error {
	d := descriptor{id: e.ID, version: e.Version, channel: e.Channel, level: e.Level, opcode: e.Opcode, task: e.Task, keyword: e.Keyword}
	var data dataDescriptor
	var count uintptr
	var pinner runtime.Pinner
	defer pinner.Unpin()
	if len(e.Data) > 0 { // the structure has the address as a number
		pinner.Pin(&e.Data[0])
		data, count = dataDescriptor{address: uint64(uintptr(unsafe.Pointer(&e.Data[0]))), size: uint32(len(e.Data))}, 1
	}
	if status, _, _ := procWrite.Call(uintptr(w.handle), uintptr(unsafe.Pointer(&d)), count, uintptr(unsafe.Pointer(&data))); status != 0 {
		return windows.Errno(status)
	}
	return nil
}

// Close wraps
//
//	ULONG EVNTAPI EventUnregister(REGHANDLE RegHandle);
func (w *windowsWriter) Close() error {
	if status, _, _ := procUnregister.Call(uintptr(w.handle)); status != 0 {
		return windows.Errno(status)
	}
	return nil
}
