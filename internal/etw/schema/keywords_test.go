// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

func TestKeywordsOfAHostAreReadAndCutOnesRefused(t *testing.T) {
	le := binary.LittleEndian
	info := le.AppendUint32(nil, 2) // NumberOfElements
	info = le.AppendUint32(info, 0) // FieldType
	for i, bits := range []uint64{1, 1 << 63} {
		info = le.AppendUint32(info, uint32(8+2*16+4*i))
		info = le.AppendUint32(info, 0)
		info = le.AppendUint64(info, bits)
	}
	for _, name := range []string{"a", "b"} {
		for _, u := range utf16.Encode([]rune(name + "\x00")) {
			info = le.AppendUint16(info, u)
		}
	}
	got, err := parseKeywords(info)
	require.NoError(t, err)
	require.Equal(t, []Keyword{{"a", 1}, {"b", 1 << 63}}, got)
	for n := range 8 + 2*16 {
		_, err := parseKeywords(info[:n])
		require.Error(t, err, "%d bytes", n)
	}
}
