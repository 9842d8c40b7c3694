// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
)

const good = `
endpoint: https://winnet-1234.eastus-1.ingest.monitor.azure.com
rule_id: dcr-0123456789abcdef0123456789abcdef
auth: {authenticator: azureauth}
`

func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	return deliverytest.Load(t, createDefaultConfig().(*Config), text)
}

func TestTheDefaultsLoseNothing(t *testing.T) {
	require.NoError(t, componenttest.CheckConfigStruct(createDefaultConfig()))
	cfg, err := load(t, good)
	require.NoError(t, err)
	require.Equal(t, []string{"dcr-0123456789abcdef0123456789abcdef"}, cfg.RuleID)
	deliverytest.RequireLossless(t, sections(cfg))

	cfg, err = load(t, good+"sending_queue: {queue_size: 1073741824, batch: {flush_timeout: 5s}}\n")
	require.NoError(t, err)
	require.Equal(t, "bytes", cfg.QueueConfig.Get().Batch.Get().Sizer.String())
	cfg, err = load(t, strings.Replace(good, "dcr-0123456789abcdef0123456789abcdef", "[dcr-0123456789abcdef0123456789abcdef, dcr-ffffffffffffffffffffffffffffffff]", 1))
	require.NoError(t, err)
	require.Len(t, cfg.RuleID, 2)
	cfg, err = load(t, good+`streams: {audit: "", status: Microsoft-Own_CL}`)
	require.NoError(t, err)
	require.Equal(t, streamsConfig{DNS: dnsStream, Network: networkStream, Status: "Microsoft-Own_CL", ArchiveDNS: dnsArchive, ArchiveNetwork: networkArchive}, cfg.Streams)
}

func TestWhatCannotWorkIsRefused(t *testing.T) {
	deliverytest.RequireRefused(t, func(text string) error { _, err := load(t, text); return err }, good, map[string]string{
		"endpoint: ''":                                "endpoint: it is empty",
		"endpoint: ingest.monitor.azure.com":          "is not an address",
		"endpoint: https://":                          "is not an address",
		"endpoint: ftp://x":                           "endpoint: \"ftp://x\" is not an address",
		"endpoint: http://x.ingest.monitor.azure.com": "is not encrypted",
		"endpoint: https://x.ingest.monitor.azure.com/dataCollectionRules": "has more than a host",
		"endpoint: https://x.ingest.monitor.azure.com?api-version=1":       "has more than a host",
		"endpoint: https://u:hunter2@x.ingest.monitor.azure.com":           "has more than a host",
		"endpoint: https://x.ingest.monitor.azure.com?sig=hunter2":         "has more than a host",
		"endpoint: https://u:hunter2%zz@x.ingest.monitor.azure.com":        "endpoint: it is not an address",
		"endpoint: hunter2":       "endpoint: it is not an address",
		"rule_id: hunter2":        "rule_id: it is not an immutable id",
		"rule_id: [dcr-hunter2~]": "rule_id: it is not an immutable id",
		"auth: null":              "auth: it is missing",
		"rule_id: ''":             "is not an immutable id",
		"rule_id: []":             "rule_id: it is empty",
		"rule_id: winnet":         "is not an immutable id",
		"rule_id: dcr-0123456789ABCDEF0123456789ABCDEF":                                                   "\"dcr-0123456789ABCDEF0123456789ABCDEF\" is not an immutable id",
		"rule_id: [dcr-0123456789abcdef0123456789abcdef, dcr-0123456789abcdef0123456789abcdef]":           "is in the list twice",
		"streams: {dns: ASimDnsActivityLogs}":                                                             "is not a stream name",
		"streams: {dns: Custom-}":                                                                         "is not a stream name",
		"streams: {dns: 'Custom-a/../b'}":                                                                 "is not a stream name",
		"streams: {dns: Custom-A, network: Custom-A}":                                                     "is the stream of dns as well",
		"streams: {dns: '', network: '', audit: '', status: '', archive_dns: '', archive_network: ''}":    "all are empty",
		"streams: {archive_dns: Custom-WinnetDnsArchive_CL, archive_network: Custom-WinnetDnsArchive_CL}": "is the stream of archive_dns as well",
		"streams: {dns: }":                   "streams::dns: it has no value, for example because a variable is not set",
		"streams: {status: '', audit: null}": "streams::audit: it has no value",
		"streams: {dsn: Custom-A}":           "dsn",
		"table_plan: basic":                  "want analytics or auxiliary",
		"limits: {body: 1mb}":                "want uncompressed_1mb or compressed_1mb",
		"resource_attributes: ['*.name']":    "is not allowed",
		"resource_attributes: ['']":          "is not allowed",
	})
	cfg, err := load(t, "endpoint: http://127.0.0.1:8080\nrule_id: dcr-0123456789abcdef0123456789abcdef\n")
	require.NoError(t, err, "a proxy on this machine that adds the token: %v", cfg)
}
