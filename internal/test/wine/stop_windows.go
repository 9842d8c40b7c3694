// SPDX-License-Identifier: Apache-2.0

package wine

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	propertiesSize = 120 // sizeof(EVENT_TRACE_PROPERTIES)
	propertiesRoom = 2 * 1024
)

// Stop stops an ETW session from outside, as `logman stop NAME -ets` does.
func Stop(name string) error {
	const stop = 1
	_, err := control(name, stop)
	return err
}

// control queries or stops a session, and returns its EVENT_TRACE_PROPERTIES.
//
//	ULONG WMIAPI ControlTraceW(TRACEHANDLE TraceHandle, LPCWSTR InstanceName, PEVENT_TRACE_PROPERTIES Properties,
//	                           ULONG ControlCode);
func control(name string, code uintptr) (*[propertiesSize + 2*propertiesRoom]byte, error) {
	const wnodeTraced = 0x00020000
	var p [propertiesSize + 2*propertiesRoom]byte
	*(*uint32)(unsafe.Pointer(&p[0])) = uint32(len(p))
	*(*uint32)(unsafe.Pointer(&p[44])) = wnodeTraced
	*(*uint32)(unsafe.Pointer(&p[112])) = propertiesSize + propertiesRoom
	*(*uint32)(unsafe.Pointer(&p[116])) = propertiesSize
	wide, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return nil, err
	}
	proc := windows.NewLazySystemDLL("advapi32.dll").NewProc("ControlTraceW")
	if errno, _, _ := proc.Call(0, uintptr(unsafe.Pointer(wide)), uintptr(unsafe.Pointer(&p[0])), code); errno != 0 {
		return nil, windows.Errno(errno)
	}
	return &p, nil
}
