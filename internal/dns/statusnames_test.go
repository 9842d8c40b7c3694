// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAStatusThatADNSClientMayGetHasItsName(t *testing.T) {
	for status, want := range map[uint64]string{
		0: "ERROR_SUCCESS", 87: "ERROR_INVALID_PARAMETER", 121: "ERROR_SEM_TIMEOUT", 258: "WAIT_TIMEOUT", 995: "ERROR_OPERATION_ABORTED",
		1225: "ERROR_CONNECTION_REFUSED", 1460: "ERROR_TIMEOUT", 1722: "RPC_S_SERVER_UNAVAILABLE", 9003: "DNS_ERROR_RCODE_NAME_ERROR",
		9501: "DNS_INFO_NO_RECORDS", 9701: "DNS_ERROR_RECORD_DOES_NOT_EXIST", 9852: "DNS_ERROR_NO_DNS_SERVERS", 10050: "WSAENETDOWN",
		10051: "WSAENETUNREACH", 10054: "WSAECONNRESET", 10060: "WSAETIMEDOUT", 10061: "WSAECONNREFUSED", 10065: "WSAEHOSTUNREACH",
		11001: "WSAHOST_NOT_FOUND", 11004: "WSANO_DATA", 12002: "ERROR_INTERNET_TIMEOUT", 12007: "ERROR_INTERNET_NAME_NOT_RESOLVED",
		12029: "ERROR_INTERNET_CANNOT_CONNECT", 12175: "ERROR_INTERNET_DECODING_FAILED",
		424242: "424242", 1 << 40: "1099511627776",
	} {
		require.Equal(t, want, StatusName(status))
	}
	seen := map[string]uint64{}
	for status, name := range statusNames {
		require.NotContains(t, seen, name, "%d", status)
		seen[name] = status
		require.Equal(t, strings.ToUpper(name), name)
	}
	for status := uint64(10050); status <= 10061; status++ {
		require.Contains(t, statusNames, status)
	}
	for status := uint64(statusRCodeBase + 1); status <= 9010; status++ {
		require.Contains(t, statusNames, status)
	}
}
