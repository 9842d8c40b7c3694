// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

func number(lr plog.LogRecord, name string) int64 {
	v, ok := lr.Attributes().Get(name)
	if !ok {
		return -1
	}
	return v.Int()
}

func TestAggregationCountsEveryEventOnce(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		for _, size := range []int{1, 64} {
			events, _ := generated(t, file)
			sink, r, _ := replayAll(t, replayOf(file, func(c *Config) {
				c.EnableFlags, c.EnableLevel, c.Aggregation.Window, c.Aggregation.MaxSizeMiB = &everything, 5, 5*time.Minute, size
			}))
			stats := &r.Pipeline.Stats
			require.Equal(t, int64(events), stats.Received.Load())
			require.Equal(t, int64(events), stats.Emitted.Load()+stats.Aggregated.Load(), "%s", stats)
			require.Positive(t, stats.Aggregated.Load())
			require.Equal(t, stats.Emitted.Load(), int64(sink.LogRecordCount()))
			var sum int64
			kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
				sum += number(lr, "EventCount")
				start, _ := lr.Attributes().Get("EventStartTime")
				end, _ := lr.Attributes().Get("EventEndTime")
				require.LessOrEqual(t, start.Str(), end.Str())
				if number(lr, "EventCount") == 1 {
					require.Equal(t, start.Str(), end.Str())
				}
			})
			require.Equal(t, int64(events), sum, "the records count every event once")
		}
	}
}

func TestCorrelationBringsEveryQueryAndItsResponseTogether(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		events, byID := generated(t, file)
		sink, r, _ := replayAll(t, replayOf(file, func(c *Config) { c.EnableFlags, c.EnableLevel, c.Correlate = &everything, 5, true }))
		stats := &r.Pipeline.Stats
		require.Equal(t, int64(events), stats.Emitted.Load()+stats.Aggregated.Load(), "%s", stats)
		require.Equal(t, stats.Emitted.Load(), int64(sink.LogRecordCount()))
		joined := int64(0)
		lookUps, unanswered, recursions := 0, 0, 0
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			start, _ := lr.Attributes().Get("EventStartTime")
			end, _ := lr.Attributes().Get("EventEndTime")
			if additional, ok := lr.Attributes().Get("AdditionalFields"); ok {
				if events, ok := additional.Map().Get("LookupEvents"); ok {
					joined += events.Int() - 2
					lookUps++
				}
				if asked, ok := additional.Map().Get("RecursionCount"); ok {
					joined += 2 * asked.Int() // each query to another server has a response or a timeout
					recursions++
				}
			}
			if start.Str() != end.Str() {
				joined++
				require.GreaterOrEqual(t, number(lr, "DnsNetworkDuration"), int64(0))
			}
			id, _ := lr.Attributes().Get("EventOriginalType")
			result, _ := lr.Attributes().Get("EventResult")
			if id.Str() == "256" && result.Str() == "Failure" {
				unanswered++
			}
		})
		require.InDelta(t, stats.Aggregated.Load(), joined, 3, "every query merged is in a response's record")
		if file == clientFile {
			require.Equal(t, byID["3006"], lookUps, "each call is one record")
		}
		if file == serverFile {
			require.Greater(t, joined, int64(byID["256"]/2))
			require.Positive(t, unanswered)
			require.Positive(t, recursions)
			require.Less(t, unanswered, byID["256"]/5)
		}
	}
}

// In the recording the server asks others on behalf of clients only. Where nobody answers it asks two.
func TestWhomTheServerAskedIsInTheRecordOfTheClientsQuery(t *testing.T) {
	sink, _, _ := replayAll(t, replayOf(serverFile, func(c *Config) { c.EnableFlags, c.EnableLevel, c.Correlate = &everything, 5, true }))
	apart, recursed, timedOut, partly := map[string]int{}, 0, 0, 0
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		id := kit.Text(lr, "EventOriginalType")
		switch id {
		case "260", "261", "262", "289", "290", "291":
			apart[id]++
			return
		}
		more, _ := lr.Attributes().AsRaw()["AdditionalFields"].(map[string]any)
		if more["RecursionCount"] == nil {
			require.NotContains(t, more, "RecursionServers")
			return
		}
		recursed++
		require.NotEmpty(t, more["RecursionServers"])
		if more["RecursionDuration"] == nil {
			partly++
			return
		}
		if took, ok := lr.Attributes().Get("DnsNetworkDuration"); ok {
			require.LessOrEqual(t, more["RecursionDuration"], took.Int(), "within the exchange")
		}
		if more["RecursionTimeouts"] != nil {
			timedOut++
		}
	})
	require.Equal(t, map[string]int{"261": 1}, apart, "one whose layout is unknown")
	require.Equal(t, 1, partly, "its exchange lacks it")
	_, byID := generated(t, serverFile)
	require.Equal(t, byID["262"]+byID["291"], 2*timedOut)
	require.Equal(t, byID["260"]+byID["289"], recursed+timedOut)
}

func TestALookUpOfTheClientIsOneRecordWithItsServerAndItsDuration(t *testing.T) {
	sink, _, _ := replayAll(t, replayOf(clientFile, func(c *Config) { c.EnableFlags, c.EnableLevel, c.Correlate = &everything, 5, true }))
	var cached, asked, alone int
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if kit.Text(lr, "EventOriginalType") != "3008" {
			return
		}
		raw := lr.Attributes().AsRaw()
		more := raw["AdditionalFields"].(map[string]any)
		require.GreaterOrEqual(t, more["LookupEvents"], int64(2))
		require.Less(t, kit.Text(lr, "EventStartTime"), kit.Text(lr, "EventEndTime"))
		require.Contains(t, raw, "DnsNetworkDuration")
		switch more["FromCache"] {
		case true:
			cached++
			require.Equal(t, int64(4), more["LookupEvents"])
			require.NotContains(t, raw, "DstIpAddr", "no server was asked")
		case false:
			asked++
			require.Contains(t, []any{"10.0.10.5", "fd00:0:0:10::5"}, raw["DstIpAddr"])
		default:
			alone++
			require.NotContains(t, raw, "DstIpAddr")
		}
	})
	require.Positive(t, cached)
	require.Positive(t, asked)
	require.Positive(t, alone, "probes, and events of older versions without a process")
}

// In the recording, whenever the service says which servers it asks (3009), only one call of each process and name is
// open.
func TestNoEventOfALookUpThatNamesItsProcessStaysApart(t *testing.T) {
	for correlate, want := range map[bool]int{false: 50, true: 0} {
		sink, _, _ := replayAll(t, replayOf(clientFile, func(c *Config) { c.EnableFlags, c.EnableLevel, c.Correlate = &everything, 5, correlate }))
		apart := 0
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			if _, named := lr.Attributes().Get("SrcProcessId"); named && kit.Text(lr, "EventOriginalType") == "3009" {
				apart++
			}
		})
		require.Equal(t, want, apart, "correlate: %v", correlate)
	}
}

func TestEachReplayedFileIsMergedByItsOwnTimes(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"aggregate": func(c *Config) { c.Aggregation.Window = 10 * time.Second },
		"correlate": func(c *Config) { c.Correlate = true },
	} {
		account := func(repeat int) (emitted, aggregated int64, failures int) {
			sink, r, _ := replayAll(t, replayOf(serverFile, func(c *Config) { change(c); c.Replay.Repeat = repeat }))
			kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
				if kit.Text(lr, "EventOriginalType") == "256" && kit.Text(lr, "EventResult") == "Failure" {
					failures++
				}
			})
			return r.Pipeline.Stats.Emitted.Load(), r.Pipeline.Stats.Aggregated.Load(), failures
		}
		emitted, aggregated, failures := account(1)
		twiceEmitted, twiceAggregated, twiceFailures := account(2)
		require.Equal(t, []int64{2 * emitted, 2 * aggregated}, []int64{twiceEmitted, twiceAggregated}, name)
		require.Equal(t, 2*failures, twiceFailures, name)
	}
}

func TestOmittedAttributesAreInNoRecord(t *testing.T) {
	sink, _, _ := replayAll(t, replayOf(serverFile, func(c *Config) { c.OmitAttributes = []string{"DnsFlagsZ", "AdditionalFields.PacketData"} }))
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		require.NotContains(t, lr.Attributes().AsRaw(), "DnsFlagsZ")
		if additional, ok := lr.Attributes().Get("AdditionalFields"); ok {
			require.NotContains(t, additional.Map().AsRaw(), "PacketData")
		}
	})
}

func TestTheKeysOfAggregationAndCorrelationMakeTheirStages(t *testing.T) {
	cfg, err := load(t, "aggregation: {window: 60, max_size_mib: 8}")
	require.NoError(t, err)
	require.Equal(t, time.Minute, cfg.Aggregation.Window)
	require.Nil(t, cfg.newCorrelator(nil))
	sums := cfg.newAggregator(nil)
	require.Equal(t, time.Minute, sums.Short)
	require.False(t, sums.Exchanges)
	require.Equal(t, 8<<20, sums.MaxBytes+sums.MaxEvents*hold.EntrySize, "the entries count too")
	cfg, err = load(t, "{correlate: true, correlation: {timeout: 3s}}")
	require.NoError(t, err)
	k := cfg.newCorrelator(nil)
	require.Equal(t, 3*time.Second, k.Window)
	require.Equal(t, cfg.Correlation.MaxSizeMiB<<20, k.MaxBytes+k.MaxEvents*(hold.EntrySize+correlate.OpenCallSize), "the entries count too")
	cfg, err = load(t, "")
	require.NoError(t, err)
	require.Nil(t, cfg.newCorrelator(nil))
	require.Nil(t, cfg.newAggregator(nil))
	cfg, err = load(t, "{correlate: true, aggregation: {window: 5m}}")
	require.NoError(t, err)
	require.NotNil(t, cfg.newCorrelator(nil))
	require.True(t, cfg.newAggregator(nil).Exchanges)

	for yaml, want := range map[string]string{
		"aggregation: {window: -1s}":         "aggregation: window: -1s is not allowed",
		"aggregation: {max_size_mib: 0}":     "aggregation: max_size_mib: 0 is not allowed",
		"correlation: {timeout: 0}":          "correlation: timeout: 0s is not allowed",
		"correlation: {max_size_mib: 99999}": "correlation: max_size_mib: 99999 is not allowed",
		"omit_attributes: [EventCounter]":    "omit_attributes: \"EventCounter\" is not an attribute",
	} {
		_, err := load(t, yaml)
		require.ErrorContains(t, err, want, yaml)
	}
}

func TestASampleHasItsPartOfTheMemory(t *testing.T) {
	c := createDefaultConfig().(*Config)
	c.Correlate, c.Aggregation.Window, c.Aggregation.MaxSizeMiB = true, time.Minute, 2
	bytes := func() int {
		a := c.newAggregator(nil)
		return a.MaxBytes + a.MaxEvents*hold.EntrySize
	}
	require.Equal(t, 2<<20, bytes())
	c.Thin(1000)
	require.Equal(t, 2<<20/1000, bytes())
	require.NoError(t, c.Validate(), "the keys are as they were")
}
