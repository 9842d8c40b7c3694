// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"
)

const good = `
endpoint: https://winnet-1234.eastus-1.ingest.monitor.azure.com
rule_id: dcr-0123456789abcdef0123456789abcdef
auth: {authenticator: azureauth}
`

func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	var raw map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(text), &raw))
	cfg := createDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(raw).Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

func TestTheDefaultsLoseNothing(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
	cfg, err := load(t, good)
	require.NoError(t, err)
	require.Equal(t, []string{"dcr-0123456789abcdef0123456789abcdef"}, cfg.RuleID)
	require.True(t, cfg.RetryConfig.Enabled)
	require.Zero(t, cfg.RetryConfig.MaxElapsedTime, "it never gives up")
	require.True(t, cfg.QueueConfig.Get().BlockOnOverflow)
	require.Equal(t, "bytes", cfg.QueueConfig.Get().Sizer.String())
	require.Zero(t, cfg.QueueConfig.Get().Batch.Get().MaxSize, "a maximum drops a larger record")
	require.Equal(t, 30*time.Second, cfg.Timeout)

	cfg, err = load(t, good+"sending_queue: {queue_size: 1073741824, batch: {flush_timeout: 5s}}\n")
	require.NoError(t, err)
	require.Equal(t, "bytes", cfg.QueueConfig.Get().Batch.Get().Sizer.String())
	cfg, err = load(t, strings.Replace(good, "dcr-0123456789abcdef0123456789abcdef", "[dcr-0123456789abcdef0123456789abcdef, dcr-ffffffffffffffffffffffffffffffff]", 1))
	require.NoError(t, err)
	require.Len(t, cfg.RuleID, 2)
	cfg, err = load(t, good+`streams: {audit: "", status: Microsoft-Own_CL}`)
	require.NoError(t, err)
	require.Equal(t, streamsConfig{DNS: dnsStream, Network: networkStream, Status: "Microsoft-Own_CL"}, cfg.Streams)
}

func TestWhatCannotWorkIsRefused(t *testing.T) {
	for change, want := range map[string]string{
		"endpoint: ''":                                "endpoint: it is empty",
		"endpoint: ingest.monitor.azure.com":          "is no address",
		"endpoint: https://":                          "is no address",
		"endpoint: ftp://x":                           "is no address",
		"endpoint: http://x.ingest.monitor.azure.com": "is not encrypted",
		"endpoint: https://x.ingest.monitor.azure.com/dataCollectionRules": "has more than a host",
		"endpoint: https://x.ingest.monitor.azure.com?api-version=1":       "has more than a host",
		"endpoint: https://u:p@x.ingest.monitor.azure.com":                 "has more than a host",
		"auth: null":      "auth: it is missing",
		"rule_id: ''":     "is no immutable id",
		"rule_id: []":     "rule_id: it is empty",
		"rule_id: winnet": "is no immutable id",
		"rule_id: dcr-0123456789ABCDEF0123456789ABCDEF":                                         "is no immutable id",
		"rule_id: [dcr-0123456789abcdef0123456789abcdef, dcr-0123456789abcdef0123456789abcdef]": "stands twice",
		"compression: gzip": "the exporter compresses by itself",
		"compression: none": "the exporter compresses by itself",
		"timeout: 30":       "want 1s or more",
		"sending_queue: {batch: {flush_timeout: 1}}":                             "want 10ms or more",
		`dead_letter: {path: "C:\temp\new.jsonl"}`:                               "a backslash begins an escape",
		"dead_letter: {path: '%TEMP%/dead.jsonl'}":                               "want ${env:TEMP}",
		"dead_letter: {path: ' '}":                                               "want the path of a file",
		"timeout: 0s":                                                            "timeout: 0s is not allowed",
		"streams: {dns: ASimDnsActivityLogs}":                                    "is no stream",
		"streams: {dns: Custom-}":                                                "is no stream",
		"streams: {dns: 'Custom-a/../b'}":                                        "is no stream",
		"streams: {dns: Custom-A, network: Custom-A}":                            "is the stream of dns as well",
		"streams: {dns: '', network: '', audit: '', status: ''}":                 "all are empty",
		"table_plan: basic":                                                      "want analytics or auxiliary",
		"limits: {body: 1mb}":                                                    "want uncompressed_1mb or compressed_1mb",
		"dead_letter: {max_size_mib: 0}":                                         "max_size_mib: 0 is not allowed",
		"resource_attributes: ['*.name']":                                        "is not allowed",
		"resource_attributes: ['']":                                              "is not allowed",
		"retry_on_failure: {initial_interval: 0s}":                               "want 100ms to 24h",
		"retry_on_failure: {max_interval: 1s}":                                   "is less than initial_interval",
		"retry_on_failure: {multiplier: 0.5}":                                    "want 1 to 100",
		"sending_queue: {num_consumers: 0}":                                      "num_consumers",
		"dead_leter: {path: x}":                                                  "dead_leter",
		"streams: {dsn: Custom-A}":                                               "dsn",
		"retry_on_failure: {multiplier: .nan}":                                   "want 1 to 100",
		"retry_on_failure: {multiplier: 1e308}":                                  "want 1 to 100",
		"retry_on_failure: {randomization_factor: .nan}":                         "want 0 to 1",
		"retry_on_failure: {randomization_factor: 2}":                            "want 0 to 1",
		"retry_on_failure: {initial_interval: 2540400h, max_interval: 2540400h}": "want 100ms to 24h",
		"retry_on_failure: {max_interval: 2540400h}":                             "want at most 24h",
		"retry_on_failure: {max_elapsed: 0s}":                                    "max_elapsed",
		"sending_queue: {batch: {max: 1}}":                                       "max",
		"tls: {ca_fil: x}":                                                       "ca_fil",
		"tls: {insecure_skip_verfy: true}":                                       "insecure_skip_verfy",
		"cookies: {on: true}":                                                    "cookies",
		"headers: {content-encoding: identity}":                                  "headers: content-encoding is not allowed",
		"headers: {Content-Type: text/plain}":                                    "headers: Content-Type is not allowed",
		"auth: {}":                                                               "auth::authenticator: it is missing",
		"unknown: 1":                                                             "unknown",
	} {
		key, _, _ := strings.Cut(change, ":")
		var kept []string
		for line := range strings.Lines(good) {
			if !strings.HasPrefix(line, key+":") {
				kept = append(kept, line)
			}
		}
		_, err := load(t, strings.Join(kept, "")+change+"\n")
		require.ErrorContains(t, err, want, change)
	}
	cfg, err := load(t, "endpoint: http://127.0.0.1:8080\nrule_id: dcr-0123456789abcdef0123456789abcdef\n")
	require.NoError(t, err, "a proxy on this machine that adds the token: %v", cfg)
}
