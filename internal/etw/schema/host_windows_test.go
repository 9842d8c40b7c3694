// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package schema

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
)

func TestWineTDHGivesTheFieldListsOfTheHost(t *testing.T) {
	wine.Play(t)
	for _, c := range []*Catalog{DNSServer(), DNSClient()} {
		for _, want := range c.Templates {
			if want.Source != "" { // an older layout is another host's
				continue
			}
			r := recordOf(want)
			r.UserData = []byte{1, 2, 3}
			got, err := FromHost(r)
			require.NoError(t, err)
			require.NotNil(t, got, "event %d version %d", want.ID, want.Version)
			require.True(t, want.Same(got), "event %d version %d", want.ID, want.Version)
		}
		got, err := FromHost(recordOf(&Template{Provider: c.Provider, ID: 65000}))
		require.NoError(t, err)
		require.Nil(t, got)
	}
}
