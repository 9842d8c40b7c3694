// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCatalogsHoldTheWholeManifests(t *testing.T) {
	server, client := ServerCatalog(), ClientCatalog()
	for id := uint16(256); id <= 291; id++ {
		require.NotEmpty(t, server.Candidates(id, 0), "server event %d", id)
	}
	audit := 0
	for id := uint16(512); id <= 596; id++ {
		audit += min(1, len(server.Candidates(id, 0)))
	}
	require.Equal(t, 81, audit, "512 to 596 without 524, 532, 538 and 539")
	require.Equal(t, "QUERY_RECEIVED", server.Candidates(256, 0)[0].Name)
	require.Equal(t, uint64(0x8000000000000001), server.Candidates(256, 0)[0].Keyword)
	require.Equal(t, uint64(0x4000000000080000), server.Candidates(512, 0)[0].Keyword)
	require.Len(t, client.Candidates(3020, 2), 3)
	require.Equal(t, uint8(2), client.Candidates(3020, 2)[0].Version)
	require.Equal(t, uint8(0), client.Candidates(3020, 0)[0].Version, "the event's own version is tried first")
}
