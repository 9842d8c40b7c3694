// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package private

import (
	"io/fs"
	"os"
)

func create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

func open(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) }

func mkdir(path string, mode fs.FileMode) error { return os.Mkdir(path, mode) }

func protect(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Chmod(path, info.Mode().Perm()&0o700)
}

func readers(path string) (all []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&0o040 != 0 {
		all = append(all, "the group")
	}
	if info.Mode()&0o004 != 0 {
		all = append(all, "all users")
	}
	return all, nil
}
