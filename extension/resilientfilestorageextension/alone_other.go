// SPDX-License-Identifier: Apache-2.0

//go:build !windows && (!unix || solaris || aix)

package resilientfilestorageextension

import "os"

// openAlone opens a file, or creates it.
func openAlone(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) }
