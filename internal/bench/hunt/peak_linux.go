// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"syscall"
)

// peak is the most memory that a process that has ended had, in bytes: its resident set.
func peak(s *os.ProcessState) int64 { return s.SysUsage().(*syscall.Rusage).Maxrss << 10 }
