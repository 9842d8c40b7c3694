// SPDX-License-Identifier: Apache-2.0

package jsontext

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Any byte at any place of a text of any length: the text is copied whole and nothing else is written, and a text that needs an escape is not plain.
func TestAPlainTextNeedsNoEscapeAndIsCopiedWhole(t *testing.T) {
	for length := range 20 {
		for at := range max(1, length) {
			for b := range 256 {
				text := []byte(strings.Repeat("aZ ", 10)[:length])
				if length > 0 {
					text[at] = byte(b)
				}
				s := string(text)
				dst := []byte(strings.Repeat("\xFF", length+8))
				plain := CopyPlain(dst, s)
				require.Equal(t, s+strings.Repeat("\xFF", 8), string(dst), "%q", s)
				require.Equal(t, IsPlain(s), plain, "%q", s)
				quoted, valid := AppendString([]byte(`"`), s)
				if plain {
					require.Equal(t, `"`+s, string(quoted))
				}
				var back string
				require.NoError(t, json.Unmarshal(append(quoted, '"'), &back), "%q", s)
				require.Equal(t, strings.ToValidUTF8(s, "\uFFFD"), back)
				require.Equal(t, b < 0x80 || length == 0, valid)
				require.False(t, plain && length > 0 && (b < ' ' || b >= 0x80 || b == '"' || b == '\\'), "%q", s)
			}
		}
	}
}
