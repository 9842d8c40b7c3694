// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !windows

// Platforms without eBPF maps.

package events

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/cilium/ebpf"
)

func attachPerf(*ebpf.Map) (attachment, error) {
	return nil, fmt.Errorf("perf event arrays: %w on %s", errors.ErrUnsupported, runtime.GOOS)
}
