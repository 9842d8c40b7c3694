// SPDX-License-Identifier: Apache-2.0

//go:build unix && !solaris && !aix

package resilientfilestorageextension

import (
	"errors"
	"os"
	"syscall"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// openAlone opens a file, or creates it, that no other process opens so.
func openAlone(path string) (*os.File, error) {
	file, err := private.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(&os.PathError{Op: "lock", Path: path, Err: err}, file.Close())
	}
	return file, nil
}
