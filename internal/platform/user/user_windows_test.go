// SPDX-License-Identifier: Apache-2.0

package user

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

func TestTheHostNamesItsOwnAccounts(t *testing.T) {
	domain, name, err := System().Account(etw.SID{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}) // LocalSystem; its name depends on the language
	require.NoError(t, err)
	require.NotEmpty(t, domain)
	require.NotEmpty(t, name)
	_, _, err = System().Account(etw.SID{1, 2, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0})
	require.Error(t, err, "shorter than it says")
	_, _, err = System().Account(nil)
	require.Error(t, err)
}
