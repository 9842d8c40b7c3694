// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// bothFile writes a file with the events of both providers in turn.
func bothFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "both.etl")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	w, err := etl.Create(f, etl.Options{BufferSize: recordBuffer})
	require.NoError(t, err)
	server, client := rawEvents(t, serverFile), rawEvents(t, clientFile)
	for len(server)+len(client) > 0 {
		for _, list := range []*[]string{&server, &client} {
			if len(*list) > 0 {
				require.NoError(t, w.Write([]byte((*list)[0])))
				*list = (*list)[1:]
			}
		}
	}
	require.NoError(t, w.Close())
	return path
}

// replayBoth is a configuration of both providers that receives every event.
func replayBoth(path string, change func(*Config)) *Config {
	return replayOf(path, func(c *Config) {
		c.ProviderConfig = ProviderConfig{}
		c.Providers = []ProviderConfig{
			{ProviderGUID: "Microsoft-Windows-DNSServer", EnableLevel: 5, EnableFlags: &everything},
			{ProviderGUID: clientGUID, EnableLevel: 5, EnableFlags: &everything},
		}
		c.Device.Hostname = "host.example.com"
		if change != nil {
			change(c)
		}
	})
}

// byService returns the records of each service in order, as text. It leaves out what only the file's header has.
func byService(t *testing.T, sink *consumertest.LogsSink) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		service, _ := rl.Resource().Attributes().Get("service.name")
		lr.Attributes().Remove("DvcOsVersion")
		product := map[string]string{"windows_dns_server": "DNS Server", "windows_dns_client": "DNS Client"}[service.Str()]
		require.Equal(t, product, kit.Text(lr, "EventProduct"))
		all[service.Str()] = append(all[service.Str()], fmt.Sprint(lr.Timestamp(), lr.SeverityText(), lr.Body().Str(), lr.Attributes().AsRaw()))
	})
	for _, records := range all { // those of audit events are in a scope of their own
		slices.Sort(records)
	}
	return all
}

func TestTheEventsOfBothProvidersAreTheRecordsOfEachAlone(t *testing.T) {
	path := bothFile(t)
	for name, change := range map[string]func(*Config){
		"every event": nil,
		"with filters": func(c *Config) {
			c.Noise.ExcludedEventIDs = []int{257, 3008}
			c.Noise.EnableDeduplication, c.Noise.IncludeInfoEvents = true, false
		},
		"profile asim": func(c *Config) { c.Profile = "asim" },
	} {
		t.Run(name, func(t *testing.T) {
			want := map[string][]string{}
			for _, file := range []string{serverFile, clientFile} {
				one, _, _ := replayAll(t, replayOf(file, func(c *Config) {
					c.EnableLevel, c.EnableFlags, c.Device.Hostname = 5, &everything, "host.example.com"
					if change != nil {
						change(c)
					}
				}))
				for service, records := range byService(t, one) {
					want[service] = records
				}
			}
			require.Len(t, want, 2)
			sink, _, _ := replayAll(t, replayBoth(path, change))
			require.Equal(t, want, byService(t, sink))
			for _, logs := range sink.AllLogs() {
				for _, rl := range logs.ResourceLogs().All() {
					for _, sl := range rl.ScopeLogs().All() {
						require.Positive(t, sl.LogRecords().Len(), "no resource or scope without a record")
					}
				}
			}
		})
	}
}

func TestEachProviderHasItsOwnLevelAndFlags(t *testing.T) {
	path := bothFile(t)
	emitted := func(cfg *Config) map[string]int {
		sink, _, _ := replayAll(t, cfg)
		n := map[string]int{}
		for service, records := range byService(t, sink) {
			n[service] = len(records)
		}
		return n
	}
	defaults := emitted(replayBoth(path, func(c *Config) {
		c.Providers = []ProviderConfig{{ProviderGUID: clientGUID}, {ProviderGUID: "Microsoft-Windows-DNSServer"}}
	}))
	alone := emitted(replayOf(serverFile, nil))
	for service, n := range emitted(replayOf(clientFile, nil)) {
		alone[service] = n
	}
	require.Equal(t, alone, defaults)

	warnings := uint64(0x8)
	got := emitted(replayBoth(path, func(c *Config) {
		c.Providers[0].EnableFlags = &warnings
		c.Providers[1].EnableLevel = 1
	}))
	want := emitted(replayOf(serverFile, func(c *Config) { c.EnableLevel, c.EnableFlags = 5, &warnings }))
	for service, n := range emitted(replayOf(clientFile, func(c *Config) { c.EnableLevel, c.EnableFlags = 1, &everything })) {
		want[service] = n
	}
	require.Equal(t, want, got)
	require.NotEqual(t, alone, got)
}

func TestTheEventsOfBothProvidersAreMergedAndCountedOnce(t *testing.T) {
	path := bothFile(t)
	server, _ := generated(t, serverFile)
	client, _ := generated(t, clientFile)
	for name, change := range map[string]func(*Config){
		"aggregated": func(c *Config) { c.Aggregation.Window = maxWindow },
		"correlated": func(c *Config) { c.Correlate = true },
	} {
		t.Run(name, func(t *testing.T) {
			sink, r, _ := replayAll(t, replayBoth(path, change))
			stats := &r.Pipeline.Stats
			require.EqualValues(t, server+client, stats.Received.Load())
			require.Equal(t, stats.Received.Load(), stats.Emitted.Load()+stats.Aggregated.Load(), "%s", stats)
			require.Positive(t, stats.Aggregated.Load())
			require.Len(t, byService(t, sink), 2)
		})
	}
}

func TestAFileOfNeitherProviderIsReported(t *testing.T) {
	_, _, logs := replayAll(t, replayOf(serverFile, func(c *Config) {
		c.ProviderConfig = ProviderConfig{}
		c.Providers = []ProviderConfig{{ProviderGUID: clientGUID}}
	}))
	said := logs.FilterMessageSnippet("check provider_guid").FilterLevelExact(zap.WarnLevel).All()
	require.Len(t, said, 1)
	require.Equal(t, []any{clientGUID}, said[0].ContextMap()["configured"])
}
