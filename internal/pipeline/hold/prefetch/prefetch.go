// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

// Package prefetch starts to load memory into the processor's caches: an address goes in, and nothing comes out. A caller that knows some
// addresses ahead then waits once for all of them instead of once for each. Go offers the instruction only to its own runtime.
package prefetch

import "unsafe"

// Line starts to load the cache line of an address and does not wait for it.
//
//go:noescape
func Line(p unsafe.Pointer)

// Pair is Line for the cache line of an address and the one after it.
//
//go:noescape
func Pair(p unsafe.Pointer)
