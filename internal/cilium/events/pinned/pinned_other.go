// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !windows

// Platforms without eBPF maps.

package pinned

import (
	"errors"
	"fmt"
	"runtime"
)

const rights = ""

func prepare() error {
	return fmt.Errorf("eBPF maps: %w on %s; read a capture file with replay instead", errors.ErrUnsupported, runtime.GOOS)
}

func explainPlatform(string, error) error { return nil }

func hint(string) string { return "" }
