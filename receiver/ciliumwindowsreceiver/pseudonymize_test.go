// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
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
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

const secret = "d41d8cd98f00b204e9800998ecf8427e-test"

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
