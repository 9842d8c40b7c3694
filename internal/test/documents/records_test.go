// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// dns replays a capture wide open, as `make run` does, with more keys.
func dns(t *testing.T, capture string, more map[string]any) *consumertest.LogsSink {
	config := map[string]any{"enable_level": 5, "enable_flags": 0, "replay": map[string]any{"path": root + "/testdata/" + capture}}
	if capture == "dnsclient.etl" {
		config["provider_guid"] = "Microsoft-Windows-DNS-Client"
	}
	for key, value := range more {
		config[key] = value
	}
	return kit.Replay(t, asimdnsreceiver.NewFactory(), config)
}

// lean replays a capture with the volume lean. The identifiers are those of its file.
func lean(t *testing.T, capture string) *consumertest.LogsSink {
	return kit.Replay(t, ciliumwindowsreceiver.NewFactory(), map[string]any{
		"volume": "lean", "replay": map[string]any{"path": root + "/testdata/" + capture},
	})
}

// cilium replays a capture, every event of it.
func cilium(t *testing.T, capture string) *consumertest.LogsSink {
	return kit.Replay(t, ciliumwindowsreceiver.NewFactory(), map[string]any{
		"enabled_events": []string{"DROP", "TRACE", "POLICY_VERDICT", "DEBUG", "CAPTURE"}, "monitor_aggregation_level": "none",
		"replay": map[string]any{"path": root + "/testdata/" + capture},
	})
}

func TestEveryRecordThatADocumentShowsIsOfACapture(t *testing.T) {
	sinks := []*consumertest.LogsSink{
		dns(t, "dnsserver.etl", nil), dns(t, "dnsclient.etl", nil), dns(t, "dnsclient.etl", map[string]any{"correlate": true}),
		dns(t, "dnsserver.etl", map[string]any{"correlate": true, "aggregation": map[string]any{"window": "5m"}}),
		dns(t, "dnsserver.etl", map[string]any{"profile": "asim"}),
		dns(t, "dnsserver.etl", map[string]any{"volume": "balanced"}), dns(t, "dnsserver.etl", map[string]any{"volume": "lean", "aggregation": map[string]any{"pack": "none"}}),
		cilium(t, "cilium_events.pcapng"), cilium(t, "cilium_ways.pcapng"), lean(t, "cilium_ways.pcapng"),
	}
	all, err := All(root)
	require.NoError(t, err)
	shown := 0
	for _, b := range all {
		if b.Kind != "record" {
			continue
		}
		samples := kit.Samples(b.Text)
		require.NotEmpty(t, samples, "%v: no record that a test can read", b)
		for _, sample := range samples {
			sample.RequireAmong(t, sinks...)
			shown++
		}
	}
	require.Greater(t, shown, 7)
}

// A block of JSON is one of the answers that `answers.detail: true` gives.
func TestEveryAnswerThatADocumentShowsIsOfACapture(t *testing.T) {
	answers := map[string]bool{}
	kit.EachRecord(dns(t, "dnsserver.etl", map[string]any{"answers": map[string]any{"detail": true}}), func(_ plog.ResourceLogs, lr plog.LogRecord) {
		fields, _ := lr.Attributes().AsRaw()["AdditionalFields"].(map[string]any)
		list, _ := fields["DnsAnswers"].([]any)
		for _, answer := range list {
			text, err := json.Marshal(answer)
			require.NoError(t, err)
			answers[string(text)] = true
		}
	})
	all, err := All(root)
	require.NoError(t, err)
	for _, b := range all {
		if b.Kind != "json" {
			continue
		}
		var shown map[string]any
		require.NoError(t, json.Unmarshal([]byte(b.Text), &shown), "%v", b)
		text, err := json.Marshal(shown)
		require.NoError(t, err)
		require.Contains(t, answers, string(text), "%v", b)
	}
}
