// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFoldChangesASCIILettersAndNothingElse(t *testing.T) {
	for c := range 256 {
		want := byte(c)
		if c >= 'A' && c <= 'Z' {
			want += 'a' - 'A'
		}
		for length := 1; length < 20; length++ {
			for _, around := range []byte{0, 'A', 'z', 0x80, 0xFF} {
				name, folded := bytes.Repeat([]byte{around}, length), bytes.Repeat(bytes.ToLower([]byte{around}), length)
				if around >= 0x80 {
					folded = bytes.Clone(name)
				}
				for i := range name {
					got := append(bytes.Clone(name), 'x')
					got[i] = byte(c)
					expected := append(bytes.Clone(folded), 'x')
					expected[i] = want
					require.Equal(t, expected, Fold(got))
				}
			}
		}
	}
}

func TestATextOfASCIIIsAppendedInLowerCaseAndAnyOtherIsNot(t *testing.T) {
	for length := range 40 {
		for c := range 256 {
			for at := range max(1, length) {
				text := bytes.Repeat([]byte("aZ0"), length)[:length]
				if length > 0 {
					text[at] = byte(c)
				}
				got, ok := appendLowerASCII([]byte("Before"), text)
				require.Equal(t, length == 0 || c < 0x80, ok)
				if ok {
					require.Equal(t, "Before"+string(bytes.ToLower(text)), string(got))
				} else {
					require.Equal(t, "Before", string(got))
				}
			}
		}
	}
}

func TestFoldTakesOneTrailingDotAway(t *testing.T) {
	for name, want := range map[string]string{"": "", ".": "", "a": "a", "A.": "a", "WWW.Example.COM.": "www.example.com", "a..": "a."} {
		require.Equal(t, want, string(Fold([]byte(name))), name)
	}
}
