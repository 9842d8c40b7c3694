// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// anyMapper makes a mapper of any settings that the receiver allows.
func anyMapper(random *rand.Rand, p *dns.Provider) (m *Mapper, what string) {
	profile := []dns.Profile{dns.ProfileWindows, dns.ProfileASIM, dns.ProfileDocumented}[random.IntN(3)]
	m = NewMapper(p, profile, dc1, "1")
	var settings []string
	set := func(name string, apply func()) {
		if random.IntN(2) == 0 {
			settings = append(settings, name)
			apply()
		}
	}
	if profile != dns.ProfileDocumented {
		set("slim", func() {
			m.Slim(random.IntN(2) == 0)
			set("minimal", m.Minimize)
		})
		set("resource", func() { m.PutDevice(asim.DeviceInResource) })
	}
	set("detail", func() { m.DetailAnswers(true) })
	set("never", func() { m.KeepPackets(KeepPacketNever) })
	set("pseudonyms", func() { m.Pseudonymize(allPseudonyms()) })
	set("processes", func() { m.SetProcesses(knownProcess(`C:\a.exe`)) })
	set("omit", func() {
		m.Omit(OmitAttributes{[]string{"DvcIpAddr", "AdditionalFields", "EventOriginalSubType", "DnsQuery", "AdditionalFields.DnsAnswers", "AdditionalFields.Zone"}[random.IntN(6)]})
	})
	return m, fmt.Sprint(profile, settings)
}

// anyEvent makes an event of a template with any values, or of any bytes.
func anyEvent(t *testing.T, random *rand.Rand, p *dns.Provider, tmpl *schema.Template) (e dns.Event) {
	garbage := func() []byte {
		b := make([]byte, random.IntN(80))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	texts := append([]string{"", "www.example.com.", "192.0.2.1;::ffff:198.51.100.7;type: 5 a.example;", `"quoted";\`, "Default", "NULL", strings.Repeat("long.", 60)}, foolish...)
	values := map[string]any{}
	for _, f := range tmpl.Fields {
		switch {
		case f.Type == schema.ANSI || f.Type == schema.UTF16:
			values[f.Name] = texts[random.IntN(len(texts))]
		case f.Name == "PacketData" && random.IntN(2) == 0:
			values[f.Name] = testPacket(t)
		case f.Type == schema.Binary && f.Length == 0:
			values[f.Name] = garbage()
		case f.Type == schema.Binary:
			values[f.Name] = make([]byte, f.Length)
		}
	}
	for _, name := range []string{"Source", "Destination", "InterfaceIP"} {
		if _, ok := values[name]; ok {
			values[name] = []string{"", "10.0.0.1", "fd00::1", "no address"}[random.IntN(4)]
		}
	}
	raw, err := tmpl.Encode(nil, 8, values)
	require.NoError(t, err)
	switch random.IntN(4) {
	case 0:
		raw = append(raw, garbage()...)
	case 1:
		raw = garbage()
	}
	return dns.Event{Record: etw.Record{
		Provider: p.GUID, ID: tmpl.ID, Version: tmpl.Version, Level: uint8(random.IntN(6)), Keyword: tmpl.Keyword, Flags: etw.Flag64BitHeader,
		TimeStamp: etw.Filetime(testTime.UnixNano()), ProcessID: 852, UserData: raw,
	}}
}

// anyMerged is what an event was merged with.
func anyMerged(random *rand.Rand) (m Merged) {
	at := testTime.Add(-time.Duration(random.IntN(5000)) * time.Millisecond)
	switch random.IntN(5) {
	case 0:
		m = Merged{Answered: true, Start: at, ID: uid.ID{1}}
	case 1:
		m = Merged{Leapt: true, Answered: true, Start: at, Row: true}
	case 2:
		m = Merged{Lookup: Lookup{Events: int64(random.IntN(12)), Server: netip.MustParseAddr("192.0.2.53"), Asked: true}}
	case 3:
		m = Merged{Count: int64(random.IntN(2000)), Row: true, Sums: &dns.Sums{
			First: at.UnixNano(), Last: testTime.UnixNano(), Timed: 3, TotalMS: 1000, MaxMS: 999, GapMS: random.Int64N(1e6), GapSquareMS: random.Int64N(1e12), HasSquare: true,
		}}
	}
	return m
}

// A record's size is known before it is written. It must be what the finished record is billed for.
func TestTheSizeOfARecordThatIsBuiltIsThatOfTheFinishedOne(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, p := range []*dns.Provider{dns.Server(), dns.Client()} {
		decoder := dns.NewDecoder(p)
		for range 40 {
			m, settings := anyMapper(random, p)
			records := m.Begin(plog.NewLogs())
			for range 50 {
				tmpl := decoder.Templates()[random.IntN(len(decoder.Templates()))]
				e, merged := anyEvent(t, random, p, tmpl), anyMerged(random)
				decoder.Decode(&e)
				m.AppendMerged(records, &e, 1, merged)
				record := records.At(records.Len() - 1).Attributes()
				want := m.RecordSize(record)
				require.Equal(t, want, m.AppendedSize(records), "%s: %v", settings, record.AsRaw())
				if m.profile == dns.ProfileDocumented {
					continue // is never packed
				}
				size, _ := m.Pack(records, &e, 1, merged, ItemKind(random.IntN(3)))
				require.Equal(t, want, size, "packed, %s: %v", settings, record.AsRaw())
				if m.PackFull() {
					m.AppendPack(records)
				}
			}
		}
	}
}

// BenchmarkRecordSize measures the size of a row of sums: of the finished record, and as the Builder knows it.
func BenchmarkRecordSize(b *testing.B) {
	p := newPacking(b)
	records := p.Begin(plog.NewLogs())
	p.event.Record = etw.Record{ID: 257, Level: 4, Provider: p.decoder.Provider.GUID, TimeStamp: etw.Filetime(testTime.UnixNano()), UserData: p.events[0]}
	p.decoder.Decode(&p.event)
	p.AppendMerged(records, &p.event, 1, Merged{Count: 10, Row: true, Sums: &dns.Sums{First: 1, Last: 2, Timed: 10, TotalMS: 90, GapMS: 2900, HasSquare: true}})
	record := records.At(0).Attributes()
	b.Run("finished", func(b *testing.B) {
		for b.Loop() {
			p.RecordSize(record)
		}
	})
	b.Run("built", func(b *testing.B) {
		for b.Loop() {
			p.AppendedSize(records)
		}
	})
}
