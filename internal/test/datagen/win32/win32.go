// SPDX-License-Identifier: Apache-2.0

// Package win32 has the parts of Windows that the generators of test data need: status codes and security identifiers.
package win32

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Status codes in the DNS Client's events (winerror.h, winsock2.h).
const (
	StatusSuccess   = 0
	StatusInvalid   = 87    // ERROR_INVALID_PARAMETER
	StatusCancelled = 1223  // ERROR_CANCELLED
	StatusTimeout   = 1460  // ERROR_TIMEOUT
	StatusServFail  = 9002  // DNS_ERROR_RCODE_SERVER_FAILURE
	StatusNXDomain  = 9003  // DNS_ERROR_RCODE_NAME_ERROR
	StatusNoRecords = 9501  // DNS_INFO_NO_RECORDS
	StatusPending   = 9506  // DNS_REQUEST_PENDING
	StatusNotCached = 9701  // DNS_ERROR_RECORD_DOES_NOT_EXIST
	StatusNoHost    = 11001 // WSAHOST_NOT_FOUND
)

// Service accounts (MS-DTYP section 2.4.2.4).
const (
	LocalSystem    = "S-1-5-18" // runs the DNS Server
	NetworkService = "S-1-5-20" // runs the DNS Client service
)

// SID returns the binary form of a SID of the NT authority, S-1-5-…, or nil for "". The caller owns the memory.
func SID(text string) (etw.SID, error) {
	if text == "" {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(text, "S-1-5-")
	if !ok {
		return nil, fmt.Errorf("%q is not a SID of the NT authority; want S-1-5- and numbers", text)
	}
	parts := strings.Split(rest, "-")
	b := []byte{1, byte(len(parts)), 0, 0, 0, 0, 0, 5}
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is not a SID: %w", text, err)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b, nil
}

// MustSID is SID for a text that is known to be valid. It panics otherwise.
func MustSID(text string) etw.SID {
	sid, err := SID(text)
	if err != nil {
		panic(err)
	}
	return sid
}
