// SPDX-License-Identifier: Apache-2.0

//go:build !unix || solaris || aix

package resilientfilestorageextension

import (
	"os"
	"time"
)

// hold has nothing to do: Windows does not rename a file that another process has open.
func hold(string, os.FileInfo, time.Duration) (release func(), err error) { return func() {}, nil }

func unlock(*os.File) {}
