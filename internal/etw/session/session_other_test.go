// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package session

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOpenOffWindowsNamesThePlatformAndReplay(t *testing.T) {
	_, err := Open(testConfig(), ignore, nil)
	require.ErrorIs(t, err, ErrUnsupported)
	require.EqualError(t, err, "live ETW sessions need Windows; this is "+runtime.GOOS+": set replay.path to read a recorded .etl file")
}
