// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// drops writes n drop events of Cilium to a file. Each event has its own sender's address, which contains the event's
// name.
func drops(t *testing.T, part string, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), part+".pcapng")
	file, err := os.Create(path)
	require.NoError(t, err)
	w, err := capture.NewWriter(file)
	require.NoError(t, err)
	begin := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	for i := range n {
		frame := monitortest.Ethernet(0x86dd, monitortest.IPv6(addressOf(t, part, i), netip.MustParseAddr("fd00::1"), 6, monitortest.TCP(51000, 443, 2, nil)))
		drop := monitortest.Drop{Capture: monitortest.Capture{Source: 1034, Packet: frame}, Version: 2, Reason: 133, SrcLabel: 20417, DstLabel: 2, Flags: 1}
		at := begin.Add(time.Duration(i) * time.Millisecond).UnixNano()
		require.NoError(t, w.Write(events.Record{Time: at, CPU: events.UnknownCPU, Data: drop.Bytes()}))
	}
	require.NoError(t, w.Flush())
	require.NoError(t, file.Close())
	return path
}

// addressOf encodes the name of an event in an IPv6 address: two bytes of a private prefix, the part, the number.
func addressOf(t *testing.T, part string, i int) netip.Addr {
	b := [16]byte{0xfd, 0x01}
	require.Less(t, len(part), 10)
	copy(b[2:12], part)
	binary.BigEndian.PutUint32(b[12:], uint32(i))
	return netip.AddrFrom16(b)
}

// nameOf decodes the name of the event in an address. It returns "" if there is none.
func nameOf(address string) string {
	a, err := netip.ParseAddr(address)
	if b := a.As16(); err == nil && b[0] == 0xfd && b[1] == 0x01 {
		return eventName(strings.TrimRight(string(b[2:12]), "\x00"), int(binary.BigEndian.Uint32(b[12:])))
	}
	return ""
}

// ciliumFar is a gateway that accepts metrics as well.
type ciliumFar struct{ gatewayFar }

func newCiliumFar(t *testing.T) *ciliumFar {
	return &ciliumFar{*newGatewayFar(t, `yaml:
exporters: {file/metrics: {path: ./data/otelcol-winnet/gateway-metrics/winnet.jsonl, create_directory: true, rotation: {max_megabytes: 100}}}
service: {pipelines: {metrics: {receivers: [otlp], exporters: [file/metrics]}}}
`)}
}

func (f *ciliumFar) env() []string { return nil }

func (f *ciliumFar) overlay() string {
	endpoint := fmt.Sprintf("{endpoint: '127.0.0.1:%d', tls: {insecure: true}}", f.port)
	return fmt.Sprintf("{exporters: {otlp_grpc: %s, otlp_grpc/metrics: %s}, receivers: {ciliumwindows: {metrics_interval: 1s}}}", endpoint, endpoint)
}

// point is a point of a sum, as it arrived.
type point struct {
	begun, at pcommon.Timestamp
	value     int64
}

// counts returns the points of cilium.event.count by series, in the order of their arrival.
func (f *ciliumFar) counts() map[string][]point {
	of := map[string][]point{}
	raw, err := os.ReadFile(filepath.Join(f.dir, "data/otelcol-winnet/gateway-metrics/winnet.jsonl"))
	if !errors.Is(err, os.ErrNotExist) { // nothing has arrived
		require.NoError(f.t, err)
	}
	for line := range strings.Lines(string(raw)) {
		metrics, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics([]byte(line))
		require.NoError(f.t, err)
		for _, rm := range metrics.ResourceMetrics().All() {
			for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
				if m.Name() != "cilium.event.count" {
					continue
				}
				for _, p := range m.Sum().DataPoints().All() {
					series := fmt.Sprint(p.StartTimestamp(), p.Attributes().AsRaw())
					of[series] = append(of[series], point{p.StartTimestamp(), p.Timestamp(), p.IntValue()})
				}
			}
		}
	}
	return of
}

// older counts the points that arrived after a later one of their series. It also returns the total of the series.
func (f *ciliumFar) older() (n int, sum int64) {
	for _, points := range f.counts() {
		var last pcommon.Timestamp
		var most int64
		for _, p := range points {
			if p.at < last {
				n++
			}
			last, most = max(last, p.at), max(most, p.value)
		}
		sum += most
	}
	return n, sum
}

// With more than one consumer, waiting sums are sent at once, and each is retried at its own time. Their order is then
// random, so no test can check it.
func TestSumsArriveInTheirOrderAfterAnOutageByOneConsumer(t *testing.T) {
	t.Parallel()
	const all = 1500
	trip := roadOf("receiver/ciliumwindowsreceiver/README.md").begin(t)
	trip.away(t)
	c := trip.run(drops(t, "sums", all), 100)
	c.untilAccepted(all)
	trip.back(t)
	trip.untilArrived(c, "sums", all)
	c.until("the sums have arrived", func() bool { _, sum := trip.far.(*ciliumFar).older(); return sum == all })
	require.Equal(t, all, c.interrupt())
	older, sum := trip.far.(*ciliumFar).older()
	require.Equal(t, int64(all), sum)
	require.Zero(t, older, "points that are older than an earlier one")
}
