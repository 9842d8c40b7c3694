// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package resilientfilestorageextension

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// openToAll lets all users read a file.
func openToAll(t *testing.T, path string) { require.NoError(t, os.Chmod(path, 0o644)) }
