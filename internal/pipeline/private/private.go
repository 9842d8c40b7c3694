// SPDX-License-Identifier: Apache-2.0

// Package private keeps files and folders from other users of the host. In comes a path. On Windows, where a file's mode says nothing about
// reading, Protect gives it a DACL that inherits nothing: SYSTEM, the Administrators and the account of this process have access. Elsewhere
// it is the mode: the owner has access.
package private

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// Protect keeps others from a file or a folder, and on Windows also from what is created in the folder later.
func Protect(path string) error { return protect(path) }

// Readers returns who can read the file, besides its owner and the system's administrators: an account, or "the group" or "all users" of
// other systems than Windows. It returns nothing if there is no one else.
func Readers(path string) ([]string, error) { return readers(path) }

// Create creates a file for reading and writing, with os.O_RDWR, os.O_CREATE and os.O_EXCL, that others never could open: it is protected before
// anyone can see it.
func Create(path string) (*os.File, error) { return create(path) }

// Open opens a file for reading and writing, with os.O_RDWR and os.O_CREATE. Others never could open a file that it creates. It leaves the access
// to a file that is there as it is: who owns it may have let others in.
func Open(path string) (*os.File, error) { return open(path) }

// CreateTemp creates a file as Create does, in a folder, with a name that begins with a prefix and that no other file has.
func CreateTemp(folder, prefix string) (*os.File, error) {
	for {
		file, err := Create(filepath.Join(folder, prefix+strconv.FormatUint(rand.Uint64(), 36)))
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// MkdirAll makes a folder and those above it that are missing. Others never could open a new folder, or what is created in it later. Elsewhere
// than on Windows the mode says who has access, less what the process's umask takes away. It leaves a folder that is there as it is.
func MkdirAll(path string, mode fs.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if above := filepath.Dir(path); above != path {
		if err := MkdirAll(above, mode); err != nil {
			return err
		}
	}
	err := mkdir(path, mode)
	if info, there := os.Stat(path); there == nil && info.IsDir() { // another process may have made it meanwhile
		return nil
	}
	return err
}
