// SPDX-License-Identifier: Apache-2.0

package deliverytest

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"
)

// Load reads YAML into cfg, an exporter's default configuration, and validates it as the collector does.
func Load[C any](t *testing.T, cfg C, text string) (C, error) {
	t.Helper()
	var raw map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(text), &raw))
	if err := confmap.NewFromStringMap(raw).Unmarshal(cfg); err != nil {
		return cfg, err
	}
	return cfg, confmap.Validate(cfg)
}

// RequireLossless requires the defaults with which an exporter loses nothing.
func RequireLossless(t *testing.T, s Sections) {
	t.Helper()
	require.True(t, s.Retry.Enabled)
	require.Zero(t, s.Retry.MaxElapsedTime, "it never gives up")
	require.True(t, s.Queue.BlockOnOverflow)
	require.Equal(t, "bytes", s.Queue.Sizer.String())
	require.Zero(t, s.Queue.Batch.Get().MaxSize, "a maximum drops a larger record")
	require.Equal(t, 30*time.Second, s.Client.Timeout)
}

// refusedByAll are lines of YAML that every exporter refuses, with a part of the error.
var refusedByAll = map[string]string{
	"tls: {ca_fil: x}":                                                       "ca_fil",
	"tls: {insecure_skip_verfy: true}":                                       "insecure_skip_verfy",
	"cookies: {on: true}":                                                    "cookies",
	"headers: {content-encoding: identity}":                                  "headers: content-encoding is not allowed",
	"headers: {Content-Type: text/plain}":                                    "headers: Content-Type is not allowed",
	"headers: {user-agent: me}":                                              "headers: user-agent is not allowed",
	"headers: {x-ms-client-request-id: me}":                                  "headers: x-ms-client-request-id is not allowed",
	"auth: {authenticator: azureauth}\nheaders: {authorization: Bearer x}":   "headers: authorization is not allowed beside auth",
	"compression_params: {level: 3}":                                         "compression_params: it is not allowed; the exporter compresses by itself",
	"auth: {}":                                                               "auth::authenticator: it is missing",
	"compression: gzip":                                                      "the exporter compresses by itself",
	"compression: none":                                                      "the exporter compresses by itself",
	"timeout: 30":                                                            "want 1s to 1h",
	"timeout: 0s":                                                            "timeout: 0s is not allowed",
	"sending_queue: {num_consumers: 0}":                                      "num_consumers",
	"sending_queue: {num_consumers: 9223372036854775807}":                    "sending_queue::num_consumers: 9223372036854775807 is not allowed",
	"sending_queue: {queue_size: 4194303}":                                   "sending_queue::queue_size: 4194303 is not allowed with sizer bytes; want at least 4194304",
	"sending_queue: {sizer: items, queue_size: 9999}":                        "sending_queue::queue_size: 9999 is not allowed with sizer items; want at least 10000",
	"sending_queue: {batch: {flush_timeout: 1}}":                             "want 10ms to 1h",
	"sending_queue: {batch: {flush_timeout: 2540400h}}":                      "want 10ms to 1h",
	"timeout: 2540400h":                                                      "timeout: 2540400h0m0s is not allowed",
	"read_buffer_size: 9223372036854775807":                                  "read_buffer_size: 9223372036854775807 is not allowed",
	"write_buffer_size: 16777217":                                            "write_buffer_size: 16777217 is not allowed",
	"proxy_url: http://user:hunter2%zz@proxy:8080":                           "proxy_url: it is not the address of a proxy",
	"proxy_url: 'http://user:hunter2#1@proxy:8080'":                          "proxy_url: it is not the address of a proxy",
	"proxy_url: ftp://hunter2@proxy:8080":                                    "proxy_url: it is not the address of a proxy",
	"proxy_url: hunter2":                                                     "proxy_url: it is not the address of a proxy",
	"sending_queue: {batch: {max: 1}}":                                       "max",
	`dead_letter: {path: "C:\temp\new.jsonl"}`:                               "dead_letter::path: \"C:\\temp\\new.jsonl\" is not allowed: within YAML's double quotes a backslash begins an escape",
	"dead_letter: {path: '%TEMP%/dead.jsonl'}":                               "want ${env:TEMP}",
	"dead_letter: {path: ' '}":                                               "want the path of a file",
	"dead_letter: {max_size_mib: 0}":                                         "max_size_mib: 0 is not allowed",
	"dead_leter: {path: x}":                                                  "dead_leter",
	"retry_on_failure: {initial_interval: 0s}":                               "want 100ms to 24h",
	"retry_on_failure: {max_interval: 1s}":                                   "is less than initial_interval",
	"retry_on_failure: {multiplier: 0.5}":                                    "want 1 to 100",
	"retry_on_failure: {multiplier: .nan}":                                   "want 1 to 100",
	"retry_on_failure: {multiplier: 1e308}":                                  "want 1 to 100",
	"retry_on_failure: {randomization_factor: .nan}":                         "want 0 to 1",
	"retry_on_failure: {randomization_factor: 2}":                            "want 0 to 1",
	"retry_on_failure: {initial_interval: 2540400h, max_interval: 2540400h}": "want 100ms to 24h",
	"retry_on_failure: {max_interval: 2540400h}":                             "want at most 24h",
	"retry_on_failure: {max_elapsed: 0s}":                                    "max_elapsed",
	"unknown: 1":                                                             "unknown keys: unknown",
}

// RequireRefused requires that load refuses good, a valid configuration, with each line of refused, and with each that all exporters refuse.
// The line replaces the one of the same key. The error must contain the text.
func RequireRefused(t *testing.T, load func(text string) error, good string, refused map[string]string) {
	t.Helper()
	all := maps.Clone(refusedByAll)
	maps.Copy(all, refused)
	for line, want := range all {
		key, _, _ := strings.Cut(line, ":")
		var kept strings.Builder
		for other := range strings.Lines(good) {
			if !strings.HasPrefix(other, key+":") {
				kept.WriteString(other)
			}
		}
		err := load(kept.String() + line + "\n")
		require.ErrorContains(t, err, want, line)
		require.NotContains(t, err.Error(), "struct {", "%s: an error has no Go types", line)
		require.NotContains(t, err.Error(), "hunter2", "%s: an error has no secret", line)
	}
}
