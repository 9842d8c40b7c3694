// SPDX-License-Identifier: Apache-2.0

// Package pinned opens pinned eBPF maps on Windows and on Linux. In comes the path that a map is pinned at; out comes the open map,
// or an error that says what is wrong and what to do.
//
// The errors of Open distinguish causes: os.ErrNotExist (nothing is pinned there), os.ErrPermission (rights are missing),
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
	// ErrOutdated is returned on Windows when the installed eBPF for Windows lacks a required function.
	ErrOutdated = errors.New("the installed eBPF for Windows is too old")
)

// Open opens the map that is pinned at path for reading and writing. The caller must close it: on Windows nothing else does.
func Open(path string) (*ebpf.Map, error) {
	if path == "" {
		return nil, errors.New("the path of a pinned map is empty")
	}
	if err := prepare(); err != nil {
		return nil, err
	}
	// No options: eBPF for Windows refuses every flag here.
	m, err := ebpf.LoadPinnedMap(path, nil)
	if err != nil {
		return nil, Explain(path, err)
	}
	return m, nil
}

// Explain adds to an error of an operation on the map pinned at path its meaning and a remedy.
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
