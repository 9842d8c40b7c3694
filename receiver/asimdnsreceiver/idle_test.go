// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestKeysOfAggregationThatDoNotDoWhatTheySayAreReported(t *testing.T) {
	for yaml, want := range map[string]string{
		"{volume: lean, correlate: false}":                                                                        "aggregation without correlate",
		"{volume: balanced, aggregation: {whole: {failures: true}}}":                                              "aggregation.whole has no effect",
		"{volume: lean, aggregation: {window: 2h}}":                                                               "aggregation.window is longer than aggregation.noise.window",
		"{volume: balanced, aggregation: {pack: new}}":                                                            "aggregation.pack has no effect without aggregation.window",
		"{aggregation: {window: 1m, pack: sums}}":                                                                 "aggregation.pack has no effect without correlate",
		"{volume: lean, aggregation: {pack: sums, whole: {records_per_minute: 5}}}":                               "aggregation.whole.records_per_minute has no effect without",
		"{volume: lean, aggregation: {max_size_mib: 15, whole: {records_per_minute: 5}}}":                         "aggregation.whole.records_per_minute has no effect without correlate",
		"{correlate: true, aggregation: {window: 1m, pack: new, whole: {records_per_minute: 5, new_within: 1h}}}": "aggregation.whole.records_per_minute has no effect without failures",
		"{volume: lean, aggregation: {whole: {records_per_minute: 5}}}":                                           "",
		"{volume: lean, omit_attributes: [AdditionalFields]}":                                                     "aggregation.pack has no effect, because omit_attributes",
		"{volume: lean, omit_attributes: [AdditionalFields.Sums]}":                                                "aggregation.pack has no effect, because omit_attributes",
		"{volume: lean, omit_attributes: [EventCount]}":                                                           "aggregation.pack has no effect, because omit_attributes",
		"{volume: lean, omit_attributes: [DnsNetworkDuration]}":                                                   "",
		"{volume: balanced, aggregation: {window: 1m, pack: sums}}":                                               "",
		"{volume: lean}": "",
		"{volume: lean, aggregation: {window: 0, noise: {window: 0}}}": "",
		"{aggregation: {window: 1m}}":                                  "",
		"":                                                             "",
	} {
		cfg, err := load(t, yaml)
		require.NoError(t, err, yaml)
		core, logs := observer.New(zap.WarnLevel)
		r := &dnsReceiver{cfg: cfg, log: zap.New(core)}
		r.warnOfAggregation()
		if want == "" {
			require.Empty(t, logs.All(), yaml)
			continue
		}
		require.Len(t, logs.FilterMessageSnippet(want).All(), 1, yaml)
		require.Equal(t, 1, logs.Len(), yaml)
	}
}
