// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/traffic"
)

// minutes writes the traffic of some minutes.
func minutes(t *testing.T, length time.Duration) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "minutes.etl")
	f, err := os.Create(path)
	require.NoError(t, err)
	w, err := etl.Create(f, etl.Options{LoggerName: "ASIMDNSServerTrace", OS: etl.OSVersion{Major: 10, Build: 26100}})
	require.NoError(t, err)
	g := traffic.New(traffic.Studies(24), 1, traffic.Midnight(), 10*time.Hour)
	for end := traffic.Midnight().Add(10*time.Hour + length); ; {
		raw, at := g.Next()
		if !at.Before(end) {
			break
		}
		require.NoError(t, w.Write(raw))
	}
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
	return path
}

// packedRecord is a record without what packing leaves out.
type packedRecord struct {
	text       string
	start, end time.Time
}

// unpacked replays a file and unpacks its records. It returns them in order, and the number of records before.
func unpacked(t *testing.T, path string, config map[string]any) (list []packedRecord, records int, longest int) {
	t.Helper()
	config["replay"] = map[string]any{"path": path}
	config["device"] = map[string]any{"hostname": "dc01.corp.contoso.com", "ip": "10.0.10.5"}
	sink := kit.Replay(t, NewFactory(), config)
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		records++
		raw := lr.Attributes().AsRaw()
		if fields, ok := raw["AdditionalFields"].(map[string]any); ok && fields["Sums"] != nil {
			text, err := json.Marshal(fields)
			require.NoError(t, err)
			longest = max(longest, len(text))
		}
		for _, record := range kit.Unpack(t, raw) {
			switch {
			case config["profile"] != "asim":
			case config["answers"] != nil: // with detail an unpacked record has no DnsResponseName, unless all items had the same
				delete(record, "DnsResponseName")
			default:
				answersAsList(record)
			}
			text, start, end := kit.Comparable(t, record)
			list = append(list, packedRecord{text, start, end})
		}
	})
	slices.SortFunc(list, func(a, b packedRecord) int {
		if c := a.start.Compare(b.start); c != 0 {
			return c
		}
		return strings.Compare(a.text, b.text)
	})
	return list, records, longest
}

// answersAsList makes DnsAnswers of DnsResponseName, which has the answers of a record of profile asim. An unpacked record has both.
func answersAsList(record map[string]any) {
	text, ok := record["DnsResponseName"].(string)
	if !ok {
		return
	}
	fields, ok := record["AdditionalFields"].(map[string]any)
	if !ok {
		fields = map[string]any{}
		record["AdditionalFields"] = fields
	}
	var answers []any
	for answer := range strings.SplitSeq(text, ";") {
		answers = append(answers, answer)
	}
	if fields["DnsAnswers"] == nil {
		fields["DnsAnswers"] = answers
	}
}

func TestAPackedRecordUnpacksToTheRecordsOfPackNone(t *testing.T) {
	path := minutes(t, 4*time.Minute+30*time.Second) // less than a window: the windows of a client and of a sum then have the same exchanges
	for _, more := range []map[string]any{
		{}, {"attributes": "slim"}, {"attributes": "all", "answers": map[string]any{"detail": true}}, {"names": "lower"}, {"profile": "asim"}, {"profile": "asim", "attributes": "all"},
		{"profile": "asim", "attributes": "slim", "answers": map[string]any{"detail": true}}, {"aggregation": map[string]any{"whole": map[string]any{"records_per_minute": 1}}},
	} {
		t.Run(fmt.Sprint(more), func(t *testing.T) {
			with := func(pack string) (list []packedRecord, records int) {
				aggregation := map[string]any{"pack": pack}
				config := map[string]any{"volume": "lean"}
				for key, value := range more {
					config[key] = value
				}
				if own, ok := more["aggregation"].(map[string]any); ok {
					maps.Copy(aggregation, own)
				}
				config["aggregation"] = aggregation
				list, records, longest := unpacked(t, path, config)
				require.Less(t, longest, 8192)
				return list, records
			}
			want, all := with("none")
			require.Len(t, want, all)
			before := all
			for _, pack := range []string{"sums", "new"} {
				got, records := with(pack)
				require.Len(t, got, len(want), pack)
				for i := range want {
					require.Equal(t, want[i].text, got[i].text, pack)
					require.Equal(t, want[i].start, got[i].start, pack)
					require.InDelta(t, want[i].end.UnixMilli(), got[i].end.UnixMilli(), 1, pack)
				}
				require.Less(t, records, before, pack)
				before = records
			}
		})
	}
}

// Where a packed record could not be unpacked to what the records have without packing, nothing is packed.
func TestWithoutAnyOneAttributeAPackedRecordUnpacksToTheRecordsOfPackNone(t *testing.T) {
	path := minutes(t, 4*time.Minute)
	replay := func(pack, omitted string) []string {
		config := map[string]any{
			"volume": "lean", "aggregation": map[string]any{"pack": pack}, "omit_attributes": []any{omitted}, "replay": map[string]any{"path": path},
		}
		if omitted == "" {
			config["omit_attributes"] = []any{}
		}
		var list []string
		kit.EachRecord(kit.Replay(t, NewFactory(), config), func(_ plog.ResourceLogs, lr plog.LogRecord) {
			for _, record := range kit.Unpack(t, lr.Attributes().AsRaw()) {
				for _, name := range []string{"EventOriginalUid", "EventStartTime", "EventEndTime", omitted} { // lost or rounded, or said by others
					delete(record, name)
				}
				if fields, ok := record["AdditionalFields"].(map[string]any); ok {
					if delete(fields, "New"); len(fields) == 0 {
						delete(record, "AdditionalFields")
					}
				}
				text, err := json.Marshal(record)
				require.NoError(t, err)
				list = append(list, string(text))
			}
		})
		slices.Sort(list)
		return list
	}
	names := map[string]bool{"EventStartTime": true, "EventEndTime": true, "EventOriginalUid": true}
	for _, text := range replay("none", "") {
		record := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(text), &record))
		for name, v := range record {
			names[name] = true
			if fields, ok := v.(map[string]any); ok {
				for field := range fields {
					names[name+"."+field] = true
				}
			}
		}
	}
	require.Contains(t, names, "AdditionalFields.DnsNetworkDurationMin")
	require.Contains(t, names, "AdditionalFields.RecursionExchanges")
	for _, name := range slices.Sorted(maps.Keys(names)) {
		require.Equal(t, replay("none", name), replay("new", name), name)
	}
}

// A client with one item takes the least. README.md has the number of clients for 512 MiB.
func TestTheMemoryForSumsHasRoomForSoManyClients(t *testing.T) {
	const mib, clients = 16, 4726
	require.Equal(t, 151, 512*clients/mib/1000)
	change := func(c *Config) {
		c.useVolume(volume.Lean)
		c.EnableFlags, c.EnableLevel, c.Aggregation.MaxSizeMiB = &everything, 5, mib
	}
	l := startWithoutSession(t, change, consumertest.NewNop())
	l.shutdown()
	records, x := l.handler.Begin(plog.NewLogs()), newExchanges(t)
	for i := range clients + 10 {
		x.client = fmt.Sprintf("10.0.%d.%d", i/256, i%256)
		at := traceBegun.Add(time.Duration(i) * 10 * time.Millisecond)
		for _, raw := range [][]byte{x.query(at, i), x.answer(at.Add(time.Millisecond), i)} {
			for l.handler.Due() {
				l.handler.Release(records, true)
			}
			l.handler.Handle(pipeline.Event{Received: at.UnixNano(), Data: raw}, records)
		}
		require.EqualValues(t, max(0, i+1-clients), l.handler.aggregator.Early(), i)
	}
	require.Equal(t, clients, l.handler.Held())
	require.Equal(t, 10, records.Len())
}

// NXDOMAINs beyond the rate of a client are items of their own, with all that a record of their own has. A hundred of them are enough for a record.
func TestNXDOMAINsBeyondTheRateArePackedWhole(t *testing.T) {
	const rate, all, firstPort = 10, 130, 50_000 // the rate of lean
	at := func(i int) time.Time { return traceBegun.Add(time.Duration(i) * 100 * time.Millisecond) }
	for pack, records := range map[packMode]int{
		packNew:  3,                  // the first hundred beyond the rate, the rest, and the new one with the sum
		packSums: 1 + all - rate + 1, // the new one, those beyond the rate, and the sum
	} {
		t.Run(string(pack), func(t *testing.T) {
			sink := new(consumertest.LogsSink)
			l := startWithoutSession(t, func(c *Config) {
				c.useVolume(volume.Lean)
				c.EnableFlags, c.EnableLevel, c.Aggregation.Pack = &everything, 5, pack
			}, sink)
			x := newExchanges(t)
			x.client = "10.0.0.1"
			for i := range all {
				x.more = map[string]any{"Port": firstPort + i, "XID": i}
				l.offer(x.event(256, at(i), "nowhere.example.", i))
				x.more = map[string]any{"RCODE": 3, "Port": firstPort + i, "XID": i}
				l.offer(x.event(257, at(i).Add(time.Millisecond), "nowhere.example.", i))
			}
			l.shutdown()
			require.Equal(t, records, sink.LogRecordCount())
			var whole []int // those that are not summed
			count := int64(0)
			kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
				for _, record := range kit.Unpack(t, lr.Attributes().AsRaw()) {
					require.Equal(t, "NXDOMAIN", record["EventResultDetails"])
					count += record["EventCount"].(int64)
					port, ok := record["SrcPortNumber"].(int64)
					if !ok {
						continue
					}
					i := int(port - firstPort)
					require.Equal(t, fmt.Sprintf("%04x", i), record["TransactionIdHex"])
					start, err := time.Parse(time.RFC3339Nano, record["EventStartTime"].(string))
					require.NoError(t, err)
					require.True(t, start.Equal(at(i)), "%s is not %s", start, at(i))
					fields, _ := record["AdditionalFields"].(map[string]any)
					require.Equal(t, i == 0 && pack == packNew, fields["New"] == true, "only the first is new")
					whole = append(whole, i)
				}
			})
			slices.Sort(whole)
			want := []int{0}
			for i := rate; i < all; i++ {
				want = append(want, i)
			}
			require.Equal(t, want, whole)
			require.EqualValues(t, all, count)
		})
	}
}

// In a replay a query without an answer is ready five minutes after its time. It counts for the rates of its client all the same.
func TestWhatComesLateIsPackedBeyondTheRate(t *testing.T) {
	const minutes, perMinute = 15, 60
	x := newExchanges(t)
	x.client = "10.0.0.1"
	var events [][]byte
	for i := range minutes * perMinute {
		at := traceBegun.Add(time.Duration(i) * time.Second)
		x.more = nil
		events = append(events, x.event(256, at, "www.example.com.", i))
		if i%2 == 0 {
			x.more = map[string]any{"RCODE": 2}
			events = append(events, x.event(257, at.Add(time.Millisecond), "www.example.com.", i))
		}
	}
	cfg := createDefaultConfig().(*Config)
	cfg.useVolume(volume.Lean)
	cfg.EnableFlags, cfg.EnableLevel, cfg.Replay.Path = &everything, 5, []string{eventsFile(t, events)}
	sink, _, _ := replayAll(t, cfg)
	alone := 0
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if result := attributesOf(lr)("EventResult"); result == "Failure" && number(lr, "EventCount") == 1 {
			alone++
		}
	})
	require.LessOrEqual(t, alone, 10*(minutes+1))
	require.Positive(t, alone)
}
