// SPDX-License-Identifier: Apache-2.0

// Package wine lets the Windows binaries run on Linux: under Wine, with the stand-ins of dll/ for what Wine lacks of
// ETW and of eBPF for Windows. `make test-windows` builds and runs all of it; rig.sh sets it up. Its own tests run the built otelcol-winnet.exe, the
// tests of the packages with Windows code run there too and call Play for a host with events.
package wine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Require skips the test where there is no rig.
func Require(t testing.TB) {
	t.Helper()
	if os.Getenv("WINNET_WINE") != "required" {
		t.Skip("not run: it needs the stand-ins for Windows under Wine; make test-windows sets them up")
	}
}

// Root is the repository's root.
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

// Play makes this process's host one whose providers tell the events of the recorded files, named from the repository's
// root, to every session that is opened for reading; advapi32.c says with which variables that can be changed.
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
