// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEventsOfAHostsManifestAreReadAndCutOnesRefused(t *testing.T) {
	le := binary.LittleEndian
	info := le.AppendUint32(nil, 2) // NumberOfEvents
	info = le.AppendUint32(info, 0) // Reserved
	for i := range uint16(2) {
		info = le.AppendUint16(info, 3006+i)
		info = append(info, 1, 16, 4, 9) // version, channel, level, opcode
		info = le.AppendUint16(info, 3000+i)
		info = le.AppendUint64(info, 1<<63)
	}
	got, err := parseDescriptors(info)
	require.NoError(t, err)
	require.Equal(t, []Descriptor{
		{ID: 3006, Version: 1, Channel: 16, Level: 4, Task: 3000, Keyword: 1 << 63},
		{ID: 3007, Version: 1, Channel: 16, Level: 4, Task: 3001, Keyword: 1 << 63},
	}, got)
	for n := range info {
		_, err := parseDescriptors(info[:n])
		require.Error(t, err, "%d bytes", n)
	}
}
