// SPDX-License-Identifier: Apache-2.0

// A perf event array of eBPF for Windows.

package events

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

func attachPerf(*ebpf.Map) (attachment, error) {
	return nil, fmt.Errorf("perf event arrays of eBPF for Windows: %w", errors.ErrUnsupported)
}
