// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheBytesOfAnotherAddressAreNotFound(t *testing.T) {
	values := []string{"192.0.2.200", "Alice-7"}
	require.Empty(t, Remains([]byte("\xc1\x00\x02\xc9"), values), "bytes that are no UTF-8 are not alike")
	require.Equal(t, values, Remains([]byte("\xc0\x00\x02\xc8 ALICE-7"), values))
}
