// SPDX-License-Identifier: Apache-2.0

//go:build !amd64 && !arm64

package hold

import "unsafe"

func prefetch(*Entry) {}

func prefetchLine(unsafe.Pointer) {}
