// SPDX-License-Identifier: Apache-2.0

// Package eventstest gives tests real eBPF maps of the Linux kernel: ring buffers into which a small XDP program writes,
// arrays and perf event arrays, pinned in a BPF file system of the test's own.
//
// Where the platform, the kernel or the rights are not enough, a test is skipped with the reason. With the environment variable
// WINNET_KERNEL_TESTS=required it fails instead, so that a run that must cover the kernel cannot pass without it.
package eventstest

import (
	"os"
	"testing"
)

// lack ends a test that cannot have the kernel's maps.
func lack(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("WINNET_KERNEL_TESTS") == "required" {
		t.Fatalf("not run, though WINNET_KERNEL_TESTS=required: "+format, args...)
	}
	t.Skipf("not run: "+format, args...)
}

// MaxRecord is the longest record that Write can write, in bytes.
const MaxRecord = 3 << 10
