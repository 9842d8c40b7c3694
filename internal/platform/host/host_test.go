// SPDX-License-Identifier: Apache-2.0

package host

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheSourceOfAnAddressIsTheOneOfItsRoute(t *testing.T) {
	require.Equal(t, netip.MustParseAddr("127.0.0.1"), sourceOf(netip.MustParseAddrPort("127.0.0.1:9")))
}

// The default route decides. Without one, on a machine without a network, the first address does.
func TestTheHostsAddressIsThatOfTheDefaultRoute(t *testing.T) {
	want := firstAddr()
	for _, remote := range []string{"[2001:db8:ffff::2]:9", "192.0.2.200:9"} { // others than Addr asks for
		if addr := sourceOf(netip.MustParseAddrPort(remote)); addr.IsGlobalUnicast() {
			want = addr
		}
	}
	require.Equal(t, want, Addr())
}
