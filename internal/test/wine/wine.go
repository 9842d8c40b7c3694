// SPDX-License-Identifier: Apache-2.0

// Package wine runs the Windows binaries on Linux: under Wine, with the stand-ins in dll/ for the parts of ETW and eBPF
// for Windows that Wine does not have. rig.sh sets this up; `make test-windows` builds and runs everything. The
// package's own tests run the built otelcol-winnet.exe. The tests of packages with Windows code run there too, and call
// Play for a host with events.
package wine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Require skips the test if the rig is not set up.
func Require(t testing.TB) {
	t.Helper()
	if os.Getenv("WINNET_WINE") != "required" {
		t.Skip("not run: the stand-ins for Windows under Wine are not installed; make test-windows installs them")
	}
}

// Root returns the repository's root.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil && filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatalf("no go.mod above the working directory: %v", err)
	return ""
}

// Play makes this process see a host whose providers deliver the events of the recorded files, named relative to the
// repository's root, to every session that is opened for reading. advapi32.c documents the variables that change this.
func Play(t testing.TB, files ...string) {
	t.Helper()
	Require(t)
	root := Root(t)
	list := func(names ...string) string {
		paths := make([]string, len(names))
		for i, name := range names {
			paths[i] = filepath.Join(root, name)
		}
		return strings.Join(paths, ";")
	}
	t.Setenv("WINDOWSTEST_ETL", list(files...))
	t.Setenv("WINDOWSTEST_SCHEMA", list("internal/dns/dnsserver.txt", "internal/dns/dnsclient.txt"))
}
