// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Any byte at any place of a GUID's text, in either width: only the text of a GUID is one, and its bytes are those that encoding/hex reads.
func TestGUIDsTextHasOnlyDigitsAndMarks(t *testing.T) {
	const text = "{BF629903-4288-435f-9182-470BEDF5C0a4}"
	plain := strings.NewReplacer("{", "", "-", "", "}", "")
	for width := 1; width <= 2; width++ {
		units := make([]byte, len(text)*width)
		for i := range len(text) {
			units[i*width] = text[i]
		}
		for at := range units {
			was := units[at]
			for b := range 256 {
				units[at] = byte(b)
				changed := []byte(text)
				changed[at/width] = byte(b)
				var want []byte
				isMark := strings.ContainsRune("{-}", rune(text[at/width]))
				if at%width == 0 && (!isMark || byte(b) == was) {
					want, _ = hex.DecodeString(plain.Replace(string(changed)))
				} else if at%width == 1 && b == 0 {
					want, _ = hex.DecodeString(plain.Replace(text))
				}
				if len(want) != 16 { // not a digit
					want = nil
				}
				got, ok := appendGUID([]byte("before"), units, width)
				require.Equal(t, want != nil, ok, "byte %d is %#x", at, b)
				require.Equal(t, "before"+string(want), string(got), "byte %d is %#x", at, b)
			}
			units[at] = was
		}
		for n := range units {
			_, ok := appendGUID(nil, units[:n], width)
			require.False(t, ok, "%d bytes", n)
		}
	}
}
