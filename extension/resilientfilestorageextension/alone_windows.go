// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"os"

	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// openAlone opens a file, or creates it, that no other process opens for writing.
func openAlone(path string) (*os.File, error) {
	return private.OpenShared(path, windows.FILE_SHARE_READ)
}
