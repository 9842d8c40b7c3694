// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package hold

import "unsafe"

// prefetch starts to load both cache lines of an entry and does not wait for them. Go offers the instruction only to its own runtime.
//
//go:noescape
func prefetch(e *Entry)

// prefetchLine starts to load the cache line of an address.
//
//go:noescape
func prefetchLine(p unsafe.Pointer)
