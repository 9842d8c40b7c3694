// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

func TestABadFileOfAPatternHidesNoOtherAndMakesTheShutdownFail(t *testing.T) {
	raw, err := os.ReadFile(captureFile)
	require.NoError(t, err)
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"a.pcapng": raw, "b.pcapng": []byte("no capture"), "c.pcapng": raw, "d.pcapng": raw[:len(raw)/2+1], "e.pcapng": raw,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "f.pcapng"), 0o700))
	all, _ := generated(t)
	r, logs := startReceiver(t, receivertest.NewNopSettings(metadata.Type), replayOf(filepath.Join(dir, "*.pcapng"), everything), consumertest.NewNop())
	<-r.Player.Done()
	require.Greater(t, r.Pipeline.Stats.Received.Load(), int64(3*all), "the whole files are read, and half a one")
	err = r.Shutdown(context.Background())
	var unread *replay.UnreadError
	require.ErrorAs(t, err, &unread)
	require.Len(t, unread.Files, 3)
	for i, name := range []string{"b.pcapng", "d.pcapng", "f.pcapng"} {
		require.Contains(t, unread.Files[i].String(), filepath.Join(dir, name))
	}
	require.Len(t, logs.FilterMessage("not every file could be read in full").All(), 1, "one line names all")
}

func TestRecordsTooFarOutOfOrderAreReportedOncePerFile(t *testing.T) {
	const ahead = 8 << 10 // records, as documented
	file := func(before int) string {
		var records []events.Record
		for i := range before {
			records = append(records, events.Record{Time: int64(10_000 + i), CPU: -1, Data: []byte("x")})
		}
		for range 3 {
			records = append(records, events.Record{Time: 7_000, CPU: -1, Data: []byte("x")})
		}
		return writeCaptureOf(t, records...)
	}
	inOrder, late := file(ahead-3), file(ahead)
	_, r, logs := replayAll(t, replayOf(inOrder, func(c *Config) { everything(c); c.Replay.Path = append(c.Replay.Path, late) }))
	require.EqualValues(t, 2*ahead+3, r.Pipeline.Stats.Received.Load())
	said := logs.FilterMessageSnippet("come after later ones").FilterLevelExact(zap.WarnLevel).All()
	require.Len(t, said, 1)
	require.Equal(t, map[string]any{"file": late, "late": uint64(3), "late_by_at_most": 3 * time.Microsecond}, said[0].ContextMap())
}

func TestRecordsOfTimesFarAwaySplitNoConnectionOfAReplay(t *testing.T) {
	const connections = 50 // the strays' ports follow theirs
	begin := time.Date(2027, 3, 4, 5, 6, 7, 0, time.UTC)
	records := func(n, every int, stray func(i int) time.Time) (got map[string]int, early int) {
		random := rand.New(rand.NewPCG(21, 22))
		var all []events.Record
		for i := range n {
			all = append(all, packet(uint16(1+i%connections), begin.Add(time.Duration(i)*time.Millisecond)))
		}
		for i := 0; i < n; i += 20 {
			random.Shuffle(min(20, n-i), func(a, b int) { all[i+a], all[i+b] = all[i+b], all[i+a] })
		}
		var file []events.Record
		for i, r := range all {
			if file = append(file, r); stray != nil && i%every == 0 {
				file = append(file, packet(uint16(1+connections+i%1000), stray(i)))
			}
		}
		sink, r, logs := replayAll(t, replayOf(writeCaptureOf(t, file...), nil))
		require.EqualValues(t, len(file), r.Pipeline.Stats.Received.Load())
		got = map[string]int{}
		kit.EachRecord(sink, func(_ plog.ResourceLogs, record plog.LogRecord) {
			a := record.Attributes().AsRaw()
			if port := a["SrcPortNumber"].(int64); port <= connections {
				got[fmt.Sprintf("%d: %v from %v to %v", port, a["EventCount"], a["EventStartTime"], a["EventEndTime"])]++
			}
		})
		return got, logs.FilterMessageSnippet("come before earlier ones").FilterLevelExact(zap.WarnLevel).Len()
	}
	century := func(i int) time.Time { return begin.AddDate(100, 0, i%1000) }
	for name, c := range map[string]struct {
		n, every int
		stray    func(i int) time.Time
		early    int
	}{
		"the future":                {40_000, 40, century, 0},
		"the past":                  {40_000, 40, func(i int) time.Time { return begin.AddDate(-50, 0, i%1000) }, 0},
		"both":                      {40_000, 20, func(i int) time.Time { return begin.AddDate(50*(i/20%2*3-1), 0, i%1000) }, 0},
		"an hour ahead":             {40_000, 40, func(i int) time.Time { return begin.Add(time.Hour + time.Duration(i)*time.Millisecond) }, 0},
		"an hour behind, 1 in 20":   {40_000, 19, func(i int) time.Time { return begin.Add(time.Duration(i)*time.Millisecond - time.Hour) }, 0},
		"an hour behind, 1 in 8":    {40_000, 7, func(i int) time.Time { return begin.Add(time.Duration(i)*time.Millisecond - time.Hour) }, 0},
		"an hour behind, 1 in 4":    {60_000, 3, func(i int) time.Time { return begin.Add(time.Duration(i)*time.Millisecond - time.Hour) }, 0},
		"an hour behind, 1 in 3":    {60_000, 2, func(i int) time.Time { return begin.Add(time.Duration(i)*time.Millisecond - time.Hour) }, 0},
		"more than can wait":        {100_000, 5, century, 1},
		"more than can wait, twice": {100_000, 3, century, 1},
	} {
		t.Run(name, func(t *testing.T) {
			want, none := records(c.n, 1, nil)
			got, early := records(c.n, c.every, c.stray)
			require.Equal(t, []int{0, c.early}, []int{none, early}, "warnings")
			maps.DeleteFunc(got, func(record string, n int) bool { return want[record] == n })
			require.NotEmpty(t, want)
			require.Empty(t, got, "records that exist only with the strays")
		})
	}
}

func TestADamagedCaptureIsReadBeyondTheDamageAndCountsAsUnread(t *testing.T) {
	raw, err := os.ReadFile(captureFile)
	require.NoError(t, err)
	all, _ := generated(t)
	path := filepath.Join(t.TempDir(), "damaged.pcapng")
	copy(raw[len(raw)/2:], make([]byte, 64))
	require.NoError(t, os.WriteFile(path, raw, 0o600))
	r, logs := startReceiver(t, receivertest.NewNopSettings(metadata.Type), replayOf(path, everything), consumertest.NewNop())
	<-r.Player.Done()
	received := r.Pipeline.Stats.Received.Load()
	require.Less(t, received, int64(all))
	require.GreaterOrEqual(t, received, int64(all-3), "64 bytes hold parts of three packets at most")
	require.Len(t, logs.FilterMessage("the file is damaged; damaged bytes were skipped").FilterLevelExact(zap.WarnLevel).All(), 1)
	var unread *replay.UnreadError
	require.ErrorAs(t, r.Shutdown(context.Background()), &unread)
	require.Regexp(t, `damaged.pcapng: \d+ bytes at 1 place\(s\) could not be read, the first: capture damaged at byte \d+: `, unread.Error())
}

func TestABlockOfAnUnregisteredTypeIsReportedAndLosesNoPacket(t *testing.T) {
	raw, err := os.ReadFile(captureFile)
	require.NoError(t, err)
	all, _ := generated(t)
	path := filepath.Join(t.TempDir(), "unknown.pcapng")
	unknown := []byte("\x41\x00\x00\x00\x10\x00\x00\x00what\x10\x00\x00\x00")
	header := binary.LittleEndian.Uint32(raw[4:])
	require.NoError(t, os.WriteFile(path, slices.Insert(raw, int(header), unknown...), 0o600))
	_, r, logs := replayAll(t, replayOf(path, everything))
	require.EqualValues(t, all, r.Pipeline.Stats.Received.Load())
	said := logs.FilterMessage("the file is damaged; damaged bytes were skipped").All()
	require.Len(t, said, 1)
	require.EqualValues(t, 1, said[0].ContextMap()["unknown_blocks"])
	require.EqualValues(t, len(unknown), said[0].ContextMap()["bytes_stepped_over"])
	require.Contains(t, said[0].ContextMap()["first"], "a block of type 0x41, which is not registered")
}

func TestAReceiverInTwoPipelinesEndsTheCollectorOnce(t *testing.T) {
	h := kit.NewEndedHost()
	cfg := replayOf(captureFile, func(c *Config) { c.Replay.ExitWhenDone = true })
	logs, metrics, records, points := pipelines(t, NewFactory(), cfg, false)
	require.NoError(t, logs.Start(context.Background(), h))
	require.NoError(t, metrics.Start(context.Background(), h))
	select {
	case e := <-h.Ended:
		require.Equal(t, componentstatus.StatusFatalError, e.Status())
	case <-time.After(time.Minute):
		t.Fatal("the collector is not asked to end")
	}
	require.Positive(t, records.LogRecordCount())
	require.NoError(t, logs.Shutdown(context.Background()))
	require.NoError(t, metrics.Shutdown(context.Background()))
	require.Positive(t, points.DataPointCount())
	require.Empty(t, h.Ended)
}
