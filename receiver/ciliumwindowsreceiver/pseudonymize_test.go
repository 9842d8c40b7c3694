// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow/flowtest"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// secret is a key under which no value of the test data is its own pseudonym.
const secret = "45c48cce2e2d7fbdea1afc51c7c6ad26-test"

// macs finds hardware addresses.
var macs = regexp.MustCompile(`\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b`)

func TestNoAddressRemainsInAnyRecordOrBody(t *testing.T) {
	withDebug := messages()
	for subType := range uint8(72) { // each with an address in each argument, as the datapath has it
		withDebug = append(withDebug, events.Record{CPU: -1, Data: mt.Debug{SubType: subType, Arg1: 0x0701f40a, Arg2: 0x0901f40a, Arg3: 0x0701f40a}.Bytes()})
	}
	made := writeCaptureOf(t, withDebug...)
	for _, file := range []string{captureFile, "../../testdata/cilium_ways.pcapng", made} {
		for _, body := range []string{"summary", "hubble_json", "none"} {
			config := func(mode volume.Mode) *Config {
				return replayOf(file, func(c *Config) {
					everything(c)
					c.Body, c.NodeName = body, "node-1.contoso.com"
					if mode != volume.Full {
						c.Volume, c.Archive = mode, true
						c.useVolume(mode)
						c.EnabledEvents = []string{"DROP", "TRACE", "POLICY_VERDICT", "DEBUG", "CAPTURE"}
					}
				})
			}
			plain, _, _ := replayAll(t, config(volume.Full))
			addresses, hardware := map[string]bool{}, map[string]bool{}
			kit.EachRecord(plain, func(_ plog.ResourceLogs, lr plog.LogRecord) {
				for _, v := range lr.Attributes().All() {
					if addr, err := netip.ParseAddr(v.AsString()); err == nil {
						addresses[addr.String()] = true
					}
					for _, mac := range macs.FindAllString(v.AsString(), -1) {
						hardware[mac] = true
					}
				}
			})
			var values []string
			for addr := range addresses {
				values = append(values, addr)
			}
			require.Greater(t, len(values), 1, file)
			require.NotEmpty(t, hardware)
			require.ElementsMatch(t, values, kit.Remains(kit.OTLP(t, plain), values), "the search finds what is there")
			require.Equal(t, byte(137), pseudonym.New(pseudonym.Addresses, []byte(secret)).Addr(netip.MustParseAddr("10.0.0.1")).As4()[0], "10 is not its own pseudonym")
			for mac := range hardware {
				values = append(values, mac)
			}
			for _, mode := range []volume.Mode{volume.Full, volume.Balanced, volume.Lean} {
				cfg := config(mode)
				cfg.Pseudonymize = pseudonym.Config{Fields: []string{"SrcIpAddr", "SrcMacAddr", "DvcHostname"}, Key: secret}
				cfg.Heartbeat, cfg.StatusRecords = time.Hour, true
				require.NoError(t, confmap.Validate(cfg))
				got, r, _ := replayAll(t, cfg)
				require.Positive(t, r.Pipeline.Stats.Emitted.Load())
				require.Empty(t, kit.Remains(kit.OTLP(t, got), append(values, "node-1.contoso.com", "10.244.1.7", "0701f40a", "117568522", "701f40a")), "%s, %s, %s", file, body, mode)
				kit.EachRecord(got, func(rl plog.ResourceLogs, lr plog.LogRecord) {
					marked, _ := rl.Resource().Attributes().Get(pseudonym.Mark)
					require.True(t, marked.Bool())
					_, raw := lr.Attributes().Get("cilium.raw")
					require.False(t, raw, "bytes that are not decoded are left out")
					if body == "hubble_json" && lr.Body().Type() == pcommon.ValueTypeStr && strings.HasPrefix(lr.Body().Str(), "{") {
						require.True(t, json.Valid([]byte(lr.Body().Str())), lr.Body().Str())
					}
				})
			}
		}
	}
}

func TestNoValueOfAnyAcceptedFieldRemains(t *testing.T) {
	config := func(body string) *Config {
		return replayOf("../../testdata/cilium_ways.pcapng", func(c *Config) {
			everything(c)
			c.Body, c.NodeName, c.Heartbeat, c.StatusRecords = body, "node-1.contoso.com", time.Hour, true
		})
	}
	plain, _, _ := replayAll(t, config("summary"))
	seen := 0
	for field := range pseudonym.Network() {
		all := map[string]bool{}
		kit.EachRecord(plain, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			name := field
			if field == "IpAddr" {
				name = "SrcIpAddr"
			}
			if value := kit.Text(lr, name); len(value) > 5 {
				all[value] = true
			}
		})
		if len(all) == 0 {
			continue
		}
		seen++
		for _, body := range []string{"summary", "hubble_json"} {
			cfg := config(body)
			cfg.Pseudonymize = pseudonym.Config{Fields: []string{field}, Key: secret}
			got, _, _ := replayAll(t, cfg)
			require.Empty(t, kit.Remains(kit.OTLP(t, got), slices.Collect(maps.Keys(all))), field)
		}
	}
	require.Greater(t, seen, 8)
}

// The body has the pseudonyms of the attributes, and packets with a subnet in common still have one.
func TestTheBodyHasThePseudonymsOfTheAttributes(t *testing.T) {
	for _, body := range []string{"summary", "hubble_json"} {
		sink, _, _ := replayAll(t, replayOf(captureFile, func(c *Config) {
			everything(c)
			c.Body, c.Pseudonymize = body, pseudonym.Config{Fields: []string{"DstIpAddr"}, Key: secret}
		}))
		seen := 0
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			if src := kit.Text(lr, "SrcIpAddr"); src != "" {
				require.Contains(t, lr.Body().Str(), src)
				seen++
			}
		})
		require.Positive(t, seen)
	}
}

// The names of the ends are in records and metrics. Both have the same pseudonyms, and the sums are those of the true names.
func TestNoNameOfAnEndRemainsInAnyRecordOrMetric(t *testing.T) {
	ends := "[" + strings.Join([]string{sourceNamespace, sourceWorkload, sourcePod, destinationNamespace, destinationWorkload, destinationPod}, ", ") + "]"
	other := &flow.Endpoint{Namespace: "payroll", PodName: "wages-5c", Workloads: []flow.Workload{{Kind: "Deployment", Name: "wages"}}}
	otherAddr := netip.MustParseAddr("10.244.3.4")
	names := shop()
	names.Owners[otherAddr] = []flowtest.Owner{{Endpoint: other}}
	var records []events.Record
	for i := range 4 {
		records = append(records, events.Record{Time: int64(i+1) * 1e9, CPU: -1, Data: mt.Trace{Capture: toDB(mt.ACK), Version: 2, Point: 3, DstLabel: 31}.Bytes()})
	}
	packet := mt.Ethernet(mt.EtherIPv4, mt.IPv4(otherAddr, dbAddr, mt.ProtoTCP, mt.TCP(4242, 5432, mt.SYN, nil)))
	records = append(records, events.Record{Time: 9e9, CPU: -1, Data: mt.Trace{Capture: mt.Capture{Packet: packet, OrigLen: 60}, Version: 2, Point: 3}.Bytes()})
	path := writeCaptureOf(t, records...)
	secrets := []string{"cart-7d9f", "cart", "shop", "data", "db-0", "payroll", "wages-5c", "wages"}
	run := func(more string) (*consumertest.LogsSink, *consumertest.MetricsSink) {
		cfg, err := load(t, "replay: {path: "+path+"}\nnames: k8s_names\nmetrics: {cilium.event.count: {attributes: "+ends+"}, cilium.network.packet.count: {attributes: "+
			ends+"}, cilium.network.io: {attributes: "+ends+"}}\n"+more)
		require.NoError(t, err)
		logs, metrics := &consumertest.LogsSink{}, &consumertest.MetricsSink{}
		r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), cfg, logs)
		require.NoError(t, err)
		r.nextMetrics = metrics
		require.NoError(t, r.Start(context.Background(), named(names)))
		endReplay(t, r)
		return logs, metrics
	}
	for bound, series := range map[string]int{"": 2, "\nmetrics_max_series: 1": 2} {
		plain, plainMetrics := run(bound)
		require.Contains(t, kit.Remains(kit.OTLP(t, plain), secrets), "cart-7d9f", "the search finds what is there")
		require.Subset(t, kit.Remains(kit.MetricsOTLP(t, plainMetrics), secrets), []string{"cart-7d9f", "cart", "shop", "data", "db-0"})

		logs, metrics := run("pseudonymize: {fields: [cilium.source.pod, DvcHostname], key: " + secret + "}" + bound)
		require.Empty(t, kit.Remains(kit.OTLP(t, logs), secrets))
		require.Empty(t, kit.Remains(kit.MetricsOTLP(t, metrics), secrets))
		marked, _ := metrics.AllMetrics()[0].ResourceMetrics().At(0).Resource().Attributes().Get(pseudonym.Mark)
		require.True(t, marked.Bool())

		inRecords := map[string]bool{"other": true} // as metrics name what is beyond the bound
		kit.EachRecord(logs, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			for _, v := range lr.Attributes().All() {
				inRecords[v.AsString()] = true
			}
		})
		found := 0
		eachPoint(metrics.AllMetrics()[len(metrics.AllMetrics())-1], func(m pmetric.Metric, p pmetric.NumberDataPoint) {
			if m.Name() == metadata.MetricsInfo.CiliumEventCount.Name {
				found++
			}
			for name, v := range p.Attributes().All() {
				require.True(t, inRecords[v.Str()], "%s: %s", name, v.Str())
			}
		})
		require.Equal(t, series, found)
		require.ElementsMatch(t, slices.Collect(maps.Values(sums(t, plainMetrics))), slices.Collect(maps.Values(sums(t, metrics))))
	}
}

func TestPseudonymizeRefusesWhatThisReceiverDoesNotHave(t *testing.T) {
	for want, cfg := range map[string]*Config{
		`pseudonymize: fields: "DnsQuery" is no field that can be replaced; want one of Dst, `: replayOf(captureFile, func(c *Config) {
			c.Pseudonymize = pseudonym.Config{Fields: []string{"DnsQuery"}, Key: secret}
		}),
		"pseudonymize: not allowed beside record.path": replayOf(captureFile, func(c *Config) {
			c.Record.Path = "x.pcapng"
			c.Pseudonymize = pseudonym.Config{Fields: []string{"SrcIpAddr"}, Key: secret}
		}),
		"key: want at least 32 bytes, found none": replayOf(captureFile, func(c *Config) { c.Pseudonymize = pseudonym.Config{Fields: []string{"SrcIpAddr"}} }),
	} {
		err := confmap.Validate(cfg)
		require.ErrorContains(t, err, want)
		require.NotContains(t, fmt.Sprint(err), secret)
	}
}
