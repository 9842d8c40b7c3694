// SPDX-License-Identifier: Apache-2.0

package install

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
)

// probes are the probes of winnet-verify that look at an installation.
const probes = "service,failure-actions,service-account,event-log,files"

// verified runs a winnet-verify, as a user of this host does, and returns the verdict and what was found of each probe.
func (h *host) verified(program string) (verdicts, found map[string]string) {
	h.t.Helper()
	report := filepath.Join(h.t.TempDir(), "report.json")
	out, code := h.run(program, "--probes", probes, "--out", windowsPath(report))
	var content struct {
		Probes []struct{ Name, Verdict, Found string }
	}
	require.NoError(h.t, json.Unmarshal([]byte(h.read(report)), &content), "%s", out)
	verdicts, found = map[string]string{}, map[string]string{}
	failed := 0
	for _, p := range content.Probes {
		verdicts[p.Name], found[p.Name] = p.Verdict, p.Found
		if p.Verdict == "fail" {
			failed = 1
		}
	}
	require.Equal(h.t, failed, code, "%s", out)
	return verdicts, found
}

// requireNotInstalled fails unless winnet-verify finds nothing to look at.
func (h *host) requireNotInstalled() {
	h.t.Helper()
	verdicts, found := h.verified(beside(os.Getenv("WINNET_INSTALL_PROGRAM"), "winnet-verify.exe"))
	for _, name := range strings.Split(probes, ",") {
		require.Equal(h.t, "not applicable", verdicts[name], found[name])
	}
}

// requireVerified runs the installed winnet-verify on the installation, as Wine made it and as Windows would have.
func (h *host) requireVerified() {
	h.t.Helper()
	program := h.path("Program Files", "otelcol-winnet", "winnet-verify.exe")
	// Wine carries out neither MsiServiceConfig nor MsiServiceConfigFailureActions, and has no EventCreate.exe.
	verdicts, found := h.verified(program)
	require.Equal(h.t, "start type 2, delayed false", found["service"])
	require.Equal(h.t, "the actions are []", found["failure-actions"])
	require.Equal(h.t, "pass", verdicts["service-account"], found["service-account"])
	require.Contains(h.t, found["event-log"], `EventCreate.exe`)
	// Wine keeps a list of access as a mode, so the list of no folder is protected. It shows others all the same.
	// The file environment has no list of its own in Wine, so Wine shows one with Everyone.
	folder, file, _ := strings.Cut(found["files"], "; ")
	require.Contains(h.t, folder, "protected false")
	require.NotContains(h.t, folder, "WD")
	require.Contains(h.t, file, "environment: access for others: ")

	values := map[string][]string{
		"DelayedAutostart": {"REG_DWORD", "1"},
		"FailureActions":   {"REG_BINARY", "805101000000000000000000030000001400000001000000102700000100000060ea000001000000e0930400"},
	}
	for name, value := range values {
		h.set(service, name, value[0], value[1])
	}
	messages := h.path("windows", "system32", "EventCreate.exe")
	require.NoError(h.t, os.WriteFile(messages, nil, 0o600))
	require.NoError(h.t, os.Chmod(h.data(), 0o777))
	verdicts, found = h.verified(program)
	for _, name := range []string{"service", "failure-actions", "service-account", "event-log"} {
		require.Equal(h.t, "pass", verdicts[name], found[name])
	}
	require.Equal(h.t, "the actions are [restart after 10s restart after 1m0s restart after 5m0s]", found["failure-actions"])
	folder, _, _ = strings.Cut(found["files"], "; ")
	require.Contains(h.t, folder, "WD", "everyone may open the folder")

	require.NoError(h.t, os.Chmod(h.data(), 0o700))
	require.NoError(h.t, os.Remove(messages))
	for name := range values {
		out, code := h.run("reg", "delete", service, "/v", name, "/f")
		require.Zero(h.t, code, "%s", out)
	}
}
