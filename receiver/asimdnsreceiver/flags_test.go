// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// shippedReceivers returns the asimdns receivers of config.yaml and of every example, by file and name.
func shippedReceivers(t *testing.T) map[string]map[string]any {
	t.Helper()
	files, err := filepath.Glob("../../examples/*/*.yaml")
	require.NoError(t, err)
	found := map[string]map[string]any{}
	for _, file := range append(files, "../../config.yaml") {
		conf, err := confmaptest.LoadConf(file)
		require.NoError(t, err)
		if filepath.Base(file) == "recipe.yaml" { // it shows one key, over another configuration
			continue
		}
		receivers, _ := conf.ToStringMap()["receivers"].(map[string]any)
		for name, section := range receivers {
			if base, _, _ := strings.Cut(name, "/"); base == "asimdns" {
				found[file+" "+name], _ = section.(map[string]any)
			}
		}
	}
	require.GreaterOrEqual(t, len(found), 6)
	return found
}

// Events that are not collected cannot be queried: the default keywords filter out 15 of 15 planted transfers, updates
// and audit events.
func TestTheShippedConfigurationsCollectUpdatesTransfersAndAuditEvents(t *testing.T) {
	for name, section := range shippedReceivers(t) {
		require.Equal(t, "security", section["enable_flags"], name)
	}
	_, byID := generated(t, serverFile)
	collected := func(yaml string) map[string]int {
		cfg, err := load(t, yaml)
		require.NoError(t, err)
		sink, _, _ := replayAll(t, replayOf(serverFile, func(c *Config) { c.EnableFlags = cfg.EnableFlags }))
		got := map[string]int{}
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { got[kit.Text(lr, "EventOriginalType")]++ })
		return got
	}
	security, byDefault, wanted := collected("enable_flags: security"), collected(""), 0
	for id, n := range byID {
		number, err := strconv.Atoi(id)
		require.NoError(t, err)
		update := number == 263 || number == 264 || number == 277 || number == 278
		transfer := number >= 265 && number <= 272
		audit := number >= 512 && number <= 640 // 640 is in no manifest
		if update || transfer || audit {
			wanted += n
			require.Equal(t, n, security[id], "event %s", id)
			require.Zero(t, byDefault[id], "event %s", id)
		}
	}
	require.Greater(t, wanted, 15)
	for id, n := range byDefault {
		require.Equal(t, n, security[id], "event %s", id)
	}
}

func TestTheStartSaysWhichKindsOfEventsAreLeftOut(t *testing.T) {
	for text, want := range map[string][]any{
		"":                                   {"timeouts", "updates", "transfers", "notify", "lookups", "rate_limiting", "audit"},
		"enable_flags: security":             {"timeouts", "notify", "lookups", "rate_limiting"},
		"enable_flags: '0xFFFFFFFFFFFFFFFF'": nil,
	} {
		cfg, err := load(t, text)
		require.NoError(t, err)
		_, _, logs := replayAll(t, replayOf(serverFile, func(c *Config) { c.EnableFlags = cfg.EnableFlags }))
		lines := logs.FilterMessageSnippet("enable_flags leaves out").All()
		if want == nil {
			require.Empty(t, lines)
			continue
		}
		require.Len(t, lines, 1)
		require.Equal(t, want, lines[0].ContextMap()["left_out"])
		require.Equal(t, dns.Server().Name, lines[0].ContextMap()["provider"])
	}
}

func TestTheStartSaysWhichKindsOfEventsTheLevelLeavesOut(t *testing.T) {
	for text, want := range map[string][]any{
		"{enable_flags: security}":                  nil,
		"{enable_flags: security, enable_level: 5}": nil,
		"{enable_flags: security, enable_level: 2}": {
			"queries", "responses (in part)", "recursion", "updates", "transfers", "audit",
		},
		"{enable_flags: audit, enable_level: 2}": {"audit"},
	} {
		cfg, err := load(t, text)
		require.NoError(t, err)
		_, _, logs := replayAll(t, replayOf(serverFile, func(c *Config) { c.EnableFlags, c.EnableLevel, c.Profile = cfg.EnableFlags, cfg.EnableLevel, "asim" }))
		lines := logs.FilterMessageSnippet("enable_level leaves out").All()
		if want == nil {
			require.Empty(t, lines, text)
			continue
		}
		require.Len(t, lines, 1, text)
		require.Equal(t, zap.WarnLevel, lines[0].Level)
		require.Equal(t, want, lines[0].ContextMap()["left_out"], text)
	}
}
