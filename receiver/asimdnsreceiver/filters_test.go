// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// wideOpen lets every event through.
func wideOpen(c *Config) {
	c.EnableFlags, c.EnableLevel, c.Device.Hostname, c.Device.IP = &everything, 5, "host1.corp.contoso.com", "10.1.4.27"
}

// attributes returns a record's attribute as text, or "" if the record does not have it.
type attributes func(name string) string

func attributesOf(lr plog.LogRecord) attributes {
	return func(name string) string {
		v, ok := lr.Attributes().Get(name)
		if more, isMore := strings.CutPrefix(name, "AdditionalFields."); isMore {
			all, _ := lr.Attributes().Get("AdditionalFields")
			v, ok = all.Map().Get(more)
		}
		if !ok {
			return ""
		}
		return v.AsString()
	}
}

// replayed is a file and the records of its replay without a filter.
type replayed struct {
	file string
	all  *consumertest.LogsSink
}

func replayUnfiltered(t *testing.T, file string) replayed {
	t.Helper()
	all, _, _ := replayAll(t, replayOf(file, wideOpen))
	return replayed{file, all}
}

// requireFiltered replays the file with the change and requires that exactly the records for which gone returns true
// are missing.
func (f replayed) requireFiltered(t *testing.T, what string, change func(*Config), gone func(attributes) bool) (filtered int) {
	t.Helper()
	want := map[string]int{}
	kit.EachRecord(f.all, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if gone(attributesOf(lr)) {
			filtered++
		} else {
			want[attributesOf(lr)("EventOriginalType")]++
		}
	})
	some, r, _ := replayAll(t, replayOf(f.file, func(c *Config) { wideOpen(c); change(c) }))
	got := map[string]int{}
	kit.EachRecord(some, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		require.False(t, gone(attributesOf(lr)), "%s: %v", what, lr.Attributes().AsRaw())
		got[attributesOf(lr)("EventOriginalType")]++
	})
	require.Equal(t, want, got, what)
	stats := &r.Pipeline.Stats
	events, _ := generated(t, f.file)
	require.Equal(t, int64(events), stats.Received.Load(), "%s: %s", what, stats)
	require.Equal(t, int64(filtered), stats.Filtered.Load(), "%s: %s", what, stats)
	require.Equal(t, int64(events-filtered), stats.Emitted.Load(), "%s: %s", what, stats)
	return filtered
}

func TestFieldsOfARuleAreAnd(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		n := replayUnfiltered(t, file).requireFiltered(t, "rules", func(c *Config) {
			c.Filters.Exclude = []filter.Rule{{"DnsQuery": {"*.contoso.com"}, "DnsQueryTypeName": {"AAAA"}}, {"EventOriginalType": {"260", "3019"}}}
			c.Filters.Include = []filter.Rule{{"DnsQueryTypeName": {"A", "AAAA"}}}
		}, func(a attributes) bool {
			id, qtype := a("EventOriginalType"), a("DnsQueryTypeName")
			excluded := strings.HasSuffix(strings.ToLower(a("DnsQuery")), ".contoso.com") && qtype == "AAAA" || id == "260" || id == "3019"
			return excluded || qtype != "A" && qtype != "AAAA"
		})
		require.Positive(t, n)
	}
}

func TestResultsTypesAndRolesAreFieldsOfARule(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		f := replayUnfiltered(t, file)
		for field, values := range map[string][]string{
			"EventResult": {"Failure"}, "EventType": {"Status", "DnsCache", "Update"}, "DnsRole": {"recursive-query", "recursive-response", "cache"},
		} {
			n := f.requireFiltered(t, field, func(c *Config) { c.Filters.Include = []filter.Rule{{field: values}} }, func(a attributes) bool {
				said := a(field)
				if field == "DnsRole" {
					said = a("AdditionalFields." + field)
				}
				return !slices.Contains(values, said)
			})
			require.Positive(t, n)
			n2, _ := generated(t, file)
			require.Less(t, n, n2, field)
		}
	}
}

func TestRulesThatCanMatchNoEventAreLoggedAtTheStart(t *testing.T) {
	for text, want := range map[string][]any{
		"{enable_flags: security, profile: asim, filters: {include: [{DnsRole: [audit]}], exclude: [{EventType: [DnsCache, Query]}]}}": {
			"exclude[0].EventType: DnsCache",
		},
		"{profile: asim, filters: {include: [{DnsRole: [audit]}]}}":                                       {"include[0].DnsRole: audit"},
		"{filters: {include: [{EventType: [Update]}]}}":                                                   {"include[0].EventType: Update"},
		"{excluded_event_ids: [3008, 256]}":                                                               {"excluded_event_ids: 3008"},
		"{enable_flags: security, filters: {include: [{EventType: [Update], DnsRole: [audit, update]}]}}": nil,
		"{}": nil,
	} {
		cfg, err := load(t, text)
		require.NoError(t, err)
		_, _, logs := replayAll(t, replayOf(serverFile, func(c *Config) {
			c.EnableFlags, c.Profile, c.Filters, c.Noise = cfg.EnableFlags, cfg.Profile, cfg.Filters, cfg.Noise
		}))
		lines := logs.FilterMessageSnippet("filter rules match no collected event").All()
		if want == nil {
			require.Empty(t, lines, text)
			continue
		}
		require.Len(t, lines, 1, text)
		require.Equal(t, zap.WarnLevel, lines[0].Level)
		require.Equal(t, want, lines[0].ContextMap()["match_nothing"], text)
		require.EqualValues(t, len(want), lines[0].ContextMap()["count"])
	}
	_, _, logs := replayAll(t, replayOf(serverFile, func(c *Config) {
		for id := 3000; id < 3100; id++ { // the DNS Client's, and some that no provider has
			c.Noise.ExcludedEventIDs = append(c.Noise.ExcludedEventIDs, id)
		}
		for id := 1001; id <= 1016; id++ {
			c.Noise.ExcludedEventIDs = append(c.Noise.ExcludedEventIDs, id)
		}
	}))
	lines := logs.FilterMessageSnippet("filter rules match no collected event").All()
	require.Len(t, lines, 1)
	require.Len(t, lines[0].ContextMap()["match_nothing"], 20)
	require.Greater(t, lines[0].ContextMap()["count"], int64(20), "all are counted")
}

func TestARuleOnProcessesThatCannotMatchIsLoggedAtTheStart(t *testing.T) {
	asks := func(c *Config) { c.Filters.Exclude = []filter.Rule{{"SrcProcessName": {"chrome.exe"}}} }
	for _, file := range []string{serverFile, clientFile} {
		_, r, logs := replayAll(t, replayOf(file, func(c *Config) { wideOpen(c); asks(c) }))
		require.Zero(t, r.Pipeline.Stats.Filtered.Load())
		said := logs.FilterMessageSnippet("SrcProcessName match no event").All()
		require.Len(t, said, 1)
		require.Equal(t, zap.WarnLevel, said[0].Level)
		_, _, logs = replayAll(t, replayOf(file, wideOpen))
		require.Empty(t, logs.FilterMessageSnippet("SrcProcessName").All())
	}
	for _, tc := range []struct {
		providers []ProviderConfig
		said      int
	}{
		{[]ProviderConfig{{ProviderGUID: dns.Server().Name}}, 1},
		{[]ProviderConfig{{ProviderGUID: dns.Server().Name, EnableFlags: &everything}}, 0}, // audit events name one
		{[]ProviderConfig{{ProviderGUID: dns.Client().Name}}, 0},
		{[]ProviderConfig{{ProviderGUID: dns.Server().Name}, {ProviderGUID: dns.Client().Name}}, 0},
	} {
		cfg := createDefaultConfig().(*Config)
		cfg.ProviderGUID, cfg.Providers = "", tc.providers
		asks(cfg)
		core, logs := observer.New(zap.DebugLevel)
		set := receivertest.NewNopSettings(metadata.Type)
		set.Logger = zap.New(core)
		r, err := newReceiver(set, cfg, consumertest.NewNop())
		require.NoError(t, err)
		r.handler, err = r.newHandler(dnslog.Device{})
		require.NoError(t, err)
		r.warnOfProcesses()
		require.Len(t, logs.FilterMessageSnippet("SrcProcessName match no event").All(), tc.said, "%v", tc.providers)
	}
}

func TestNoiseIsFilteredFromBothProviders(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		f := replayUnfiltered(t, file)
		n := f.requireFiltered(t, "exclude_aaaa_records", func(c *Config) { c.Noise.ExcludeAAAARecords = true },
			func(a attributes) bool { return a("DnsQueryTypeName") == "AAAA" })
		require.Positive(t, n)
		n = f.requireFiltered(t, "excluded_domains", func(c *Config) { c.Noise.ExcludedDomains = []string{"*.contoso.com", "lit?are.*", "login.adatum.com"} },
			func(a attributes) bool {
				q := strings.ToLower(a("DnsQuery"))
				return strings.HasSuffix(q, ".contoso.com") || strings.HasPrefix(q, "litware.") || q == "login.adatum.com"
			})
		require.Positive(t, n)
		ids := []int{1001, 1015, 1016, 1019, 258}
		n = f.requireFiltered(t, "excluded_event_ids", func(c *Config) { c.Noise.ExcludedEventIDs = ids },
			func(a attributes) bool {
				id, err := strconv.Atoi(a("EventOriginalType"))
				return err == nil && slices.Contains(ids, id)
			})
		require.Positive(t, n)
		n = f.requireFiltered(t, "include_info_events", func(c *Config) { c.Noise.IncludeInfoEvents = false },
			func(a attributes) bool {
				return file == clientFile && a("EventType") == "Status" && a("EventSeverity") == "Informational" && a("EventOriginalSubType") != ""
			})
		require.Equal(t, file == clientFile, n > 0)
	}
}

func TestRepetitionsAreFilteredWithinTheWindow(t *testing.T) {
	replay := func(file string, window time.Duration, repeat int) (emitted, filtered int64) {
		_, r, _ := replayAll(t, replayOf(file, func(c *Config) {
			wideOpen(c)
			c.Noise.EnableDeduplication, c.Noise.DeduplicationWindow, c.Replay.Repeat = true, window, repeat
		}))
		stats := &r.Pipeline.Stats
		events, _ := generated(t, file)
		require.Equal(t, int64(repeat*events), stats.Received.Load())
		require.Equal(t, stats.Received.Load(), stats.Emitted.Load()+stats.Filtered.Load(), "%s", stats)
		return stats.Emitted.Load(), stats.Filtered.Load()
	}
	for _, file := range []string{serverFile, clientFile} {
		short, filtered := replay(file, time.Second, 1)
		long, _ := replay(file, 300*time.Second, 1)
		require.Positive(t, filtered)
		require.Less(t, long, short, "a longer window drops more")
		again, _ := replay(file, 300*time.Second, 3)
		require.Equal(t, 3*long, again, "each file may be from another host")
	}
}

func TestClientFlagsSelectByCategoryInAReplay(t *testing.T) {
	_, byID := generated(t, clientFile)
	for flags, ids := range map[uint64][]int{
		1: {3000, 3001, 3004, 3005, 3006, 3007, 3008, 3015},
		2: {3002, 3003, 3016, 3018, 3019, 3020},
		4: {1001, 1019, 3023},
		8: {1013, 1015, 1016, 3009, 3010, 3011, 3012, 3013, 3014, 3019, 3020},
	} {
		want := int64(byID["1024"] + byID["3099"]) // in no category
		for _, id := range ids {
			want += int64(byID[strconv.Itoa(id)])
		}
		for _, f := range []uint64{flags, flags | 1<<63} {
			_, r, _ := replayAll(t, replayOf(clientFile, func(c *Config) { c.EnableFlags = &f }))
			require.Equal(t, want, r.Pipeline.Stats.Emitted.Load(), "%#x: %s", f, &r.Pipeline.Stats)
		}
	}
}

func TestFiltersAreReadFromYAML(t *testing.T) {
	cfg, err := load(t, `
filters:
  exclude:
    - {DnsQuery: ["*.example.com"], DnsQueryTypeName: [AAAA]}
    - {EventOriginalType: [260, 261]}
  include:
    - {SrcIpAddr: [10.0.0.0/8]}
    - {EventResult: Failure, EventType: Query, DnsRole: [client-response]}
include_info_events: false
excluded_event_ids: [1001, 1015]
excluded_domains: ["*.opinsights.azure.com", "wpad*"]
exclude_aaaa_records: true
enable_deduplication: true
deduplication_window: 60
`)
	require.NoError(t, err)
	require.Equal(t, filter.Config{
		Exclude: []filter.Rule{{"DnsQuery": {"*.example.com"}, "DnsQueryTypeName": {"AAAA"}}, {"EventOriginalType": {"260", "261"}}},
		Include: []filter.Rule{
			{"SrcIpAddr": {"10.0.0.0/8"}}, {"EventResult": {"Failure"}, "EventType": {"Query"}, "DnsRole": {"client-response"}},
		},
	}, cfg.Filters)
	require.Equal(t, filter.Noise{
		ExcludedEventIDs: []int{1001, 1015}, ExcludedDomains: []string{"*.opinsights.azure.com", "wpad*"}, ExcludeAAAARecords: true,
		EnableDeduplication: true, DeduplicationWindow: time.Minute,
	}, cfg.Noise)

	for yaml, want := range map[string]string{
		"filters: {exclude: [{DnsQuery: 'a.*.b'}]}": `filters: exclude[0].DnsQuery: "a.*.b" has a "*" that is not the leftmost label`,
		"filters: {exclude: [{DnsQuerry: a}]}":      "filters: exclude[0].DnsQuerry: there is no such field",
		"filters: {excludes: []}":                   "excludes",
		"excluded_event_ids: [70000]":               "excluded_event_ids: 70000 is not allowed; want 0 to 65535",
		"excluded_domains: ['']":                    `excluded_domains: "" matches nothing`,
		"deduplication_window: 0":                   "deduplication_window: 0s is not allowed; want 1s to 24h0m0s",
		"deduplication_window: 2d":                  "deduplication_window",
	} {
		_, err := load(t, yaml)
		require.ErrorContains(t, err, want, yaml)
	}
}

func TestEventsOfAnotherFileAreNotRepetitions(t *testing.T) {
	dir := t.TempDir()
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	for _, name := range []string{"dc1.etl", "dc2.etl"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), raw, 0o600))
	}
	sink, _, _ := replayAll(t, replayOf(filepath.Join(dir, "*.etl"), func(c *Config) { c.Noise.EnableDeduplication = true }))
	by := map[string]int{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { by[attributesOf(lr)("Dvc")]++ })
	require.Equal(t, by["dc1"], by["dc2"])
	require.Positive(t, by["dc1"])
}

func TestTheExamplesOfTheReadmeAreValid(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, examples)
	for _, example := range examples {
		path := filepath.Join(t.TempDir(), "example.yaml")
		require.NoError(t, os.WriteFile(path, []byte(example[1]), 0o600))
		conf, err := confmaptest.LoadConf(path)
		require.NoError(t, err, example[1])
		receivers, err := conf.Sub("receivers")
		require.NoError(t, err)
		for name := range receivers.ToStringMap() {
			sub, err := receivers.Sub(name)
			require.NoError(t, err)
			cfg := createDefaultConfig().(*Config)
			require.NoError(t, sub.Unmarshal(cfg), name)
			require.NoError(t, confmap.Validate(cfg), name)
		}
	}
}
