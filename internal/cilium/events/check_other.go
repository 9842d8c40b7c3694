// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package events

import "errors"

// Readable returns errors.ErrUnsupported twice: it asks eBPF for Windows.
func Readable() (ring, perf error) { return errors.ErrUnsupported, errors.ErrUnsupported }
