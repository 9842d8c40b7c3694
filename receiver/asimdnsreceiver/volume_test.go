// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/asimtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/shape"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

func TestVolumeSetsTheDefaultsOfOtherKeys(t *testing.T) {
	full, err := load(t, "")
	require.NoError(t, err)
	same, err := load(t, "volume: full")
	require.NoError(t, err)
	require.Equal(t, full, same)

	want := *full
	want.Volume, want.Correlate, want.Attributes, want.Device.In, want.Packet.Keep = volume.Balanced, true, asim.SlimAttributes, asim.DeviceInResource, dnslog.KeepPacketOnError
	balanced, err := load(t, "volume: balanced")
	require.NoError(t, err)
	require.Equal(t, &want, balanced)

	want.Volume, want.Aggregation.Window, want.Aggregation.Noise.Window, want.Aggregation.Whole = volume.Lean, 5*time.Minute, time.Hour, shape.LeanWhole()
	want.Attributes, want.Aggregation.MaxSizeMiB, want.Aggregation.Pack = asim.MinimalAttributes, 512, packNew
	lean, err := load(t, "volume: lean")
	require.NoError(t, err)
	require.Equal(t, &want, lean)
}

func TestAValueThatIsSetWinsOverTheVolume(t *testing.T) {
	cfg, err := load(t, `
volume: lean
correlate: false
attributes: all
device: {in: record}
packet: {keep: always}
aggregation:
  window: 0
  max_size_mib: 64
  pack: none
  whole: {changes: false, failures: false, types: [], nxdomain_per_minute: 0, records_per_minute: 0, name_length: 0, label_entropy: 0, new_within: 0, new_max_size_mib: 16}
  noise: {window: 0}
`)
	require.NoError(t, err)
	want := createDefaultConfig().(*Config)
	want.Volume = volume.Lean
	want.Aggregation.Whole.Types = []string{}
	require.Equal(t, want, cfg)

	one, err := load(t, "{volume: lean, aggregation: {whole: {name_length: 40}}}")
	require.NoError(t, err)
	require.Equal(t, 40, one.Aggregation.Whole.NameLength)
	require.True(t, one.Aggregation.Whole.Failures, "the others stay")
	require.Equal(t, 5*time.Minute, one.Aggregation.Window)

	none, err := load(t, "{volume: balanced, packet: {parse: false}}")
	require.NoError(t, err)
	require.Equal(t, dnslog.KeepPacketNever, none.keptPackets(), "without parsing, no packet is known to be broken")
	empty, err := load(t, "{volume: balanced, correlate: , packet: {keep: }}")
	require.NoError(t, err)
	require.True(t, empty.Correlate, "a key without a value is left out")
	require.Equal(t, dnslog.KeepPacketOnError, empty.Packet.Keep)
}

func TestAConfigurationWithAVolumeIsWrittenAndTakenAgain(t *testing.T) {
	for _, yaml := range []string{"volume: full", "volume: balanced", "volume: lean", "{volume: lean, correlate: false, aggregation: {window: 0, whole: {types: [], failures: false}}}"} {
		cfg, again := kit.Rewritten(t, load, yaml, createDefaultConfig().(*Config))
		require.ElementsMatch(t, cfg.Aggregation.Whole.Types, again.Aggregation.Whole.Types, yaml)
		cfg.Aggregation.Whole.Types, again.Aggregation.Whole.Types = nil, nil // none may be nil or empty
		require.Equal(t, cfg, again, yaml)
	}
}

func TestProfileDocumentedTakesNothingThatChangesItsRecords(t *testing.T) {
	for yaml, want := range map[string]string{
		"volume: balanced":         "volume: balanced is not allowed with profile documented, whose records follow the design document to the letter; choose profile windows or asim",
		"volume: lean":             "volume: lean is not allowed with profile documented",
		"attributes: slim":         "attributes: slim is not allowed with profile documented",
		"aggregation: {pack: new}": "aggregation.pack: new is not allowed with profile documented",
		"device: {in: resource}":   "device.in: resource is not allowed with profile documented",
	} {
		_, err := load(t, "profile: documented\n"+yaml)
		require.ErrorContains(t, err, want)
		require.Equal(t, 1, strings.Count(err.Error(), "is not allowed with profile documented"), "%v", err)
	}
	_, err := load(t, "{profile: documented, volume: full}")
	require.NoError(t, err)
}

// replayVolume replays a file with all its events in a volume.
func replayVolume(t *testing.T, file string, mode volume.Mode, change func(*Config)) (*consumertest.LogsSink, *dnsReceiver) {
	t.Helper()
	cfg := replayOf(file, nil)
	cfg.Volume = mode
	cfg.useVolume(mode)
	cfg.EnableFlags, cfg.EnableLevel = &everything, 5
	if change != nil {
		change(cfg)
	}
	sink, r, _ := replayAll(t, cfg)
	stats := &r.Pipeline.Stats
	events, _ := generated(t, file)
	require.EqualValues(t, events, stats.Received.Load())
	require.EqualValues(t, events, stats.Emitted.Load()+stats.Aggregated.Load(), "%s", stats)
	require.Equal(t, stats.Emitted.Load(), int64(sink.LogRecordCount()))
	return sink, r
}

// eachUnpacked calls a function for each record, and for each that a packed record stands for.
func eachUnpacked(t *testing.T, sink *consumertest.LogsSink, do func(plog.LogRecord)) {
	t.Helper()
	kit.EachRecord(sink, func(_ plog.ResourceLogs, packed plog.LogRecord) {
		for _, lr := range kit.UnpackRecord(t, packed) {
			do(lr)
		}
	})
}

// answered counts exchanges by client, name, type and result: the records of responses to clients, and of finished look-ups.
func answered(t *testing.T, sink *consumertest.LogsSink) map[string]int64 {
	counts := map[string]int64{}
	eachUnpacked(t, sink, func(lr plog.LogRecord) {
		get := attributesOf(lr)
		switch get("EventOriginalType") {
		case "257", "258", "259", "284", "285", "3008":
			counts[fmt.Sprint([]string{get("Src"), strings.ToLower(get("DnsQuery")), get("DnsQueryTypeName"), get("EventResult"), get("EventResultDetails")})] += number(lr, "EventCount")
		}
	})
	return counts
}

func TestEveryVolumeCountsTheSameByClientNameTypeAndResult(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, file := range []string{serverFile, clientFile} {
		full, _ := replayVolume(t, file, volume.Full, nil)
		want := answered(t, full)
		require.Greater(t, len(want), 20)
		asim := func(c *Config) { c.Profile = dns.ProfileASIM }
		asimFull, _ := replayVolume(t, file, volume.Full, asim)
		asimLean, _ := replayVolume(t, file, volume.Lean, asim)
		require.Equal(t, answered(t, asimFull), answered(t, asimLean))
		balanced, _ := replayVolume(t, file, volume.Balanced, nil)
		require.Equal(t, want, answered(t, balanced))
		lean, _ := replayVolume(t, file, volume.Lean, nil)
		require.Equal(t, want, answered(t, lean))
		require.Less(t, lean.LogRecordCount(), balanced.LogRecordCount())
		require.Less(t, balanced.LogRecordCount(), full.LogRecordCount())
		for range 8 {
			random := func(most int64) time.Duration { return time.Duration(1 + random.Int64N(most)) }
			shaped, r := replayVolume(t, file, volume.Lean, func(c *Config) {
				c.Aggregation.Window, c.Aggregation.Noise.Window = random(int64(10*time.Minute)), random(int64(time.Hour))
				c.Aggregation.MaxSizeMiB = int(random(2))
				w := &c.Aggregation.Whole
				w.NewWithin, w.NXDomainPerMinute, w.NameLength = random(int64(time.Hour)), int(random(10)), int(random(60))
				w.LabelEntropy, w.Failures = float64(random(4)), random(2) == 1
			})
			require.Equal(t, want, answered(t, shaped), "%+v", r.cfg.Aggregation)
		}
	}
}

func TestLeanKeepsWhatIsRareWhole(t *testing.T) {
	lean, _ := replayVolume(t, serverFile, volume.Lean, nil)
	sums, noise := 0, 0
	eachUnpacked(t, lean, func(lr plog.LogRecord) {
		if number(lr, "EventCount") == 1 {
			return
		}
		sums++
		get := attributesOf(lr)
		require.NotContains(t, []string{"TXT", "NULL", "ANY", "AXFR", "IXFR"}, get("DnsQueryTypeName"))
		require.Contains(t, []string{"NOERROR", "NXDOMAIN", "NA"}, get("EventResultDetails"))
		require.False(t, get("EventResult") == "Failure" && get("EventResultDetails") != "NXDOMAIN", "%v", lr.Attributes().AsRaw())
		require.Contains(t, []string{"Query", "Status"}, get("EventType"), "Status is of response rate limiting")
		require.LessOrEqual(t, len(get("DnsQuery")), 90)
		if get("DnsQueryTypeName") == "SOA" || strings.HasSuffix(get("DnsQuery"), "10.in-addr.arpa") {
			noise++
		}
	})
	require.Positive(t, sums)
	require.Positive(t, noise)
}

// nonconforming are what the schema's tester finds in the records of a replay together with their resource.
func nonconforming(t *testing.T, file string, mode volume.Mode) (found map[string]bool) {
	t.Helper()
	schemas := map[string]map[string]asimtest.Field{"Dns": asimtest.DNSFields(t), "AuditEvent": asimtest.AuditEventFields(t)}
	found = map[string]bool{}
	sink, _ := replayVolume(t, file, mode, func(c *Config) { c.Profile, c.Device.Hostname = dns.ProfileASIM, "dc1.corp.example.com" })
	kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		a := lr.Attributes()
		for name, v := range rl.Resource().Attributes().All() {
			if _, has := a.Get(name); strings.HasPrefix(name, "Dvc") && !has {
				v.CopyTo(a.PutEmpty(name))
			}
		}
		schema, _ := a.Get("EventSchema")
		for _, f := range asimtest.Conform(schemas[schema.Str()], a) {
			found[f.String()] = true
		}
	})
	return found
}

func TestEveryVolumeConformsAsFullDoes(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		full := nonconforming(t, file, volume.Full)
		for _, mode := range []volume.Mode{volume.Balanced, volume.Lean} {
			for finding := range nonconforming(t, file, mode) {
				require.True(t, full[finding], "%s in %s", finding, mode)
			}
		}
	}
}

// A row of lean is never of a fault of recursion, whatever code it has.
func TestLeanKeepsFaultsOfRecursionWhole(t *testing.T) {
	faults := 0
	lean, _ := replayVolume(t, serverFile, volume.Lean, nil)
	kit.EachRecord(lean, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if get := attributesOf(lr); get("EventOriginalType") == "286" || get("EventOriginalType") == "288" {
			faults++
			require.Equal(t, "1", get("EventCount"))
		}
	})
	_, byID := generated(t, serverFile)
	require.Equal(t, byID["286"]+byID["288"], faults)
	require.Positive(t, faults)
}

func TestLeanCountsHostileNamesAndTimes(t *testing.T) {
	names := []string{
		"", ".", "..", strings.Repeat("a", 1000), strings.Repeat("a.", 500), strings.Repeat(`\255`, 200), "*.", "xn--", "\u0000", strings.Repeat("1.", 32) + "ip6.arpa",
		".in-addr.arpa", "10.in-addr.arpa", "v10.events.data.microsoft.com", "é.example", "\xff\xfe.example", "A.EXAMPLE",
	}
	leaps := []time.Duration{0, time.Second, 25 * time.Hour, -25 * time.Hour, 50 * 365 * 24 * time.Hour, -50 * 365 * 24 * time.Hour}
	random := rand.New(rand.NewPCG(7, 8))
	x := newExchanges(t)
	var events [][]byte
	at, guid := traceBegun.Add(time.Hour), 0
	for range 600 {
		if random.IntN(50) == 0 {
			at = at.Add(leaps[random.IntN(len(leaps))])
		}
		at = at.Add(time.Duration(random.Int64N(int64(time.Second))))
		name := names[random.IntN(len(names))]
		guid++
		events = append(events, x.event(256, at, name, guid), x.event(257, at.Add(time.Millisecond), name, guid))
	}
	count := func(mode volume.Mode) (records int, got map[string]int64) {
		got = map[string]int64{}
		sink := replayOfEvents(t, events, func(c *Config) { c.Volume = mode; c.useVolume(mode) })
		eachUnpacked(t, sink, func(lr plog.LogRecord) {
			if attributesOf(lr)("EventOriginalType") == "257" {
				got[strings.ToLower(attributesOf(lr)("DnsQuery"))] += number(lr, "EventCount")
				records++
			}
		})
		return records, got
	}
	all, full := count(volume.Full)
	require.Equal(t, 600, all)
	for _, mode := range []volume.Mode{volume.Balanced, volume.Lean} {
		records, got := count(mode)
		require.Equal(t, full, got, mode)
		require.LessOrEqual(t, records, all)
	}
	require.NotZero(t, full[""])
	require.NotZero(t, full["."], "an event without a name is not one of the root")
}

// billed is the size of all records as Sentinel bills them.
func billed(r *dnsReceiver, sink *consumertest.LogsSink) (bytes int64) {
	mapper := r.handler.pipelines[0].mapper
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) { bytes += int64(mapper.RecordSize(lr.Attributes())) })
	return bytes
}

func TestBalancedIsAtMostHalfOfFullsBytes(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		defaults := func(c *Config) { c.EnableFlags, c.EnableLevel = nil, 0 }
		bytes := map[volume.Mode]int64{}
		for _, mode := range []volume.Mode{volume.Full, volume.Balanced, volume.Lean} {
			cfg := replayOf(file, nil)
			cfg.Volume = mode
			cfg.useVolume(mode)
			defaults(cfg)
			sink, r, _ := replayAll(t, cfg)
			bytes[mode] = billed(r, sink)
		}
		t.Logf("%s: %v", file, bytes)
		require.LessOrEqual(t, 2*bytes[volume.Balanced], bytes[volume.Full])
		require.Less(t, bytes[volume.Lean], bytes[volume.Balanced])
	}
}

func TestTheSavedBytesAreTheDifferenceToFull(t *testing.T) {
	// The estimates take a record that was never built for as large as the one that it is in, without packets and attributes that are left out.
	for _, mode := range []volume.Mode{volume.Balanced, volume.Lean} {
		tel := componenttest.NewTelemetry()
		set := receivertest.NewNopSettings(metadata.Type)
		set.TelemetrySettings = tel.NewTelemetrySettings()
		sink := &consumertest.LogsSink{}
		cfg := replayOf(serverFile, nil)
		cfg.Volume = mode
		cfg.useVolume(mode)
		r, _ := startReceiver(t, set, cfg, sink)
		<-r.Player.Done()
		got := map[string]int64{}
		require.Eventually(t, func() bool { return r.Pipeline.Stats.Pending() == 0 }, time.Minute, time.Millisecond)
		m, err := tel.GetMetric("otelcol_receiver_asimdns_bytes_saved")
		require.NoError(t, err)
		for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
			of, _ := p.Attributes.Value("mode")
			reason, _ := p.Attributes.Value("reason")
			require.Equal(t, string(mode), of.AsString())
			got[reason.AsString()] = p.Value
		}
		require.Equal(t, r.handler.savedBytes(), got)
		require.NoError(t, r.Shutdown(t.Context()))
		full, fr, _ := replayAll(t, replayOf(serverFile, nil))
		difference := billed(fr, full) - billed(r, sink)
		sum := int64(0)
		for _, n := range got {
			sum += n
		}
		t.Logf("%s: %v, %d of %d", mode, got, sum, difference)
		require.Positive(t, got["packet"])
		require.Positive(t, got["attributes"])
		require.Positive(t, got["exchange"])
		require.Equal(t, mode == volume.Lean, got["sum"] > 0)
		require.LessOrEqual(t, sum, difference, "an estimate that promises no more than there is")
		require.GreaterOrEqual(t, sum, difference/2)
	}
}

func TestTheDeviceIsOnceInTheResource(t *testing.T) {
	sink, _ := replayVolume(t, serverFile, volume.Balanced, func(c *Config) {
		c.Device.Hostname, c.Device.IP = "dc1.corp.example.com", "10.0.10.5"
		c.OmitAttributes = dnslog.OmitAttributes{"DvcOs"}
	})
	kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		resource := rl.Resource().Attributes().AsRaw()
		require.Equal(t, "dc1.corp.example.com", resource["Dvc"])
		require.Equal(t, "10.0.10.5", resource["DvcIpAddr"])
		require.NotContains(t, resource, "DvcOs")
		lr.Attributes().Range(func(name string, v pcommon.Value) bool {
			if strings.HasPrefix(name, "Dvc") {
				require.Equal(t, "DvcIpAddr", name)
				require.NotEqual(t, "10.0.10.5", v.Str())
			}
			return true
		})
	})
}

func TestAnUnknownVolumeIsRefused(t *testing.T) {
	_, err := load(t, "volume: leen")
	require.ErrorContains(t, err, `volume: "leen" is not a volume; want full, balanced or lean`)
}

func TestAFileOfNoiseWithALineThatIsAlwaysWholeIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "noise.txt")
	require.NoError(t, os.WriteFile(file, []byte("print.example.com\nscanner-of-the-third-floor.example.com\n"), 0o600))
	yaml := func(length int) string {
		return fmt.Sprintf("{volume: lean, aggregation: {noise: {file: %q}, whole: {name_length: %d}}}", file, length)
	}
	_, err := load(t, yaml(38))
	require.NoError(t, err)
	_, err = load(t, yaml(37))
	require.ErrorContains(t, err, "aggregation: noise: file: ")
	require.ErrorContains(t, err, `line 2: "scanner-of-the-third-floor.example.com" has names of 38 characters or more, and whole.name_length keeps those of more than 37 whole`)
}
