// SPDX-License-Identifier: Apache-2.0

package ipnet

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestANetworkIsReadInEveryForm(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.1": "10.0.0.1/32", "10.1.2.3/8": "10.0.0.0/8", "0.0.0.0/0": "0.0.0.0/0", "2001:db8::1": "2001:db8::1/128", "fe80::1%eth0": "fe80::1/128",
		"::ffff:10.0.0.1": "10.0.0.1/32", "::ffff:10.0.0.0/104": "10.0.0.0/8", "::ffff:0.0.0.0/96": "0.0.0.0/0", "::/0": "::/0", "::ffff:0:0/95": "::fffe:0:0/95",
	} {
		network, err := Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, network.String(), text)
	}
	for _, text := range []string{"", "10.0.0", "10.0.0.0/33", "fe80::1%eth0/64", "::/129", "example.com", "10.0.0.1 "} {
		_, err := Parse(text)
		require.ErrorContains(t, err, "want one such as 10.0.0.1 or 10.0.0.0/8", text)
	}
}
