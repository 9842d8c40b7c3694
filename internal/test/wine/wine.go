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

// Real reports whether the tests run on a real Windows, whose own ETW they use: WINNET_WINDOWS=required, which .github/workflows/windows.yml sets.
func Real() bool { return os.Getenv("WINNET_WINDOWS") == "required" }

// Require skips the test if the rig is not set up. why says what of it the test needs that a real Windows does not have.
func Require(t testing.TB, why string) {
	t.Helper()
	switch {
	case Real():
		t.Skipf("not run on a real Windows: it needs a stand-in for %s", why)
	case os.Getenv("WINNET_WINE") != "required":
		t.Skip("not run: the stand-ins for Windows under Wine are not installed; make test-windows installs them")
	}
}

// Host makes this process see a host with ETW: a real Windows, or under Wine the stand-in, whose providers are registered and write nothing. A
// test that calls it runs on both.
func Host(t testing.TB) {
	t.Helper()
	if !Real() {
		Play(t)
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
	Require(t, "the events of recorded files, and for calls that fail")
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
