// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package schema

import (
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

var procEnumerateProviderEvents = windows.NewLazySystemDLL("tdh.dll").NewProc("TdhEnumerateManifestProviderEvents")

// EventsFromHost asks this host for the events that a provider's manifest describes. It wraps
//
//	TDHSTATUS TdhEnumerateManifestProviderEvents(LPGUID ProviderGuid, PPROVIDER_EVENT_INFO Buffer, ULONG *BufferSize);
func EventsFromHost(provider etw.GUID) ([]Descriptor, error) {
	if err := procEnumerateProviderEvents.Find(); err != nil {
		return nil, err
	}
	info, err := grown(func(info []byte, size *uint32) uintptr {
		status, _, _ := procEnumerateProviderEvents.Call(uintptr(unsafe.Pointer(&provider[0])), uintptr(unsafe.Pointer(unsafe.SliceData(info))),
			uintptr(unsafe.Pointer(size)))
		return status
	})
	if err != nil {
		return nil, err
	}
	return parseDescriptors(info)
}
