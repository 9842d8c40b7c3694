// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAFarEndThatRecoversDuringASearchLosesNoGoodRow: what was refused alone while it refused everything is tried again.
func TestAFarEndThatRecoversDuringASearchLosesNoGoodRow(t *testing.T) {
	const rows, bad = 40, int32(7)
	broken := errors.New("the connection is closed")
	for name, failsAt := range map[string]int{"and stays": 0, "and fails later": 13} {
		t.Run(name, func(t *testing.T) {
			var all, dropped []int32
			for i := range int32(rows) {
				all = append(all, i)
			}
			done, calls := map[int32]bool{}, 0
			s := &Search{
				Target: NewTarget(),
				Send: func(_ context.Context, part []int32) (Answer, error) {
					calls++
					switch {
					case calls == failsAt:
						return Answer{}, broken
					case calls <= 10 || slices.Contains(part, bad): // it is mended after ten calls
						return Answer{Result: Refused, Status: 400}, nil
					}
					for _, i := range part {
						done[i] = true
					}
					return Answer{Result: Accepted}, nil
				},
				Done: func(i int32) bool { return done[i] },
			}
			err := s.Run(t.Context(), all, []byte("first"), Answer{Result: Refused})
			for _, x := range s.Refused {
				dropped = append(dropped, x.Row)
			}
			require.True(t, s.Fits)
			if failsAt > 0 {
				require.ErrorIs(t, err, broken)
				require.Empty(t, dropped, "rows that were refused while all were are kept")
				return
			}
			require.NoError(t, err)
			require.Equal(t, []int32{bad}, dropped)
			require.Len(t, done, rows-1)
		})
	}
}
