// SPDX-License-Identifier: Apache-2.0

//go:build !amd64 && !arm64

// Package prefetch does nothing on this processor.
package prefetch

import "unsafe"

// Line does nothing.
func Line(unsafe.Pointer) {}

// Pair does nothing.
func Pair(unsafe.Pointer) {}
