// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package service

import "os"

// Run runs the command with the arguments of the process.
func Run(newCommand NewCommand) error { return interactive(newCommand, os.Args[1:]) }
