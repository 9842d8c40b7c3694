// SPDX-License-Identifier: Apache-2.0

package pinned

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWalkOfPinsEnds(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		next func(after string) (Pin, error)
		want int
		says string
	}{
		"with the last pin": {func(after string) (Pin, error) {
			return map[string]Pin{"": {Path: "a"}, "a": {Path: "b"}}[after], map[bool]error{true: errNoMore}[after == "b"]
		}, 2, ""},
		"with an error":               {func(string) (Pin, error) { return Pin{}, broken }, 0, "broken"},
		"though each pin is the same": {func(string) (Pin, error) { return Pin{Path: "a"}, nil }, 1, `the pin after "a" is "a"`},
		"though there is always more": {func(after string) (Pin, error) { return Pin{Path: fmt.Sprintf("%s1", after)}, nil }, maxPins, "more than 1000 pins"},
	} {
		t.Run(name, func(t *testing.T) {
			pins, err := walk(c.next)
			require.Len(t, pins, c.want)
			if c.says == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.says)
			}
		})
	}
}
