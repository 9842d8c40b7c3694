// SPDX-License-Identifier: Apache-2.0

// Package hnsstate reports whether Cilium is enabled on Windows. It reads the DWORD CiliumOnWindows, 1 for enabled, which is in the
// Windows Registry with the state of the Host Networking Service.
package hnsstate

import (
	"errors"
	"fmt"
	"os"
)

// The place of the value below HKEY_LOCAL_MACHINE.
const (
	key   = `SYSTEM\CurrentControlSet\Services\hns\State`
	value = "CiliumOnWindows"
)

// Reader reads an integer value of a key below HKEY_LOCAL_MACHINE. Its errors are os.ErrNotExist if there is no such key or value,
// and errors.ErrUnsupported if there is no Windows Registry.
type Reader func(key, value string) (uint64, error)

// State is what the Windows Registry says.
type State struct {
	On   bool
	Text string // the place of the value and what was found; empty without a Windows Registry, where On is always true
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
