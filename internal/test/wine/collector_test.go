// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	started     = "ETW session started"
	accountedAt = "every event has left the receiver"
)

// bothProviders are the settings for a session of the server and the client.
var bothProviders = []string{
	"receivers::asimdns::enable_level: null", "receivers::asimdns::enable_flags: null",
	"receivers::asimdns::providers: [{provider_guid: Microsoft-Windows-DNSServer}, {provider_guid: Microsoft-Windows-DNS-Client}]",
}

func TestStartAndStopLeaveNoSession(t *testing.T) {
	h := newHost(t, serverFile)
	c := h.start()
	c.await(started, 1)
	out, err := h.logman("query", serverSession)
	require.NoError(t, err)
	require.Contains(t, out, "name=ASIMDNSServerTrace mode=0x08800100 buffer_kb=256 minimum=64 maximum=256 buffers=64 ")
	c.interrupt()
	require.Contains(t, c.out.String(), accountedAt)
	require.NotContains(t, c.out.String(), "\twarn\t")
	out, err = h.logman("query")
	require.NoError(t, err)
	require.Empty(t, out)
}

func TestASessionThatOutlivedItsCollectorIsStoppedByTheNextOne(t *testing.T) {
	h := newHost(t, serverFile)
	played := rawEvents(t, filepath.Join(h.root, serverFile))
	path := filepath.Join(h.dir, "recorded.etl")
	record := "receivers::asimdns::record::path: '" + windowsPath(path) + "'"
	c := h.start(record)
	c.await(started, 1)
	require.Eventually(t, func() bool {
		info, err := os.Stat(path)
		const header = 128 << 10
		return err == nil && info.Size() > header && len(rawEvents(t, path)) == len(played)
	}, time.Minute, 100*time.Millisecond, "%s", c.out)
	require.NoError(t, c.cmd.Process.Kill())
	<-c.ended
	_, err := h.logman("query", serverSession)
	require.NoError(t, err, "the session is still there")

	c = h.start(record)
	c.await("stopped an ETW session of this name that an earlier process left behind", 1)
	c.await(started, 1)
	earlier := filepath.Join(h.dir, "recorded.1.etl")
	require.Eventually(t, func() bool { _, err := os.Stat(earlier); return err == nil }, time.Minute, 20*time.Millisecond, "%s", c.out)
	c.interrupt()
	require.Equal(t, played, rawEvents(t, earlier), "the earlier recording is kept")
}

func TestASessionOfSomeoneElseIsLeftAloneUnlessItIsTakenOver(t *testing.T) {
	h := newHost(t, serverFile)
	_, err := h.logman("start", serverSession, "-p", "{11111111-2222-3333-4444-555555555555}")
	require.NoError(t, err)
	c := h.start()
	c.fails()
	require.Contains(t, c.out.String(), "has enabled the provider {11111111-2222-3333-4444-555555555555}, so it is not the collector's")
	require.Contains(t, c.out.String(), "take_over: true")
	out, err := h.logman("query", serverSession)
	require.NoError(t, err)
	require.Contains(t, out, "mode=0x00000100", "it is the session that existed before")

	c = h.start("receivers::asimdns::take_over: true")
	c.await(started, 1)
	c.interrupt()
}

func TestAnAttachedSessionRunsOnAfterTheCollector(t *testing.T) {
	h := newHost(t, serverFile)
	attach := "receivers::asimdns::attach: true"
	c := h.start(attach)
	c.fails()
	require.Contains(t, c.out.String(), "there is none to attach to")

	_, err := h.logman("start", serverSession, "-p", serverGUID)
	require.NoError(t, err)
	c = h.start(attach)
	c.await("attached to an ETW session", 1)
	c.interrupt()
	_, err = h.logman("query", serverSession)
	require.NoError(t, err)
}

func TestAccessDeniedFailsTheStartAndSaysWhatToDo(t *testing.T) {
	h := newHost(t, serverFile)
	h.set("WINDOWSTEST_FAIL", "StartTraceW=5")
	c := h.start()
	c.fails()
	require.Contains(t, c.out.String(), "StartTrace: Access denied. (error 5, ERROR_ACCESS_DENIED): run as Administrator or LocalSystem, or add the account to the group Performance Log Users")
}

func TestASessionStoppedWithLogmanComesBack(t *testing.T) {
	h := newHost(t, serverFile)
	c := h.start()
	for n := range 2 {
		c.await(started, n+1)
		_, err := h.logman("stop", serverSession)
		require.NoError(t, err)
		c.await("was stopped from outside, such as with: logman stop", n+1)
	}
	c.await(started, 3)
	c.interrupt()
	_, err := h.logman("query", serverSession)
	require.Error(t, err)
}

func TestASecondCollectorDoesNotStealTheSession(t *testing.T) {
	h := newHost(t, serverFile)
	first := h.start()
	first.await(started, 1)
	second := h.start()
	second.fails()
	require.Contains(t, second.out.String(), `another collector on this host runs it; choose another session_name, or look with: logman query "ASIMDNSServerTrace" -ets`)
	_, err := h.logman("query", serverSession)
	require.NoError(t, err, "the first collector's session still runs")
	require.NotContains(t, first.out.String(), "stopped from outside")
	first.interrupt()
}

func TestAHostWithoutTheRoleFailsTheStartAndSaysWhatToInstall(t *testing.T) {
	h := newHost(t)
	h.set("WINDOWSTEST_SCHEMA", windowsPath(filepath.Join(h.root, "internal/dns/dnsclient.txt"))) // every Windows has this provider
	c := h.start()
	c.fails()
	require.Contains(t, c.out.String(), "the provider is not registered on this host: Microsoft-Windows-DNSServer {EB79061A-A566-4698-9119-3ED2807060E7}: it comes with the role DNS Server: install that with Install-WindowsFeature DNS")
	_, err := h.logman("query", serverSession)
	require.Error(t, err, "no session is left")
}

func TestAHostWithoutTheRoleRunsWithTheOtherProvider(t *testing.T) {
	h := newHost(t, clientFile)
	h.set("WINDOWSTEST_SCHEMA", windowsPath(filepath.Join(h.root, "internal/dns/dnsclient.txt")))
	c := h.start(bothProviders...)
	c.await("no event of an ETW provider comes until it is installed", 1)
	c.await(started, 1)
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(h.records())
		return err == nil && strings.Contains(string(text), "windows_dns_client")
	}, time.Minute, 20*time.Millisecond, "%s", c.out)
	c.interrupt()
}

func TestTheCollectorEndsInTimeWhileEventsPourIn(t *testing.T) {
	h := newHost(t, serverFile)
	h.set("WINDOWSTEST_REPEAT", "0") // without end
	c := h.start()
	h.writes(c, 1<<20)
	c.interrupt()
	require.Contains(t, c.out.String(), "+ pending 0")
}
