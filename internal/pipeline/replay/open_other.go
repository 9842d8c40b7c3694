// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package replay

import "os"

// openShared opens a file for reading. Its writer may rename and delete it.
func openShared(path string) (*os.File, error) { return os.Open(path) }
