// SPDX-License-Identifier: Apache-2.0

package process

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOwnProcessIsNamed(t *testing.T) {
	want, err := os.Executable()
	require.NoError(t, err)
	n := NewNames(System())
	defer n.Close()
	got := n.Name(uint32(os.Getpid()), time.Now())
	require.True(t, strings.EqualFold(want, got), "%s and %s", want, got)
	require.Empty(t, n.Name(uint32(os.Getpid()), time.Unix(0, 0)), "before it started")
	require.Empty(t, n.Name(0xFFFFFFFC, time.Now()))
}
