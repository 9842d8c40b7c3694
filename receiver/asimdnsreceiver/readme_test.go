// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// madeByMakeRun replays a file as `make run` does.
func madeByMakeRun(t *testing.T, file string) *consumertest.LogsSink {
	t.Helper()
	sink, _, _ := replayAll(t, replayOf(file, func(c *Config) { c.EnableFlags, c.EnableLevel = &everything, 5 }))
	return sink
}

func TestTheReadmeSaysHowLargeARecordIs(t *testing.T) {
	var size, records, least, most int
	kit.EachRecord(madeByMakeRun(t, serverFile), func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if kit.Text(lr, "EventOriginalType") != "257" {
			return
		}
		n := jsonSize(t, lr)
		least, most = min(least, n), max(most, n)
		if records == 0 {
			least = n
		}
		size, records = size+n, records+1
	})
	require.Equal(t, 632, records)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), fmt.Sprintf("| a record of event 257 | %s bytes as OTLP JSON in the mean of the %d in `testdata/`, %s to %s;",
		thousands((size+records/2)/records), records, thousands(least), thousands(most)))
}

// jsonSize returns the size of a record in OTLP JSON, in bytes, without the parts that the records of a batch share.
func jsonSize(t *testing.T, lr plog.LogRecord) int {
	t.Helper()
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	marshaled := func() int {
		text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
		require.NoError(t, err)
		return len(text)
	}
	lr.CopyTo(records.AppendEmpty())
	one := marshaled()
	lr.CopyTo(records.AppendEmpty())
	return marshaled() - one - len(",")
}

// thousands formats a number below a million as the documents do.
func thousands(n int) string { return fmt.Sprintf("%d,%03d", n/1000, n%1000) }

func TestTheReadmesDefaultsAreTheDefaults(t *testing.T) {
	server, client := dns.Server(), dns.Client()
	kit.RequireDefaults(t, "README.md", "## Configuration", "asimdns", createDefaultConfig(), map[string]string{
		"session_name":    fmt.Sprintf("`%s`, `%s`; with `providers` `%s`", server.Session, client.Session, severalSession),
		"enable_level":    fmt.Sprintf("0: server %d, client %d", server.Level, client.Level),
		"enable_flags":    fmt.Sprintf("server `0x%X`, client `0x%X`", server.Keywords, client.Keywords),
		"device.hostname": "this host; in a replay `Dvc` has the file's name",
		"device.ip":       "this host's first address; in a replay none",
	})
	kit.RequireDefaults(t, "../../docs/configuration.md", "## Keys to set first", "asimdns", createDefaultConfig(), map[string]string{
		"provider_guid":                "the DNS Server's; `" + client.Name + "` for the client",
		"enable_level`, `enable_flags": fmt.Sprintf("server %d and 0x%X, client %d and 0x%X", server.Level, server.Keywords, client.Level, client.Keywords),
		"replay.path":                  "none: the live source",
	})
}
