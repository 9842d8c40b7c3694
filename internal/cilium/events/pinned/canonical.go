// SPDX-License-Identifier: Apache-2.0

// The canonical spelling of a pin's path, so that two spellings are known to be the same map.

package pinned

import (
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// Canonical returns the canonical spelling of a pin's path on this platform.
func Canonical(pin string) string {
	if runtime.GOOS == "windows" {
		return canonicalWindows(pin)
	}
	return filepath.Clean(pin)
}

// canonicalWindows follows eBPF for Windows, for which BPF:\name, /ebpf/global/name, /name and name are the same
// (libs/shared/shared_common.c, ebpf_canonicalize_path; docs/PinPaths.md).
func canonicalWindows(pin string) string {
	const device, globals = "BPF:", "/ebpf/global/"
	if len(pin) >= len(device) && strings.EqualFold(pin[:len(device)], device) {
		pin = pin[len(device):]
	}
	pin = path.Clean("/" + strings.ReplaceAll(pin, `\`, "/"))
	name := strings.TrimPrefix(strings.TrimPrefix(pin, globals), "/")
	return device + `\` + strings.ReplaceAll(name, "/", `\`)
}
