// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package schema

import (
	"errors"
	"runtime"
	"unsafe"

	goetw "github.com/0xrawsec/golang-etw/etw"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// FromHost asks this host for the layout of an event. It returns nil if the host has none, and ErrUndescribable if a Template cannot
// hold it. It takes some hundred microseconds. It wraps
//
//	TDHSTATUS TdhGetEventInformation(PEVENT_RECORD Event, ULONG TdhContextCount, PTDH_CONTEXT TdhContext,
//	                                 PTRACE_EVENT_INFO Buffer, PULONG BufferSize);
//
// which reads the event's header and, for some providers, its user data.
func FromHost(r *etw.Record) (*Template, error) {
	if err := etw.LoadTDH(); err != nil {
		return nil, err
	}
	event := &goetw.EventRecord{UserDataLength: uint16(len(r.UserData))}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&event.EventHeader)), etw.HeaderSize), r.AppendHeader(nil, etw.HeaderSize+len(r.UserData)))
	var pinner runtime.Pinner
	defer pinner.Unpin()
	if len(r.UserData) > 0 { // the structure has the address as a number
		pinner.Pin(&r.UserData[0])
		event.UserData = uintptr(unsafe.Pointer(&r.UserData[0]))
	}
	size := uint32(4 << 10)
	for range 3 {
		info := make([]byte, size)
		err := goetw.TdhGetEventInformation(event, 0, nil, (*goetw.TraceEventInfo)(unsafe.Pointer(unsafe.SliceData(info))), &size)
		switch {
		case err == nil:
			return parseEventInfo(info[:size], r)
		case errors.Is(err, windows.ERROR_NOT_FOUND):
			return nil, nil
		case !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER):
			return nil, err
		}
	}
	return nil, windows.ERROR_INSUFFICIENT_BUFFER
}
