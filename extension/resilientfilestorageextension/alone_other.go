// SPDX-License-Identifier: Apache-2.0

//go:build !windows && (!unix || solaris || aix)

package resilientfilestorageextension

import (
	"os"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// openAlone opens a file, or creates it.
func openAlone(path string) (*os.File, error) { return private.Open(path) }
