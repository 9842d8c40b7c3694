// SPDX-License-Identifier: Apache-2.0

package install

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

const (
	secret  = "InstrumentationKey=11111111-2222-3333-4444-555555555555;IngestionEndpoint=http://127.0.0.1:9/"
	service = `HKLM\SYSTEM\CurrentControlSet\Services\otelcol-winnet`
	source  = `HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\otelcol-winnet`
	autolog = `HKLM\SYSTEM\CurrentControlSet\Control\WMI\Autologger`
	// stopTime is the service's time for a stop on request: docs/event-log.md.
	stopTime = 20 * time.Second
	notEnd   = "the last run did not end"
)

// followed is a configuration of a user's own, which replays a recorded file and waits for more.
func followed(t *testing.T) string {
	path, err := filepath.Abs(root + "/testdata/dnsserver.etl")
	require.NoError(t, err)
	return `# edited by the user
extensions:
  resilient_file_storage: {directory: "${env:OTELCOL_WINNET_DATA}/storage", create_directory: true}
receivers:
  asimdns:
    enable_level: 5
    enable_flags: 0
    replay: {path: ['` + windowsPath(path) + `'], follow: true}
exporters:
  file: {path: "${env:OTELCOL_WINNET_DATA}/records/winnet.jsonl", create_directory: true, rotation: {max_megabytes: 100, max_backups: 5}}
service:
  telemetry: {metrics: {level: none}}
  extensions: [resilient_file_storage]
  pipelines:
    logs: {receivers: [asimdns], exporters: [file]}
`
}

// msiexec runs the installer without a window and returns its exit code and log.
func (h *host) msiexec(args ...string) (int, string) {
	h.t.Helper()
	cmd := h.traced(append(append([]string{"msiexec"}, args...), "/qn", "/l*v", `C:\install.log`)...)
	err := cmd.Run()
	if cmd.ProcessState == nil {
		require.NoError(h.t, err)
	}
	log, err := os.ReadFile(h.path("install.log"))
	require.NoError(h.t, err)
	return cmd.ProcessState.ExitCode(), string(bytes.ReplaceAll(log, []byte{0}, nil))
}

// TestTheMSI installs, uses, upgrades and removes otelcol-winnet, one after the other on one host.
func TestTheMSI(t *testing.T) {
	h := newHost(t)
	first, second := buildMSI(t, "1.0.0"), buildMSI(t, "1.1.0")
	config := followed(t)
	// What lies there may be read by anyone.
	for _, folder := range []string{"", "storage", "records"} {
		require.NoError(t, os.MkdirAll(h.data(folder), 0o700))
		require.NoError(t, os.Chmod(h.data(folder), 0o777))
	}
	require.NoError(t, os.WriteFile(h.data("config.yaml"), []byte(config), 0o600))
	require.NoError(t, os.Chmod(h.data("config.yaml"), 0o666))
	file := filepath.Join(t.TempDir(), "connection-string.txt")
	h.requireNotInstalled()
	require.NoError(t, os.WriteFile(file, []byte("\ufeff"+secret+"\r\n"), 0o600))

	// Installed, with a configuration that was there before.
	code, log := h.msiexec("/i", windowsPath(first), "SOURCES=dns-client,cilium", "AUTOLOGGER=yes", "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE="+windowsPath(file))
	require.Zero(t, code, "%s", log)
	require.NotContains(t, log, secret)
	h.awaitState("RUNNING")
	require.Equal(t, config, h.read(h.data("config.yaml")))
	for _, name := range []string{"", "storage", "records", "logs", "config.yaml"} { // Wine keeps a DACL as a mode
		info, err := os.Stat(h.data(name))
		require.NoError(t, err)
		require.Zero(t, info.Mode()&0o007, "others may open %q: %s", name, info.Mode())
	}
	require.Contains(t, h.read(h.path("Program Files", "otelcol-winnet", "config.default.yaml")), "# of version 1.0.0")
	environment := h.read(h.data("environment"))
	for _, line := range []string{"APPLICATIONINSIGHTS_CONNECTION_STRING=" + secret, "OTELCOL_WINNET_RECEIVERS=[asimdns/dns-client, ciliumwindows/cilium]",
		"OTELCOL_WINNET_EXPORTERS=[app_insights]", "OTELCOL_WINNET_ATTACH=true"} {
		require.Contains(t, environment, line+"\r\n")
	}
	require.NoFileExists(t, h.data("before-setup.json"), "the installation is committed")
	require.Contains(t, h.registry(service), "GOMEMLIMIT=640MiB")
	require.NotContains(t, h.registry(service), secret)
	require.Contains(t, h.registry(source), `%SystemRoot%\System32\EventCreate.exe`)
	session := h.registry(autolog + `\ASIMDNSClientTrace`)
	for _, value := range []string{"LogFileMode    REG_DWORD    0x8800100", "Start    REG_DWORD    0x1", "{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}", "MatchAnyKeyword    REG_QWORD", "EnableProperty    REG_DWORD    0x1"} {
		require.Contains(t, session, value)
	}
	require.Empty(t, h.registry(autolog+`\ASIMDNSServerTrace`), "it is not among SOURCES")

	h.requireVerified()

	// It writes records, stops, and starts again.
	records := h.data("records", "winnet.jsonl")
	lines := func() int {
		content, _ := os.ReadFile(records)
		return bytes.Count(content, []byte{'\n'})
	}
	h.await("records are written", func() bool { return lines() > 0 })
	begun := time.Now()
	out, code := h.run("sc", "stop", "otelcol-winnet")
	require.Zero(t, code, "%s", out)
	h.awaitState("STOPPED")
	require.Less(t, time.Since(begun), stopTime)
	require.Contains(t, h.log(), "every event has left the receiver")
	require.NotContains(t, h.log(), notEnd)

	// Killed, it starts again and says so.
	started := time.Now()
	out, code = h.run("sc", "start", "otelcol-winnet")
	require.Zero(t, code, "%s", out)
	h.awaitState("RUNNING")
	h.await("it has said so", func() bool { all := h.events(); return all[len(all)-1].id == 100 })
	out, code = h.run("taskkill", "/f", "/im", "otelcol-winnet.exe")
	require.Zero(t, code, "%s", out)
	killed := time.Now()
	// Wine's service manager sees that the process is gone when it is asked to start the service, and not before.
	h.await("the service starts again", func() bool {
		out, code = h.run("sc", "start", "otelcol-winnet")
		return code == 0
	})
	h.awaitState("RUNNING")
	h.await("the log says that the last run did not end", func() bool { return strings.Contains(h.log(), notEnd) })
	kit.RequireAtRisk(t, h.log(), started, killed, killed, time.Now())

	// An upgrade that cannot be, for a setting that is wrong, changes nothing: the old version runs on.
	uninstall := `HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall`
	products := h.registry(uninstall)
	require.Contains(t, products, "1.0.0")
	for _, wrong := range []string{"SOURCES=dns-sever", `APPLICATIONINSIGHTS_CONNECTION_STRING_FILE=C:\none.txt`, "AZURE_DCR_ID=abc", "AZURE_DCE_ENDPOINT=https://one.example"} {
		code, _ = h.msiexec("/i", windowsPath(second), wrong)
		require.NotZero(t, code, wrong)
		require.Equal(t, environment, h.read(h.data("environment")))
		require.Equal(t, config, h.read(h.data("config.yaml")))
		require.Equal(t, "RUNNING", h.state(), wrong)
		require.Contains(t, h.read(h.path("Program Files", "otelcol-winnet", "config.default.yaml")), "# of version 1.0.0")
		require.Equal(t, products, h.registry(uninstall))
	}

	// Nor does one on a Windows that is too old.
	const windows = `HKLM\Software\Microsoft\Windows NT\CurrentVersion`
	build := regexp.MustCompile(`CurrentBuildNumber +REG_SZ +(\d+)`).FindStringSubmatch(h.registry(windows))
	require.NotNil(t, build)
	h.set(windows, "CurrentBuildNumber", "REG_SZ", "9600")
	code, log = h.msiexec("/i", windowsPath(second))
	require.NotZero(t, code, "%s", log)
	require.Equal(t, products, h.registry(uninstall))
	h.set(windows, "CurrentBuildNumber", "REG_SZ", build[1])

	// Upgraded, it has its configuration and settings, but for those that are given.
	code, log = h.msiexec("/i", windowsPath(second), "SOURCES=dns-server", "APPLICATIONINSIGHTS_CONNECTION_STRING="+secret+";Upgraded=1")
	require.Zero(t, code, "%s", log)
	h.awaitState("RUNNING")
	require.Equal(t, config, h.read(h.data("config.yaml")))
	require.Contains(t, h.read(h.path("Program Files", "otelcol-winnet", "config.default.yaml")), "# of version 1.1.0")
	upgraded := h.read(h.data("environment"))
	require.Contains(t, upgraded, "APPLICATIONINSIGHTS_CONNECTION_STRING="+secret+";Upgraded=1\r\n")
	require.Contains(t, upgraded, "OTELCOL_WINNET_RECEIVERS=[asimdns/dns-server]\r\n")
	require.NotEmpty(t, h.registry(autolog+`\ASIMDNSServerTrace`), "AutoLoggers stay on request, for the new sources")
	require.Empty(t, h.registry(autolog+`\ASIMDNSClientTrace`))
	products = h.registry(uninstall)
	require.Contains(t, products, "1.1.0")
	require.NotContains(t, products, "1.0.0", "the old version is no longer there")

	// Installed again with another setting, the service starts again to read it. Without one, Setup lets it run on: the events below.
	code, log = h.msiexec("/i", windowsPath(second), "METRICS_PORT=28888")
	require.Zero(t, code, "%s", log)
	require.Equal(t, "RUNNING", h.state())
	upgraded += "OTELCOL_WINNET_METRICS_PORT=28888\r\n"
	require.Equal(t, upgraded, h.read(h.data("environment")))
	code, log = h.msiexec("/i", windowsPath(second))
	require.Zero(t, code, "%s", log)
	require.Equal(t, "RUNNING", h.state())

	// In an upgrade, Windows says to the old version that it is removed for a new one. Wine does not, so the test does. The service stays the same one.
	h.set(service, "ServiceSidType", "REG_DWORD", "1")
	code, log = h.msiexec("/x", windowsPath(second), "UPGRADINGPRODUCTCODE={00000000-0000-0000-0000-000000000001}")
	require.Zero(t, code, "%s", log)
	require.Equal(t, "STOPPED", h.state())
	require.NotEmpty(t, h.registry(autolog+`\ASIMDNSServerTrace`))
	code, log = h.msiexec("/i", windowsPath(second))
	require.Zero(t, code, "%s", log)
	h.awaitState("RUNNING")
	require.Contains(t, h.registry(service), "ServiceSidType", "the service was not deleted and made anew")
	require.Contains(t, h.registry(service), "GOMEMLIMIT=640MiB")

	// Removed, it leaves data and configuration.
	kept := lines()
	code, log = h.msiexec("/x", windowsPath(second))
	require.Zero(t, code, "%s", log)
	require.Empty(t, h.state(), "there is no service")
	require.NoDirExists(t, h.path("Program Files", "otelcol-winnet"))
	require.Empty(t, h.registry(service))
	require.Empty(t, h.registry(source))
	require.Empty(t, h.registry(autolog+`\ASIMDNSServerTrace`))
	require.Equal(t, config, h.read(h.data("config.yaml")))
	require.Equal(t, upgraded, h.read(h.data("environment")))
	require.DirExists(t, h.data("storage"))
	require.GreaterOrEqual(t, lines(), kept)
	h.requireNotInstalled()

	// Installed where nothing is, with the source that needs no ETW here, it has the configuration of the package, closed to others.
	require.NoError(t, os.RemoveAll(h.data()))
	// Another collector of the host has the usual ports.
	for _, port := range []string{"13133", "8888"} {
		if l, err := net.Listen("tcp", "localhost:"+port); err == nil { // else one has them
			defer l.Close()
		}
	}
	ports := []string{fmt.Sprint("HEALTH_PORT=", loopback.Port(t)), fmt.Sprint("METRICS_PORT=", loopback.Port(t))}
	code, log = h.msiexec(append([]string{"/i", windowsPath(second), "SOURCES=cilium"}, ports...)...)
	require.Zero(t, code, "%s", log)
	require.Equal(t, h.read(h.path("Program Files", "otelcol-winnet", "config.default.yaml")), h.read(h.data("config.yaml")))
	for _, name := range []string{"", "storage", "records", "logs"} {
		info, err := os.Stat(h.data(name))
		require.NoError(t, err)
		require.Zero(t, info.Mode()&0o007, "others may open %q: %s", name, info.Mode())
	}
	code, log = h.msiexec("/x", windowsPath(second))
	require.Zero(t, code, "%s", log)
	require.FileExists(t, h.data("config.yaml"))

	// Undone after a failure, it leaves no more than the folders and what was logged.
	require.NoError(t, os.RemoveAll(h.data()))
	code, log = h.msiexec(append([]string{"/i", windowsPath(broken(t, second)), "SOURCES=cilium"}, ports...)...)
	require.NotZero(t, code, "%s", log)
	require.Empty(t, h.state(), "there is no service")
	require.NoDirExists(t, h.path("Program Files", "otelcol-winnet"))
	require.Empty(t, h.registry(service))
	require.Empty(t, h.registry(source))
	for _, name := range []string{"config.yaml", "environment", "before-setup.json"} {
		require.NoFileExists(t, h.data(name))
	}

	// What the event log was given, in order.
	open := event{"Warning", 106, `ProgramData\\otelcol-winnet\\environment can be read by`} // Wine shows the mode as a list of access with Everyone
	begins, ends := event{"Information", 100, "the collector has started"}, event{"Information", 101, "the collector has stopped"}
	h.requireEvents(
		open, begins, ends, // installed and stopped
		open, begins, // started and killed
		open, event{"Warning", 105, notEnd}, begins,
		event{"Error", 107, "dns-sever"}, event{"Error", 107, "APPLICATIONINSIGHTS_CONNECTION_STRING_FILE: its file: open: "}, event{"Error", 107, "AZURE_DCR_ID: want"}, event{"Error", 107, "without AZURE_DCR_ID"}, // wrong settings
		ends, open, begins, // upgraded
		ends, open, begins, ends, open, begins, // installed again with another setting: Wine starts the service again in any case, and Setup once more for the setting
		ends, open, begins, // installed again without one: Wine alone
		ends, open, begins, // removed as by an upgrade, and installed
		ends,                                                                                // removed
		open, event{"Warning", 203, "Windows does not say that Cilium is on"}, begins, ends, // where nothing was
		open, event{"Warning", 203, "Windows does not say that Cilium is on"}, begins, ends, // undone
	)
}
