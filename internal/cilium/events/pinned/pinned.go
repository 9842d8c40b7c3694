// SPDX-License-Identifier: Apache-2.0

// Package pinned opens an eBPF map by the path that it is pinned at, on Windows and on Linux, and says in plain words why
// it could not.
//
// The errors of Open tell causes apart: os.ErrNotExist (nothing is pinned there), os.ErrPermission (rights are missing),
// ErrNotInstalled and ErrOutdated (eBPF for Windows), errors.ErrUnsupported (the platform has no eBPF maps).
package pinned

import (
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
)

var (
	// ErrNotInstalled is returned on Windows when eBPF for Windows is not installed.
	ErrNotInstalled = errors.New("eBPF for Windows is not installed")
	// ErrOutdated is returned on Windows when the installed eBPF for Windows lacks a function that is needed.
	ErrOutdated = errors.New("the installed eBPF for Windows is too old")
)

// Open opens the map that is pinned at path for reading and writing. The caller closes it: on Windows nothing else does.
func Open(path string) (*ebpf.Map, error) {
	if path == "" {
		return nil, errors.New("the path of a pinned map is empty")
	}
	if err := prepare(); err != nil {
		return nil, err
	}
	// Without options: eBPF for Windows refuses any flag here.
	m, err := ebpf.LoadPinnedMap(path, nil)
	if err != nil {
		return nil, Explain(path, err)
	}
	return m, nil
}

// Explain adds to an error of an operation on the map pinned at path what it means and what to do.
func Explain(path string, err error) error {
	if special := explainPlatform(path, err); special != nil {
		return special
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("no map is pinned at %s; is Cilium running on this node?%s (%w)", path, hint(path), err)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("access to the map pinned at %s is denied; reading it needs %s (%w)", path, rights, err)
	}
	return fmt.Errorf("the map pinned at %s: %w", path, err)
}
