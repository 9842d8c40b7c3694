// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package clock

import "time"

// Now returns the system's time in nanoseconds since 1970, UTC.
func Now() int64 { return time.Now().UnixNano() }
