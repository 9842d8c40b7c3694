// SPDX-License-Identifier: Apache-2.0

// EventOriginalUid: the same event has the same one, however often and from wherever it is read.

package ciliumwindowsreceiver

import (
	"encoding/binary"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// everyEvent has a record for each event of node-1.
func everyEvent(c *Config) {
	c.NodeName, c.MonitorAggregationLevel = "node-1", "none"
	c.EnabledEvents = []string{"DROP", "TRACE", "POLICY_VERDICT", "DEBUG", "CAPTURE"}
}

func uidsOf(t *testing.T, path string, change func(*Config)) []string {
	t.Helper()
	sink, _, _ := replayAll(t, replayOf(path, func(c *Config) { everyEvent(c); change(c) }))
	return slices.Sorted(maps.Keys(kit.ByUID(t, sink)))
}

func TestTheSameEventHasTheSameIdentifierWheneverItIsRead(t *testing.T) {
	want := uidsOf(t, captureFile, func(*Config) {})
	require.Len(t, want, kit.Generated(t, captureFile).Events)

	recorded := filepath.Join(t.TempDir(), "recorded.pcapng")
	again := uidsOf(t, captureFile, func(c *Config) { c.Record.Path, c.Batch.MaxRecords = recorded, 7 })
	require.Equal(t, want, again, "another run, with other batches")
	require.Equal(t, want, uidsOf(t, recorded, func(*Config) {}), "the recording of it")

	records := rawRecords(t, captureFile)
	rest := uidsOf(t, captureOf(t, records[len(records)/2:]...), func(*Config) {})
	require.Len(t, rest, len(records)-len(records)/2)
	for _, id := range rest {
		require.Contains(t, want, id, "a start in the middle")
	}
	require.NotContains(t, want, uidsOf(t, captureFile, func(c *Config) { c.NodeName = "node-2" })[0], "another node")
}

func TestEqualEventsOfOneTimeHaveIdentifiersOfTheirOwn(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	one, other := packet(2, at), packet(3, at)
	lost := events.Record{Time: at.UnixNano(), CPU: 1, Lost: 5}
	file := captureOf(t, one, other, one, one, lost, lost, other)
	level := func(c *Config) { c.NodeName = "node-1"; c.MonitorAggregationLevel = "none" }
	ids := uidsOf(t, file, level)
	require.Len(t, ids, 6, "the second loss is counted with the first")
	require.Equal(t, ids, uidsOf(t, file, level))
}

// 20,000 others between two equal packets are more than the receiver remembers; without times nothing else keeps the two apart.
func TestEqualPacketsOfACaptureWithoutTimesHaveIdentifiersOfTheirOwnHoweverFarApart(t *testing.T) {
	const twice, others = 20, 20_000
	var records []events.Record
	add := func(from, n int) {
		for i := from; i < from+n; i++ {
			r := packet(2, time.Unix(0, 0))
			r.Data = binary.LittleEndian.AppendUint32(slices.Clone(r.Data), uint32(i)) // a packet of its own
			records = append(records, r)
		}
	}
	add(0, twice)
	add(twice, others)
	add(0, twice)
	file := captureOf(t, records...)
	ids := sortedUIDs(t, file, func(*Config) {})
	require.Equal(t, twice+others+twice, len(ids))
	require.Equal(t, len(ids), len(slices.Compact(slices.Clone(ids))), "distinct ones")
	require.True(t, slices.Equal(ids, sortedUIDs(t, file, func(*Config) {})), "a second replay of the file")

	recorded := filepath.Join(t.TempDir(), "recorded.pcapng")
	sortedUIDs(t, file, func(c *Config) { c.Record.Path = recorded })
	require.True(t, slices.Equal(ids, sortedUIDs(t, recorded, func(*Config) {})), "the recording of a replay")
}

// What the settings filter has a position as well, so the others' identifiers stay.
func TestAPacketWithoutATimeHasTheSameIdentifierWithOtherSettings(t *testing.T) {
	trace := packet(2, time.Unix(0, 0))
	debug := events.Record{CPU: events.UnknownCPU, Data: mt.Debug{}.Bytes()}
	file := captureOf(t, debug, trace, trace)
	all := uidsOf(t, file, func(*Config) {})
	traces := uidsOf(t, file, func(c *Config) { c.EnabledEvents = []string{"TRACE"} })
	require.Len(t, all, 3)
	require.Len(t, traces, 2)
	require.Subset(t, all, traces)
}

// sortedUIDs gives the identifiers of all records, of which several may have the same.
func sortedUIDs(t *testing.T, path string, change func(*Config)) (ids []string) {
	t.Helper()
	sink, _, _ := replayAll(t, replayOf(path, func(c *Config) { everyEvent(c); change(c) }))
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { ids = append(ids, kit.Text(lr, "EventOriginalUid")) })
	slices.Sort(ids)
	return ids
}

func TestARecordOfSeveralEventsHasTheIdentifierOfItsFirst(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	var packets []events.Record
	for i := range 40 {
		packets = append(packets, packet(2, at.Add(time.Duration(i)*time.Second)))
	}
	file := captureOf(t, packets...)
	alone, _, _ := replayAll(t, replayOf(file, everyEvent))
	merged, r, _ := replayAll(t, replayOf(file, func(c *Config) { everyEvent(c); c.MonitorAggregationLevel = "medium" }))
	require.Positive(t, r.Pipeline.Stats.Aggregated.Load())
	all, several := kit.ByUID(t, alone), 0
	require.Len(t, all, 40)
	for id, lr := range kit.ByUID(t, merged) {
		require.Contains(t, all, id)
		require.Equal(t, kit.Text(all[id], "EventStartTime"), kit.Text(lr, "EventStartTime"))
		if kit.Text(lr, "EventCount") != "1" {
			several++
		}
	}
	require.Positive(t, several)
}
