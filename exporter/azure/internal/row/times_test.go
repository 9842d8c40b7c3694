// SPDX-License-Identifier: Apache-2.0

package row

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Go parses each accepted datetime to the same time, to 100 ns.
func FuzzAnAcceptedDatetimeIsATimeForGo(f *testing.F) {
	for _, s := range []string{
		"2026-03-04T05:06:07.1234567Z", "2026-03-04T05:06:07.123456789+14:00", "2024-02-29T23:59:59Z", "2026-03-04T05:06:07-00:01", "0001-01-01T00:00:00Z",
		"2100-02-29T00:00:00Z", "2026-03-04t05:06:07z", "2026-03-04T05:06:07,5Z", "2026-03-04T05:06:60Z",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var d datetimes
		text, ok := d.append([]byte("x"), s)
		again, okAgain := d.append([]byte("x"), s)
		require.Equal(t, ok, okAgain, "of a second that it knows")
		require.Equal(t, string(text), string(again))
		if !ok {
			return
		}
		want, err := time.Parse(time.RFC3339Nano, s)
		require.NoError(t, err)
		got, err := time.Parse(time.RFC3339Nano, strings.Trim(string(text[1:]), `"`))
		require.NoError(t, err)
		lost := want.Sub(got)
		require.True(t, lost >= 0 && lost < 100, "%v", lost)
	})
}
