// SPDX-License-Identifier: Apache-2.0

package record

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"
)

// otherSpellings gives a path in the other case, with slashes, and with the short names of DOS.
func otherSpellings(t *testing.T, path string) []string {
	from, err := windows.UTF16PtrFromString(path)
	require.NoError(t, err)
	short := make([]uint16, windows.MAX_LONG_PATH)
	n, err := windows.GetShortPathName(from, &short[0], uint32(len(short)))
	require.NoError(t, err)
	return []string{strings.ToUpper(path), strings.ReplaceAll(path, `\`, "/"), windows.UTF16ToString(short[:n])}
}
