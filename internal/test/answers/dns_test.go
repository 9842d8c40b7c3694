// SPDX-License-Identifier: Apache-2.0

package answers

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/traffic"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// modes are the values of the key `volume`.
var modes = []string{"full", "balanced", "lean"}

// answer is a record of an answer that a client got, or of several equal ones.
type answer struct {
	key
	count      int64
	start, end time.Time
	gaps       gaps // between the answers of the record
}

type key struct{ client, name, typ, result string }

// gaps are sums over the times between successive answers, in milliseconds.
type gaps struct{ n, sum, squares float64 }

func (g *gaps) add(ms float64) { g.n, g.sum, g.squares = g.n+1, g.sum+ms, g.squares+ms*ms }

// mean and deviation are in milliseconds.
func (g gaps) mean() float64      { return g.sum / g.n }
func (g gaps) deviation() float64 { return math.Sqrt(max(0, g.squares/g.n-g.mean()*g.mean())) }

// record writes an hour of traffic with planted events.
func record(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "hour.etl")
	f, err := os.Create(path)
	require.NoError(t, err)
	w, err := etl.Create(f, etl.Options{LoggerName: "ASIMDNSServerTrace", OS: etl.OSVersion{Major: 10, Build: 26100}})
	require.NoError(t, err)
	g := traffic.New(traffic.Studies(24), 1, traffic.Midnight(), 10*time.Hour)
	g.Plant()
	for end := traffic.Midnight().Add(11 * time.Hour); ; {
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

// replay returns the records of a mode.
func replay(t *testing.T, path, mode string) (records []plog.LogRecord) {
	t.Helper()
	sink := kit.Replay(t, asimdnsreceiver.NewFactory(), map[string]any{
		"replay": map[string]any{"path": path}, "volume": mode, "enable_flags": "security",
		"device": map[string]any{"hostname": "dc01.corp.contoso.com", "ip": "10.0.10.5"},
	})
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { records = append(records, lr) })
	return records
}

// unpacked returns the records, with those that packed records stand for in place of these.
func unpacked(t *testing.T, records []plog.LogRecord) (all []plog.LogRecord) {
	t.Helper()
	for _, lr := range records {
		all = append(all, kit.UnpackRecord(t, lr)...)
	}
	return all
}

// answers selects the answers to clients by the recipe, in time order.
func answers(t *testing.T, by recipe, records []plog.LogRecord) (list []answer) {
	t.Helper()
	for _, lr := range records {
		if !by.selects(lr) {
			continue
		}
		a := answer{key: key{kit.Text(lr, "SrcIpAddr"), kit.Text(lr, "DnsQuery"), kit.Text(lr, "DnsQueryTypeName"), kit.Text(lr, "EventResultDetails")}, count: 1}
		if v, ok := lr.Attributes().Get("EventCount"); ok {
			a.count = v.Int()
		}
		a.start, a.end = at(t, lr, "EventStartTime"), at(t, lr, "EventEndTime")
		if a.count > 1 {
			a.gaps = gaps{float64(a.count - 1), number(additional(lr, "GapSum")), number(additional(lr, "GapSquareSum"))}
		}
		list = append(list, a)
	}
	slices.SortStableFunc(list, func(a, b answer) int { return a.start.Compare(b.start) })
	return list
}

// at returns a time of a record. Without the attribute it is the record's own.
func at(t *testing.T, lr plog.LogRecord, name string) time.Time {
	t.Helper()
	v, ok := lr.Attributes().Get(name)
	if !ok {
		return lr.Timestamp().AsTime()
	}
	parsed, err := time.Parse(time.RFC3339Nano, v.Str())
	require.NoError(t, err)
	return parsed
}

// additional returns a field of AdditionalFields. It is empty if the record does not have it.
func additional(lr plog.LogRecord, name string) pcommon.Value {
	more, ok := lr.Attributes().Get("AdditionalFields")
	if ok && more.Type() == pcommon.ValueTypeMap {
		if v, ok := more.Map().Get(name); ok {
			return v
		}
	}
	return pcommon.NewValueEmpty()
}

// number returns an integer or a double.
func number(v pcommon.Value) float64 {
	if v.Type() == pcommon.ValueTypeDouble {
		return v.Double()
	}
	return float64(v.Int())
}

// beacons returns the clients and names with at least 30 answers at regular intervals.
func beacons(list []answer) (found []key) {
	type series struct {
		gaps
		last time.Time
	}
	all := map[key]*series{}
	for _, a := range list {
		k := key{client: a.client, name: a.name, typ: a.typ}
		s := all[k]
		if s == nil {
			s = &series{}
			all[k] = s
		} else {
			s.add(float64(a.start.Sub(s.last).Milliseconds()))
		}
		s.n, s.sum, s.squares, s.last = s.n+a.gaps.n, s.sum+a.gaps.sum, s.squares+a.gaps.squares, a.end
	}
	for k, s := range all {
		if s.n >= 30 && s.deviation() < s.mean()/20 {
			found = append(found, k)
		}
	}
	return found
}

// tunnels returns the clients that ask for at least 100 long names below one domain, and the domain.
func tunnels(list []answer) (found []key) {
	names := map[key]map[string]bool{}
	for _, a := range list {
		labels := strings.Split(a.name, ".")
		if len(a.name) < 80 || len(labels) < 4 {
			continue
		}
		k := key{client: a.client, name: strings.Join(labels[len(labels)-3:], ".")}
		if names[k] == nil {
			names[k] = map[string]bool{}
		}
		names[k][a.name] = true
	}
	for k, n := range names {
		if len(n) >= 100 {
			found = append(found, k)
		}
	}
	return found
}

// bursts returns the clients with at least 200 NXDOMAINs in five minutes.
func bursts(list []answer) (found []string) {
	counts := map[string]map[time.Time]int64{}
	for _, a := range list {
		if a.result == "NXDOMAIN" {
			if counts[a.client] == nil {
				counts[a.client] = map[time.Time]int64{}
			}
			counts[a.client][a.start.Truncate(5*time.Minute)] += a.count
		}
	}
	for client, of := range counts {
		for _, n := range of {
			if n >= 200 {
				found = append(found, client)
			}
		}
	}
	return found
}

// firsts returns who asked when for a name that nobody had asked for before.
func firsts(list []answer, name string) (found []answer) {
	for _, a := range list {
		if a.name == name && len(found) == 0 {
			found = append(found, answer{key: key{client: a.client, name: a.name}, count: a.count, start: a.start})
		}
	}
	return found
}

// transfers returns the clients that fetched a zone, and the zone.
func transfers(records []plog.LogRecord) (found []key) {
	for _, lr := range records {
		if id := kit.Text(lr, "EventOriginalType"); id == "270" || id == "271" {
			found = append(found, key{client: kit.Text(lr, "SrcIpAddr"), name: kit.Text(lr, "DnsQuery")})
		}
	}
	return slices.Compact(found)
}

func TestEachModeGivesTheSameAnswersAboutDNS(t *testing.T) {
	path, by := record(t), documented(t)
	var want map[string]int64
	sizes := map[string]int{}
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			records := replay(t, path, mode)
			all := unpacked(t, records)
			list := answers(t, by, all)
			sizes[mode] = len(records)

			require.Equal(t, []key{{client: traffic.BeaconClient, name: traffic.BeaconName, typ: "A"}}, beacons(list))
			require.Equal(t, []key{{client: traffic.TunnelClient, name: traffic.TunnelDomain}}, tunnels(list))
			require.Equal(t, []string{traffic.BurstClient}, bursts(list))
			require.Equal(t, []key{{client: traffic.TransferClient, name: traffic.TransferZone}}, transfers(records))
			first := firsts(list, traffic.NewName)
			require.Len(t, first, 1)
			require.Equal(t, key{client: traffic.NewClient, name: traffic.NewName}, first[0].key)
			require.Equal(t, int64(1), first[0].count)
			require.WithinDuration(t, traffic.Midnight().Add(10*time.Hour+50*time.Minute), first[0].start, time.Second)

			if got := by.counts(t, all); want == nil {
				want = got
			} else {
				require.Equal(t, want, got, "answers by client, name, type and result")
			}
		})
	}
	require.Less(t, sizes["balanced"], sizes["full"])
	require.Less(t, sizes["lean"], sizes["balanced"])
}
