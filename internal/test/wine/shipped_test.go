// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheInstallersConfigurationReadsAllSourcesThatTheHostHas starts the configuration that the installers put into the data folder, with the
// settings that they write for all sources, on a host without eBPF for Windows. Only its ports are others, which are free.
func TestTheInstallersConfigurationReadsAllSourcesThatTheHostHas(t *testing.T) {
	n := newNode(t, "")
	n.set("WINDOWSTEST_ETL", windowsPath(filepath.Join(n.root, serverFile))+";"+windowsPath(filepath.Join(n.root, clientFile)))
	n.set("OTELCOL_WINNET_DATA", windowsPath(n.dir))
	n.set("OTELCOL_WINNET_RECEIVERS", "[asimdns/dns-server, asimdns/dns-client, ciliumwindows/cilium]")
	n.set("OTELCOL_WINNET_EXPORTERS", "[file]")
	c := run(t, n.command(filepath.Join(n.root, "dist/otelcol-winnet.exe"), "--config", windowsPath(filepath.Join(n.root, "deploy/windows/config.yaml")),
		"--config", "yaml:extensions::health_check::http::endpoint: localhost:0", "--config", "yaml:service::telemetry::metrics::level: none"))
	c.await(started, 2)
	c.await(ready, 1)
	c.await("receiving Cilium events", 1)
	path := filepath.Join(n.dir, "records/winnet.jsonl")
	require.Eventually(t, func() bool {
		info, err := os.Stat(path)
		return err == nil && info.Size() > 0
	}, time.Minute, 50*time.Millisecond, "%s", c.out)
	c.interrupt()
	sessions, err := n.logman("query")
	require.NoError(t, err)
	require.Empty(t, sessions)
	names := map[any]bool{}
	for _, r := range readRecords(t, path) {
		names[r.Attributes["event.name"]] = true
	}
	require.NotEmpty(t, names)
}
