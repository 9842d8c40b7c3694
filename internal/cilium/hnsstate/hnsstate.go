// SPDX-License-Identifier: Apache-2.0

// Package hnsstate reports whether Windows says that Cilium is on: the registry has the DWORD CiliumOnWindows, 1 for on, beside
// the state of the Host Networking Service.
package hnsstate

import (
	"errors"
	"fmt"
	"os"
)

// Where it stands below HKEY_LOCAL_MACHINE.
const (
	key   = `SYSTEM\CurrentControlSet\Services\hns\State`
	value = "CiliumOnWindows"
)

// Reader reads an integer value of a key below HKEY_LOCAL_MACHINE. Its errors are os.ErrNotExist where there is no such
// key or value, and errors.ErrUnsupported where there is no registry.
type Reader func(key, value string) (uint64, error)

// State is what the registry says.
type State struct {
	On   bool
	Text string // where it stands and what was found; empty where there is no registry, and so nothing to say no
}

// Read reads the state.
func Read(read Reader) State {
	const where = `HKEY_LOCAL_MACHINE\` + key + `\` + value
	n, err := read(key, value)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return State{On: true}
	case errors.Is(err, os.ErrNotExist):
		return State{Text: where + " is missing"}
	case err != nil:
		return State{Text: fmt.Sprintf("%s cannot be read: %v", where, err)}
	}
	return State{On: n == 1, Text: fmt.Sprintf("%s is %d", where, n)}
}
