// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// hold does nothing: Windows does not rename an open file. Between the check and the renaming another process may
// create a new file there, which is then set aside while it is empty.
func hold(string, os.FileInfo, time.Duration) (release func(), err error) { return func() {}, nil }

func unlock(*os.File) {}

// isOpen reports whether opening or renaming a file failed because a process has it open: ERROR_SHARING_VIOLATION of
// winerror.h.
func isOpen(err error) bool { return errors.Is(err, syscall.Errno(32)) }
