// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package schema

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

var procEnumerateProviderFields = windows.NewLazySystemDLL("tdh.dll").NewProc("TdhEnumerateProviderFieldInformation")

// KeywordsFromHost asks this host for the keywords of a provider. It wraps
//
//	TDHSTATUS TdhEnumerateProviderFieldInformation(LPGUID pGuid, EVENT_FIELD_TYPE EventFieldType,
//	                                               PPROVIDER_FIELD_INFOARRAY pBuffer, ULONG *pBufferSize);
func KeywordsFromHost(provider etw.GUID) ([]Keyword, error) {
	const keywordInformation = 0 // EventKeywordInformation
	if err := procEnumerateProviderFields.Find(); err != nil {
		return nil, err
	}
	info, err := grown(func(info []byte, size *uint32) uintptr {
		status, _, _ := procEnumerateProviderFields.Call(uintptr(unsafe.Pointer(&provider[0])), keywordInformation,
			uintptr(unsafe.Pointer(unsafe.SliceData(info))), uintptr(unsafe.Pointer(size)))
		return status
	})
	if err != nil {
		return nil, err
	}
	return parseKeywords(info)
}

// grown calls a function of TDH, which returns a Windows error, with a larger buffer until its result fits. size is that of the buffer, in
// bytes, and becomes that of the result.
func grown(call func(info []byte, size *uint32) (status uintptr)) ([]byte, error) {
	size := uint32(16 << 10)
	for range 3 {
		info := make([]byte, size)
		switch err := windows.Errno(call(info, &size)); {
		case err == windows.ERROR_SUCCESS:
			return info[:min(int(size), len(info))], nil
		case !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER):
			return nil, err
		}
	}
	return nil, windows.ERROR_INSUFFICIENT_BUFFER
}
