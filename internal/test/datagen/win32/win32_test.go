// SPDX-License-Identifier: Apache-2.0

package win32

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

func TestASIDIsEncodedFromItsText(t *testing.T) {
	require.Equal(t, etw.SID{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}, MustSID(LocalSystem))
	require.Equal(t, etw.SID{1, 2, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 0xF4, 1, 0, 0}, MustSID("S-1-5-21-500"))
	none, err := SID("")
	require.NoError(t, err)
	require.Nil(t, none)
	for _, text := range []string{"S-1-1-0", "S-1-5-", "S-1-5-x", "S-1-5-4294967296", "everyone"} {
		_, err := SID(text)
		require.ErrorContains(t, err, text)
	}
}
