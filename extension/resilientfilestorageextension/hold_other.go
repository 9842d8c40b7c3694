// SPDX-License-Identifier: Apache-2.0

//go:build !windows && (!unix || solaris || aix)

package resilientfilestorageextension

import (
	"os"
	"time"
)

// hold does nothing: this system has no lock that keeps two processes apart.
func hold(string, os.FileInfo, time.Duration) (release func(), err error) { return func() {}, nil }

func unlock(*os.File) {}

func isOpen(error) bool { return false }
