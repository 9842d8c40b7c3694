// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package session

import (
	"errors"
	"unsafe"

	goetw "github.com/0xrawsec/golang-etw/etw"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// providerRegistered wraps
//
//	ULONG __stdcall TdhEnumerateProviders(PPROVIDER_ENUMERATION_INFO pBuffer, ULONG *pBufferSize);
//
// A host has about a thousand providers, with their names about 100 KB; the list may grow between two calls.
func (windowsAPI) providerRegistered(provider etw.GUID) (bool, error) {
	err := etw.LoadTDH()
	if err != nil {
		return false, err
	}
	size := uint32(256 << 10)
	for range 4 {
		info := make([]byte, size)
		err = goetw.TdhEnumerateProviders((*goetw.ProviderEnumerationInfo)(unsafe.Pointer(unsafe.SliceData(info))), &size)
		if err == nil {
			return providerListed(info, provider), nil
		}
		if !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) {
			break
		}
		size *= 2
	}
	return false, err
}
