// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package eventstest

import (
	"runtime"
	"testing"

	"github.com/cilium/ebpf"
)

func noKernel(t testing.TB) {
	t.Helper()
	lack(t, "it needs maps of the Linux kernel; this is %s", runtime.GOOS)
}

// Dir skips the test.
func Dir(t testing.TB) string { noKernel(t); return "" }

// NewArray skips the test.
func NewArray(t testing.TB, _ string, _, _ uint32) *ebpf.Map { noKernel(t); return nil }

// NewHash skips the test.
func NewHash(t testing.TB, _ string, _, _, _ uint32) *ebpf.Map { noKernel(t); return nil }

// Ring is never made here.
type Ring struct{ producer }

// Perf is never made here.
type Perf struct{ producer }

type producer struct {
	Path string
	Map  *ebpf.Map
}

// NewRing skips the test.
func NewRing(t testing.TB, _ string, _ uint32) *Ring { noKernel(t); return nil }

// NewPerf skips the test.
func NewPerf(t testing.TB, _ string) *Perf { noKernel(t); return nil }

// Write is never reached.
func (*producer) Write(testing.TB, []byte) bool { return false }

// WriteTimes is never reached.
func (*producer) WriteTimes(testing.TB, []byte, uint32) bool { return false }
