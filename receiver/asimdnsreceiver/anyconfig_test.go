// SPDX-License-Identifier: Apache-2.0

// Hostile events in random configurations: whatever both are, every event is accounted for, and the counts are those of single records.

package asimdnsreceiver

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// hostile makes events of one provider at random.
type hostile struct {
	*rand.Rand
	byID map[uint16][]*schema.Template
	at   time.Time
	leap bool // the clock is set, and single events have any time
	guid int  // how exchanges are told apart
	n    int  // exchanges so far
}

func newHostile(random *rand.Rand, p *dns.Provider) *hostile {
	h := &hostile{Rand: random, byID: map[uint16][]*schema.Template{}, at: time.Date(2028, 2, 28, 23, 59, 50, 0, time.UTC), leap: random.IntN(2) == 0, guid: random.IntN(4)}
	for _, t := range dns.NewDecoder(p).Templates() {
		h.byID[t.ID] = append(h.byID[t.ID], t)
	}
	return h
}

func oneOf[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// exchange returns the values that the events of an exchange have, by field.
func (h *hostile) exchange() map[string]any {
	h.n++
	label := strings.Repeat("a", 63) + "."
	x := map[string]any{
		"name": oneOf(h.Rand, "www.example.com.", "WWW.Example.COM", ".", "", "..", strings.Repeat(strings.Repeat(`\255`, 63)+".", 3), label+label+label+label[2:], "5.0.0.10.in-addr.arpa.",
			"a\"b\\c.example.", "x\xff\xfe.example.", "sp ace.example.", strings.Repeat("x", 2000), "q7f3k9z2m4x8v1b6n5c0l.example.", "\x01\x02.example.", "null", "[]", "1"),
		"client": oneOf(h.Rand, "10.0.0.1", "10.0.0.2", "::1", "fe80::1%12", "::ffff:10.0.0.1", "no address", "", "10.0.0.1:53", "0.0.0.0", "\xff"),
		"QTYPE":  oneOf(h.Rand, 1, 1, 28, 16, 6, 12, 65535, 0, 255, 252, 70000), "XID": oneOf(h.Rand, 0, 1, 65535, 70000),
		"RCODE": oneOf(h.Rand, 0, 0, 3, 2, 9, 65535, 1<<32-1), "Port": oneOf(h.Rand, 0, 53, 65535, 99999), "TCP": h.IntN(2),
		"QueryStatus":  oneOf(h.Rand, 0, 0, 87, 997, 9501, 9506, 9003, 1460, 1<<32-1),
		"QueryResults": oneOf(h.Rand, "", "192.0.2.1;", "type: 5 a.example;::ffff:192.0.2.1;", strings.Repeat("192.0.2.1;", 500)),
		"GUID": oneOf(h.Rand, [][]string{
			{fmt.Sprintf("{00000000-4288-435F-9182-%012d}", h.n)}, {"{00000000-4288-435F-9182-000000000001}"}, {""}, {"", "none", fmt.Sprintf("{00000000-4288-435F-9182-%012d}", h.n/4)},
		}[h.guid]...),
	}
	if h.IntN(2) == 0 { // so that many are alike
		maps.Copy(x, map[string]any{"name": oneOf(h.Rand, "www.example.com.", "WWW.Example.COM"), "client": oneOf(h.Rand, "10.0.0.1", "10.0.0.2"), "QTYPE": 1, "RCODE": 0, "TCP": 0})
	}
	x["packet"] = h.packet()
	return x
}

// packet returns a DNS message: none, any bytes, or one that has fewer answers than its header says.
func (h *hostile) packet() (b []byte) {
	if h.IntN(4) == 0 {
		for range h.IntN(40) {
			b = append(b, byte(h.Uint32()))
		}
		return b
	}
	be := binary.BigEndian
	answers := oneOf(h.Rand, uint16(0), 1, 2, 65535)
	b = be.AppendUint16([]byte{0, 1}, oneOf(h.Rand, uint16(0x8180), 0x0100, 0x8183, 0x8580, 0xFFFF))
	b = append(be.AppendUint16(append(b, 0, 1), answers), 0, 0, 0, 0, 3, 'w', 'w', 'w', 0, 0, oneOf[byte](h.Rand, 1, 28, 6), 0, oneOf[byte](h.Rand, 1, 3))
	for i := range min(int(answers), h.IntN(2000)) {
		b = append(b, 0xC0, 12, 0, 1, 0, 1, 0, 0, byte(i), 0, 0, 4, 192, 0, byte(i>>8), byte(i))
	}
	return b
}

// value returns what an event of an exchange has in a field.
func (h *hostile) value(t *schema.Template, f *schema.Field, x map[string]any) any {
	switch f.Name {
	case "QNAME", "QueryName":
		return x["name"]
	case "Source", "Destination":
		return x["client"]
	case "QueryType":
		return x["QTYPE"]
	case "InterfaceIP":
		return oneOf(h.Rand, "10.0.10.5", "10.0.10.5", "10.0.10.6")
	}
	if v, ok := x[f.Name]; ok {
		return v
	}
	switch f.Type {
	case schema.ANSI, schema.UTF16:
		return oneOf(h.Rand, "", "", ".", "NULL", "Default", "..Cache", "1.2.3.4;5.6.7.8;", "\"quoted\\")
	case schema.U8:
		return h.IntN(2)
	case schema.U32:
		return oneOf(h.Rand, 0, 0, 1, 33152, 256, 1<<32-1)
	case schema.Binary:
		if f.LengthField < 0 {
			return make([]byte, f.Length)
		}
		return x["packet"]
	}
	return nil
}

// event makes an event of an exchange, in any of its layouts, and sometimes damaged.
func (h *hostile) event(t *testing.T, id uint16, x map[string]any) []byte {
	tmpl, fields := oneOf(h.Rand, h.byID[id]...), map[string]any{}
	for i := range tmpl.Fields {
		if v := h.value(tmpl, &tmpl.Fields[i], x); v != nil {
			fields[tmpl.Fields[i].Name] = v
		}
	}
	data, err := tmpl.Encode(nil, 8, fields)
	require.NoError(t, err)
	if h.IntN(60) == 0 {
		data = data[:h.IntN(len(data)+1)]
	}
	h.at = h.at.Add(time.Duration(h.IntN(20)) * time.Millisecond)
	at := h.at
	if h.leap {
		switch h.IntN(60) {
		case 0:
			h.at = h.at.Add(time.Duration(h.IntN(7200)-3600) * time.Second)
		case 1:
			at = oneOf(h.Rand, time.Unix(0, 0), time.Unix(-1, 5), time.Date(1601, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC), at.AddDate(0, 0, -1))
		}
	}
	raw, err := (&etw.Record{
		Provider: tmpl.Provider, ID: id, Version: tmpl.Version, Level: tmpl.Level, Keyword: tmpl.Keyword, Flags: etw.Flag64BitHeader,
		TimeStamp: etw.Filetime(at.UnixNano()), UserData: data, ProcessID: oneOf(h.Rand, uint32(4), 4, 1000), ThreadID: uint32(h.IntN(3)),
	}).Append(nil)
	require.NoError(t, err)
	return raw
}

// stream makes events of exchanges that overlap. usual are the ids of most of them.
func (h *hostile) stream(t *testing.T, count int, usual ...uint16) (events [][]byte) {
	ids := slices.Sorted(maps.Keys(h.byID))
	open := make([]map[string]any, 4)
	for len(events) < count {
		i := h.IntN(len(open))
		if open[i] == nil || h.IntN(3) == 0 {
			open[i] = h.exchange()
		}
		id := oneOf(h.Rand, usual...)
		if h.IntN(10) == 0 {
			id = oneOf(h.Rand, ids...)
		}
		events = append(events, h.event(t, id, open[i]))
	}
	return events
}

// anyConfig is a configuration of keys that change how many records there are and what they have, but not what they count.
func anyConfig(r *rand.Rand) map[string]any {
	sometimes := func(in map[string]any, key string, values ...any) {
		if r.IntN(3) == 0 {
			in[key] = oneOf(r, values...)
		}
	}
	c, a, w, n := map[string]any{"volume": oneOf(r, "full", "balanced", "lean", "lean")}, map[string]any{}, map[string]any{}, map[string]any{}
	sometimes(c, "correlate", true, false)
	sometimes(c, "correlation", map[string]any{"timeout": "1ms"}, map[string]any{"timeout": "24h"})
	sometimes(c, "profile", "windows", "asim")
	sometimes(c, "attributes", "all", "slim", "minimal")
	sometimes(c, "packet", map[string]any{"keep": "always"}, map[string]any{"keep": "never"}, map[string]any{"keep": "on_error"})
	sometimes(c, "answers", map[string]any{"detail": true})
	sometimes(c, "batch", map[string]any{"max_records": 1})
	sometimes(c, "omit_attributes", []string{"AdditionalFields.DnsAnswers"}, []string{"DnsFlags", "SrcPortNumber"}, []string{"AdditionalFields.GapSum"}, []string{"AdditionalFields.SumsTexts"})
	sometimes(a, "window", "1ms", "0s", "1s", "1h", "24h")
	sometimes(a, "max_size_mib", 1)
	sometimes(a, "pack", "none", "sums", "new")
	sometimes(w, "changes", false)
	sometimes(w, "failures", false)
	sometimes(w, "types", []string{}, []string{"A"}, []string{"TYPE65535"})
	sometimes(w, "nxdomain_per_minute", 0, 1)
	sometimes(w, "records_per_minute", 0, 1)
	sometimes(w, "name_length", 0, 1, 1024)
	sometimes(w, "label_entropy", 0, 0.5, 8)
	sometimes(w, "new_within", "0s", "1m", "168h")
	sometimes(n, "window", "0s", "1s", "24h")
	a["whole"], a["noise"], c["aggregation"] = w, n, a
	return c
}

// tally counts exchanges by client, name, type and result.
func tally(t *testing.T, sink *consumertest.LogsSink) (counts map[string]int64, sum int64) {
	counts = map[string]int64{}
	eachUnpacked(t, sink, func(lr plog.LogRecord) {
		n := number(lr, "EventCount")
		counts[fmt.Sprint([]string{
			kit.Text(lr, "Src"), strings.ToLower(kit.Text(lr, "DnsQuery")), kit.Text(lr, "DnsQueryTypeName"), kit.Text(lr, "EventResult"), kit.Text(lr, "EventResultDetails"),
		})] += n
		sum += n
	})
	return counts, sum
}

func TestHostileEventsAreCountedTheSameInAnyConfiguration(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 21))
		provider, usual := dns.Server(), []uint16{256, 256, 257, 257, 257, 258, 259, 260, 261, 262}
		if seed%3 == 2 {
			provider, usual = dns.Client(), []uint16{3006, 3008, 3008, 3009, 3010, 3011, 3016, 3018, 3020}
		}
		h := newHostile(random, provider)
		files := replay.Paths{eventsFile(t, h.stream(t, 400, usual...)), eventsFile(t, h.stream(t, 100, usual...))}
		read := func(config map[string]any) (*consumertest.LogsSink, *Config) {
			config = maps.Clone(config)
			maps.Copy(config, map[string]any{"provider_guid": provider.GUID.String(), "enable_flags": "0xFFFFFFFFFFFFFFFF", "enable_level": 5})
			yaml, err := json.Marshal(config)
			require.NoError(t, err)
			cfg, err := load(t, string(yaml))
			require.NoError(t, err, "%s", yaml)
			cfg.Replay.Path, cfg.Device.Hostname, cfg.Device.IP = files, "dc01.corp.contoso.com", "10.0.10.5"
			sink, r, _ := replayAll(t, cfg)
			stats := &r.Pipeline.Stats
			require.EqualValues(t, 500, stats.Received.Load())
			require.EqualValues(t, 500, stats.Emitted.Load()+stats.Filtered.Load()+stats.Aggregated.Load()+stats.Undecodable.Total(), "%s: %s", yaml, stats)
			kit.RequireAllEmitted(t, stats, sink)
			for reason, n := range r.handler.savedBytes() {
				require.GreaterOrEqual(t, n, int64(0), "%s: %s", yaml, reason)
			}
			return sink, cfg
		}
		for range 8 {
			config := anyConfig(random)
			sink, cfg := read(config)
			single := map[string]any{"correlate": cfg.Correlate, "correlation": map[string]any{"timeout": cfg.Correlation.Timeout.String()}, "profile": string(cfg.Profile)}
			alone, _ := read(single)
			want, exchanges := tally(t, alone)
			got, sum := tally(t, sink)
			what := fmt.Sprint(seed, config)
			requireSameCounts(t, want, got, what)
			require.Equal(t, exchanges, sum, what)
			require.EqualValues(t, alone.LogRecordCount(), exchanges, what)
			single["correlate"] = false
			each, _ := read(single)
			requireSameCounts(t, answered(t, each), answered(t, sink), what)
		}
	}
}
