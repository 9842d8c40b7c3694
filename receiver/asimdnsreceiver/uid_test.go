// SPDX-License-Identifier: Apache-2.0

// EventOriginalUid: the same event has the same one, however often and from wherever it is read.

package asimdnsreceiver

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// uidsOf replays a file of dc1 and gives the identifiers of its records, sorted.
func uidsOf(t *testing.T, path string, change func(*Config)) []string {
	t.Helper()
	sink, _, _ := replayAll(t, replayOf(path, func(c *Config) {
		wideOpen(c)
		c.Device.Hostname = "dc1.corp.example.com"
		if change != nil {
			change(c)
		}
	}))
	return slices.Sorted(maps.Keys(kit.ByUID(t, sink)))
}

func TestTheSameEventHasTheSameIdentifierWheneverItIsRead(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
			want := uidsOf(t, file, func(c *Config) { c.Profile = profile })
			require.Len(t, want, kit.Generated(t, file).Events)

			dir := t.TempDir()
			recorded := filepath.Join(dir, filepath.Base(file))
			again := uidsOf(t, file, func(c *Config) { c.Profile, c.Record.Path, c.Batch.MaxRecords = profile, recorded, 7 })
			require.Equal(t, want, again, "another run, with other batches")
			require.Equal(t, want, uidsOf(t, recorded, func(c *Config) { c.Profile = profile }), "the recording of it")

			events := rawEventsOf(t, file)
			half := filepath.Join(dir, "half_"+filepath.Base(file))
			writeFile(t, half, events[len(events)/2:], time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), false)
			rest := uidsOf(t, half, func(c *Config) { c.Profile, c.ProviderGUID = profile, "{"+providerOf(file)+"}" })
			require.Len(t, rest, len(events)-len(events)/2)
			for _, id := range rest {
				require.Contains(t, want, id, "a start in the middle")
			}
			other := uidsOf(t, file, func(c *Config) { c.Profile, c.Device.Hostname = profile, "dc2.corp.example.com" })
			require.NotContains(t, want, other[0], "another host")
		}
	}
}

// providerOf gives the provider of a file of test data.
func providerOf(file string) string {
	if file == clientFile {
		return dns.Client().GUID.String()[1:37]
	}
	return dns.Server().GUID.String()[1:37]
}

// One file under two names, in one replay: what is read twice has one identifier.
func TestAFileThatIsReplayedTwiceInOneRunHasTheSameIdentifiersTwice(t *testing.T) {
	dir := t.TempDir()
	events := rawEventsOf(t, serverFile)[:100]
	for _, name := range []string{"a_1.etl", "b_1.etl"} {
		writeFile(t, filepath.Join(dir, name), events, time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), false)
	}
	sink, _, _ := replayAll(t, replayOf(filepath.Join(dir, "*.etl"), func(c *Config) { wideOpen(c); c.Device.Hostname = "dc1" }))
	copies := map[string]int{}
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { copies[kit.Text(lr, "EventOriginalUid")]++ })
	require.Len(t, copies, len(events))
	for id, n := range copies {
		require.Equal(t, 2, n, id)
	}
}

func TestEqualEventsOfOneTimeHaveIdentifiersOfTheirOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "equal.etl")
	one := rawEventsOf(t, serverFile)[:20]
	var events [][]byte
	for _, raw := range one {
		events = append(events, raw, raw)
	}
	writeFile(t, path, append(events, one...), time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), false)
	ids := uidsOf(t, path, nil)
	require.Len(t, ids, 60)
	require.Equal(t, ids, uidsOf(t, path, nil))
	single := filepath.Join(t.TempDir(), "single.etl")
	writeFile(t, single, one, time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), false)
	for _, id := range uidsOf(t, single, nil) {
		require.Contains(t, ids, id, "the first of them is the one event of another file")
	}
}

func TestARecordOfSeveralEventsHasTheIdentifierOfItsFirst(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		for name, change := range map[string]func(*Config){
			"correlate": func(c *Config) { c.Correlate = true }, "aggregation": func(c *Config) { c.Aggregation.Window = 5 * time.Second },
		} {
			host := func(c *Config) { wideOpen(c); c.Device.Hostname = "dc1" }
			alone, _, _ := replayAll(t, replayOf(file, host))
			merged, r, _ := replayAll(t, replayOf(file, func(c *Config) { host(c); change(c) }))
			require.Positive(t, r.Pipeline.Stats.Aggregated.Load(), "%s of %s", name, file)
			events, several := kit.ByUID(t, alone), 0
			for id, lr := range kit.ByUID(t, merged) {
				require.Contains(t, events, id, name)
				if lr.Attributes().AsRaw()["EventStartTime"] == lr.Attributes().AsRaw()["EventEndTime"] {
					continue
				}
				several++
				require.Equal(t, kit.Text(events[id], "EventStartTime"), kit.Text(lr, "EventStartTime"), "%s: %v", name, lr.Attributes().AsRaw())
			}
			require.Positive(t, several, "%s of %s", name, file)
		}
	}
}

func TestTheActivityIsAFieldAndInProfileDocumentedTheIdentifier(t *testing.T) {
	var e etw.Record
	require.NoError(t, e.Parse(rawEventsOf(t, serverFile)[0]))
	e.ActivityID = etw.MustGUID("{00000001-0002-0003-0405-060708090A0B}")
	raw, err := e.Append(nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "activity.etl")
	writeFile(t, path, [][]byte{raw}, time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), false)
	for profile, want := range map[dns.Profile][]any{
		dns.ProfileWindows:    {32, "{00000001-0002-0003-0405-060708090A0B}"},
		dns.ProfileASIM:       {32, "{00000001-0002-0003-0405-060708090A0B}"},
		dns.ProfileDocumented: {len("{00000001-0002-0003-0405-060708090A0B}"), nil},
	} {
		sink, _, _ := replayAll(t, replayOf(path, func(c *Config) { wideOpen(c); c.Profile = profile }))
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			a := lr.Attributes().AsRaw()
			require.Equal(t, want, []any{len(a["EventOriginalUid"].(string)), more(a, "ActivityId")}, profile)
		})
	}
	sink, r, _ := replayAll(t, replayOf(path, func(c *Config) { wideOpen(c); c.OmitAttributes = dnslog.OmitAttributes{"EventOriginalUid"} }))
	require.Nil(t, r.handler.ids, "what is omitted is not made")
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { require.Empty(t, kit.Text(lr, "EventOriginalUid")) })
}
