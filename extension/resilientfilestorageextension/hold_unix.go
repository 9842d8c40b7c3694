// SPDX-License-Identifier: Apache-2.0

//go:build unix && !solaris && !aix

package resilientfilestorageextension

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	bolterrors "go.etcd.io/bbolt/errors"
)

// hold takes bbolt's lock on a damaged file, which bbolt itself does not open. If several processes found the damage,
// only one of them sets the file aside, and none sets aside the file that another one has created in its place. found
// is the file with the damage. The error is a bolterrors.ErrTimeout if another process has the file or has replaced it.
func hold(path string, found os.FileInfo, timeout time.Duration) (release func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, errReplaced
	case err != nil: // no process can lock it
		return func() {}, nil
	}
	for begun := time.Now(); ; time.Sleep(lockInterval) {
		if err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		if time.Since(begun) >= timeout {
			_ = file.Close()
			return nil, fmt.Errorf("another process has the file: %w", bolterrors.ErrTimeout)
		}
	}
	held, err := file.Stat()
	there, errThere := os.Stat(path)
	if err != nil || errThere != nil || found == nil || !os.SameFile(held, found) || !os.SameFile(held, there) {
		_ = file.Close()
		return nil, errReplaced
	}
	return func() { _ = file.Close() }, nil
}

// unlock releases bbolt's lock, which otherwise lasts as long as a memory map of the file.
func unlock(file *os.File) { _ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }

// isOpen reports whether opening or renaming a file failed because a process has it open. That never happens here.
func isOpen(error) bool { return false }
