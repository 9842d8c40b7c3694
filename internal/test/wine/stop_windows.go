// SPDX-License-Identifier: Apache-2.0

package wine

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// Stop stops an ETW session from outside, as `logman stop NAME -ets` does.
//
//	ULONG WMIAPI ControlTraceW(TRACEHANDLE TraceHandle, LPCWSTR InstanceName, PEVENT_TRACE_PROPERTIES Properties,
//	                           ULONG ControlCode);
func Stop(name string) error {
	const (
		size        = 120 // sizeof(EVENT_TRACE_PROPERTIES)
		room        = 2 * 1024
		wnodeTraced = 0x00020000
		stop        = 1
	)
	var p [size + 2*room]byte
	*(*uint32)(unsafe.Pointer(&p[0])) = uint32(len(p))
	*(*uint32)(unsafe.Pointer(&p[44])) = wnodeTraced
	*(*uint32)(unsafe.Pointer(&p[112])) = size + room
	*(*uint32)(unsafe.Pointer(&p[116])) = size
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	control := windows.NewLazySystemDLL("advapi32.dll").NewProc("ControlTraceW")
	if errno, _, _ := control.Call(0, uintptr(unsafe.Pointer(wide)), uintptr(unsafe.Pointer(&p[0])), stop); errno != 0 {
		return windows.Errno(errno)
	}
	return nil
}
