// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"reflect"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	windns "github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// seen is what a reader of the events finds in a stretch of traffic.
type seen struct {
	byID, byType, byResult     map[int]int
	ofServers, ofWorkstations  int
	keys                       map[string]int // answers by client, name, type, result and five minutes
	foreignAnswers, recursions int
}

// read reads the events of a span, and checks each.
func read(t testing.TB, m Model, from, span time.Duration) seen {
	t.Helper()
	s := seen{byID: map[int]int{}, byType: map[int]int{}, byResult: map[int]int{}, keys: map[string]int{}}
	g := New(m, 1, Midnight(), from)
	servers := map[string]bool{}
	for _, a := range g.actors {
		if c := a.(*client); c.server {
			servers[c.address] = true
		}
	}
	catalog := windns.ServerCatalog()
	var r etw.Record
	var d schema.Decoded
	for before := (time.Time{}); ; {
		raw, at := g.Next()
		require.False(t, at.Before(before), "events are in time order")
		before = at
		if at.Sub(Midnight()) >= from+span {
			return s
		}
		require.NoError(t, r.Parse(raw))
		catalog.Decode(&r, &d)
		require.True(t, d.Exact, "event %d has a layout of the manifest", r.ID)
		require.Zero(t, d.Template.Source, "event %d has the manifest's own layout", r.ID)
		value := func(name string) schema.Value { return d.Values[d.Template.Find(name)] }
		s.byID[int(r.ID)]++
		switch r.ID {
		case 256:
			s.byType[int(value("QTYPE").Num)]++
			if servers[string(value("Source").Bytes)] {
				s.ofServers++
			} else {
				s.ofWorkstations++
			}
		case 257, 258:
			s.byResult[int(value("RCODE").Num)]++
			if bytes.HasPrefix(value("Zone").Bytes, []byte(".\x00.\x00")) {
				s.foreignAnswers++
			}
			s.keys[fmt.Sprintf("%s %s %d %d %d", value("Destination").Bytes, value("QNAME").Bytes, value("QTYPE").Num, value("RCODE").Num, at.Unix()/300)]++
		case 260:
			s.recursions++
		}
	}
}

func (s seen) queries() int { return s.ofServers + s.ofWorkstations }

// repetition is the mean number of answers with the same client, name, type and result in five minutes.
func (s seen) repetition() float64 { return float64(s.byID[257]+s.byID[258]) / float64(len(s.keys)) }

func TestTheTrafficHasTheSharesOfItsModel(t *testing.T) {
	m := Studies(14)
	s := read(t, m, 0, 24*time.Hour)
	share := func(n int) float64 { return float64(n) / float64(s.queries()) }
	require.InEpsilon(t, m.WorkstationRate, float64(s.ofWorkstations)/86400/12, 0.1, "queries of a workstation in a second")
	require.InDelta(t, m.QueriesOfServers, share(s.ofServers), 0.07)
	require.InDelta(t, m.CacheHit, 1-float64(s.recursions)/float64(s.foreignAnswers)/m.Pairs, 0.05)
	require.InDelta(t, 2*14, s.byID[263]+s.byID[264], 1, "each client registers its address once a day")

	// Pang et al.: 50 to 66 % A, 17 to 25 % AAAA, 10 to 18 % PTR; 77 to 86 % NOERROR, 11 to 21 % NXDOMAIN. So few clients scatter.
	for what, c := range map[string]struct {
		count     int
		low, high float64
	}{
		"A": {s.byType[typeA], 0.50, 0.66}, "AAAA": {s.byType[typeAAAA], 0.17, 0.25}, "PTR": {s.byType[typePTR], 0.08, 0.18},
		"SRV": {s.byType[typeSRV], 0.02, 0.06}, "NOERROR": {s.byResult[noError], 0.77, 0.92}, "NXDOMAIN": {s.byResult[nxDomain], 0.08, 0.21},
	} {
		require.GreaterOrEqual(t, share(c.count), c.low, what)
		require.LessOrEqual(t, share(c.count), c.high, what)
	}
}

func TestClientsThatAskMoreOftenRepeatMore(t *testing.T) {
	at := func(repetition float64, onlyNew bool) seen {
		m := Studies(80)
		m.Repetition, m.OnlyNew = repetition, onlyNew
		return read(t, m, 10*time.Hour, 20*time.Minute)
	}
	half, one, double := at(0.5, false), at(1, false), at(2, false)
	require.Less(t, half.repetition(), one.repetition())
	require.Less(t, one.repetition(), double.repetition())
	require.InEpsilon(t, one.queries(), double.queries(), 0.2, "the load is the same")
	require.InEpsilon(t, one.queries(), half.queries(), 0.2, "the load is the same")
	require.Less(t, at(1, true).repetition(), 1.02, "nothing but new names, but for what is sent again")
}

func TestEqualSeedsMakeEqualTraffic(t *testing.T) {
	sum := func(seed uint64) uint64 {
		g, h := New(Studies(20), seed, Midnight(), time.Hour), fnv.New64a()
		for range 5000 {
			raw, _ := g.Next()
			_, _ = h.Write(raw)
		}
		return h.Sum64()
	}
	require.Equal(t, sum(1), sum(1))
	require.NotEqual(t, sum(1), sum(2))
}

func TestThePacketsAreDNSMessages(t *testing.T) {
	g := New(Studies(40), 1, Midnight(), 10*time.Hour)
	catalog := windns.ServerCatalog()
	var r etw.Record
	var d schema.Decoded
	aliases := 0
	for range 20_000 {
		raw, _ := g.Next()
		require.NoError(t, r.Parse(raw))
		catalog.Decode(&r, &d)
		var m dns.Msg
		require.NoError(t, m.Unpack(d.Values[d.Template.Find("PacketData")].Bytes))
		require.Equal(t, string(d.Values[d.Template.Find("QNAME")].Bytes), m.Question[0].Name)
		if i := d.Template.Find("RCODE"); i >= 0 && r.ID < 260 {
			require.Equal(t, int(d.Values[i].Num), m.Rcode)
			require.True(t, m.Rcode != dns.RcodeSuccess || len(m.Answer)+len(m.Ns) > 0, "an answer, or the zone's SOA")
		}
		if len(m.Answer) > 1 && m.Answer[0].Header().Rrtype == typeCNAME {
			require.Equal(t, m.Answer[0].(*dns.CNAME).Target, m.Answer[1].Header().Name)
			aliases++
		}
	}
	require.Positive(t, aliases)
}

func TestEveryConstantHasASource(t *testing.T) {
	var listed []string
	for _, s := range Sources() {
		listed = append(listed, s.Field)
		require.NotEmpty(t, s.Value, s.Field)
		require.NotEmpty(t, s.From, s.Field)
		require.Contains(t, []How{Read, Recalled, Assumed}, s.How)
	}
	var fields []string
	for f := range reflect.TypeFor[Model]().Fields() {
		switch f.Name {
		case "Clients", "Repetition", "OnlyNew": // the parameters of a run
		default:
			fields = append(fields, f.Name)
		}
	}
	require.ElementsMatch(t, fields, listed)
}
