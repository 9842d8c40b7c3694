// SPDX-License-Identifier: Apache-2.0

// Package private keeps files and folders from other users of the host. In comes a path. On Windows, where a file's mode says nothing about
// reading, Protect gives it a DACL that inherits nothing: SYSTEM, the Administrators and the account of this process have access. Elsewhere
// it is the mode: the owner has access.
package private

import (
	"errors"
	"io/fs"
	"os"
)

// Protect keeps others from a file or a folder, and on Windows also from what is created in the folder later.
func Protect(path string) error { return protect(path) }

// Readers returns who can read the file, besides its owner and the system's administrators: an account, or "the group" or "all users" of
// other systems than Windows. It returns nothing if there is no one else.
func Readers(path string) ([]string, error) { return readers(path) }

// Create creates a file for reading and writing, with os.O_RDWR, os.O_CREATE and os.O_EXCL, that others never could open: it is protected before
// anyone can see it.
func Create(path string) (*os.File, error) { return create(path) }

// Open opens a file for reading and writing, and creates it as Create does if it is missing.
func Open(path string) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		if file, err = Create(path); !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// MkdirAll makes a folder and those above it that are missing. It protects the folder if it is new.
func MkdirAll(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return Protect(path)
}
