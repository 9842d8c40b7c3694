// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package pinned

import (
	"errors"
	"fmt"
	"runtime"
)

// List returns an error: pins are listed on Windows only. On Linux they are files.
func List() ([]Pin, error) {
	return nil, fmt.Errorf("listing pins: %w on %s", errors.ErrUnsupported, runtime.GOOS)
}
