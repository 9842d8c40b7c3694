// SPDX-License-Identifier: Apache-2.0

//go:build unix

package record

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lock takes a file for this recorder for as long as it is open, or says that another one writes it. Windows needs none: a
// file that is open cannot be renamed there.
func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return fmt.Errorf("%s is being recorded to by another receiver; choose another file", f.Name())
	}
	return nil // a file system without locks is no reason not to record
}
