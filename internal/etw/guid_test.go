// SPDX-License-Identifier: Apache-2.0

package etw

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGUIDIsReadInAnyFormAndPrintedAsWindowsDoes(t *testing.T) {
	const want = "{EB79061A-A566-4698-9119-3ED2807060E7}"
	for _, text := range []string{want, "eb79061a-a566-4698-9119-3ed2807060e7", " {Eb79061A-a566-4698-9119-3ed2807060E7} "} {
		g, err := ParseGUID(text)
		require.NoError(t, err, text)
		require.Equal(t, want, g.String())
		require.Equal(t, "1a0679eb66a5984691193ed2807060e7", hex.EncodeToString(g[:]), "the first three groups are little endian")
	}
}

func TestGUIDThatIsNoneIsRefusedWithTheFormWanted(t *testing.T) {
	for _, text := range []string{"", "{}", "EB79061A", "{EB79061A-A566-4698-9119-3ED2807060E7", "EB79061A-A566-4698-9119-3ED2807060EG",
		"EB79061AA5664698-9119-3ED2807060E7-----", "{EB79061A-A566-4698-9119-3ED2807060E7}x"} {
		_, err := ParseGUID(text)
		require.ErrorContains(t, err, "8-4-4-4-12", text)
	}
}
