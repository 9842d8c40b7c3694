// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"testing"

	mdns "github.com/miekg/dns"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// updatePacket is an update that presumes one thing, deletes records and adds n.
func updatePacket(t *testing.T, n int) []byte {
	t.Helper()
	a, err := mdns.NewRR("ws1.corp.example.com. 1200 IN A 10.1.4.27")
	require.NoError(t, err)
	m := new(mdns.Msg)
	m.SetUpdate("corp.example.com.")
	m.NameUsed([]mdns.RR{a})
	m.RemoveRRset([]mdns.RR{mdns.Copy(a)})
	for range n {
		m.Insert([]mdns.RR{mdns.Copy(a)})
	}
	m.Compress = true
	raw, err := m.Pack()
	require.NoError(t, err)
	return raw
}

func TestARecordOfAnUpdateListsWhatItAsksFor(t *testing.T) {
	want := []any{
		map[string]any{"operation": "delete_rrset", "name": "ws1.corp.example.com", "type": "A"},
		map[string]any{"operation": "add", "name": "ws1.corp.example.com", "type": "A", "ttl": int64(1200), "data": "10.1.4.27"},
	}
	fields := map[string]any{"QNAME": "corp.example.com.", "PacketData": updatePacket(t, 1)}
	for _, id := range []uint16{263, 264, 277, 278} {
		for _, keep := range []PacketKeep{KeepPacketAlways, KeepPacketNever} {
			_, attrs := mapped(t, dns.Server(), func(_ *dns.Decoder, m *Mapper) { m.KeepPackets(keep) }, id, fields)
			require.Equal(t, want, additional(attrs, "DnsUpdates"), "event %d", id)
			require.Nil(t, additional(attrs, "DnsUpdateCount"))
			require.Equal(t, keep == KeepPacketAlways, additional(attrs, "PacketData") != nil)
		}
	}
	asim := attrsOf(t, dns.Server(), dns.ProfileASIM, dc1, etw.Record{ID: 263}, fields, "AdditionalFields")[0]
	require.Equal(t, want, asim.(map[string]any)["DnsUpdates"])
	documented := attrsOf(t, dns.Server(), dns.ProfileDocumented, dc1, etw.Record{ID: 263}, fields, "AdditionalFields")[0]
	require.NotContains(t, documented, "DnsUpdates")

	_, attrs := mapped(t, dns.Server(), func(d *dns.Decoder, _ *Mapper) { d.SkipPackets = true }, 263, fields)
	require.Nil(t, additional(attrs, "DnsUpdates"), "packet.parse: false")
	_, attrs = mapped(t, dns.Server(), func(_ *dns.Decoder, m *Mapper) { m.Omit(OmitAttributes{"AdditionalFields.DnsUpdates"}) }, 263, fields)
	require.Nil(t, additional(attrs, "DnsUpdates"))
}

func TestAListOfUpdatesThatIsCutSaysHowManyThereAre(t *testing.T) {
	_, attrs := mapped(t, dns.Server(), unchanged, 263, map[string]any{"PacketData": updatePacket(t, 300)})
	require.Len(t, additional(attrs, "DnsUpdates"), 128)
	require.Equal(t, int64(301), additional(attrs, "DnsUpdateCount"))
}

func TestADamagedUpdateListsWhatIsWholeAndSaysHowManyThereWere(t *testing.T) {
	whole := updatePacket(t, 3)
	for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
		list := func(p []byte) (updates any, count any) {
			raw := attrsOf(t, dns.Server(), profile, dc1, etw.Record{ID: 263}, map[string]any{"QNAME": "corp.example.com.", "PacketData": p}, "AdditionalFields")[0].(map[string]any)
			return raw["DnsUpdates"], raw["DnsUpdateCount"]
		}
		all, count := list(whole)
		require.Len(t, all, 4)
		require.Nil(t, count)
		updates, count := list(whole[:len(whole)-2]) // within the last address
		require.Equal(t, []any{all.([]any)[:3], int64(4)}, []any{updates, count})
		updates, count = list(whole[:20]) // within the question
		require.Equal(t, []any{nil, int64(4)}, []any{updates, count})
		updates, count = list(whole[:5])
		require.Equal(t, []any{nil, nil}, []any{updates, count}, "no header says that it is an update")
	}
	m, attrs := mapped(t, dns.Server(), unchanged, 263, map[string]any{"PacketData": whole[:len(whole)-2]})
	require.Equal(t, int64(1), m.Unparsable(), "it counts as damaged")
	require.NotNil(t, additional(attrs, "PacketData"))
	_, attrs = mapped(t, dns.Server(), func(d *dns.Decoder, _ *Mapper) { d.SkipPackets = true }, 263, map[string]any{"PacketData": whole[:40]})
	require.Nil(t, additional(attrs, "DnsUpdateCount"), "packet.parse: false")
	documented := attrsOf(t, dns.Server(), dns.ProfileDocumented, dc1, etw.Record{ID: 263}, map[string]any{"PacketData": whole[:40]}, "AdditionalFields")[0]
	require.NotContains(t, documented, "DnsUpdateCount")
}

// One builder serves all records: the lists of one are not those of the next.
func TestTheUpdatesOfOneRecordAreNotThoseOfTheNext(t *testing.T) {
	decoder, m := dns.NewDecoder(dns.Server()), NewMapper(dns.Server(), dns.ProfileWindows, dc1, "")
	records := m.Begin(plog.NewLogs())
	for i, n := range []int{3, 1, 0, 2} {
		for _, tmpl := range decoder.Templates() {
			if tmpl.ID != 263 {
				continue
			}
			raw, err := tmpl.Encode(nil, 8, map[string]any{"PacketData": updatePacket(t, n)})
			require.NoError(t, err)
			e := dns.Event{Record: etw.Record{ID: 263, UserData: raw}}
			decoder.Decode(&e)
			m.Append(records, &e, 1)
			require.Len(t, additional(records.At(i).Attributes().AsRaw(), "DnsUpdates"), n+1)
		}
	}
	require.Equal(t, 4, records.Len())
	require.Len(t, additional(records.At(0).Attributes().AsRaw(), "DnsUpdates"), 4, "nor does the next change one that is done")
}
