// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// readBack reads a recording, checks what all its events have in common, and calls check for each event that the
// catalog describes. It returns its own counts.
func readBack(t *testing.T, path string, p *dns.Provider, check func(t *testing.T, e *dns.Event)) (counts, etl.Header) {
	t.Helper()
	r, err := etl.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	found, decoder := counts{ByID: map[id]int{}}, dns.NewDecoder(p)
	var e dns.Event
	for {
		raw, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.NoError(t, e.Parse(raw))
		decoder.Decode(&e)
		found.Events++
		found.ByID[id(e.ID)]++
		require.Equal(t, p.GUID, e.Provider)
		require.Zero(t, e.Opcode)
		require.NotZero(t, e.Flags&etw.Flag64BitHeader)
		require.WithinRange(t, e.Time(), start(), start().Add(10*time.Minute+20*time.Second))
		if e.Decoded().Template == nil {
			found.Unknown++
			continue
		}
		require.Equal(t, e.Decoded().Template.Version, e.Version)
		require.Equal(t, e.Decoded().Template.Keyword, e.Keyword)
		if !e.Decoded().Exact {
			found.Inexact++
		}
		check(t, &e)
	}
	require.True(t, r.Stats().Complete(), r.Stats().String())
	require.Equal(t, uint64(found.Events), r.Stats().Events)
	require.Greater(t, r.Stats().Buffers, uint64(processors+1), "every processor and the header have at least one buffer")
	return found, r.Header()
}

// requireIDs fails if the file lacks an event id.
func requireIDs(t *testing.T, c counts, ranges ...[2]id) {
	t.Helper()
	for _, r := range ranges {
		for n := r[0]; n <= r[1]; n++ {
			require.NotZero(t, c.ByID[n], "event %d", n)
		}
	}
}

func text(t *testing.T, e *dns.Event, f dns.Field) string {
	t.Helper()
	b, ok := e.Text(nil, f)
	require.True(t, ok)
	return string(b)
}

func TestServerRecordingIsLikeOneOfWindows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dnsserver.etl")
	made, err := writeServer(path)
	require.NoError(t, err)
	layouts, seen := map[string]int{}, map[uint64]bool{}
	xids := map[string]uint64{} // of the client's query, by GUID
	transports := map[[2]bool]int{}
	var longest int
	found, header := readBack(t, path, dns.Server(), func(t *testing.T, e *dns.Event) {
		if e.Decoded().Exact {
			requirePacket(t, e)
		}
		rcode, ok := e.Num(dns.ResponseCode)
		if ok && !e.Audit {
			seen[rcode] = true
		}
		if e.ID == 257 {
			layouts[e.Decoded().Template.Source]++
		}
		if xid, ok := e.Num(dns.XID); ok && (e.ID == 256 || e.ID == 287) {
			xids[text(t, e, dns.SessionGUID)] = xid
			longest = max(longest, len(text(t, e, dns.QueryName)))
			a, ok := e.Addr(dns.Source)
			require.True(t, ok)
			tcp, _ := e.Num(dns.TCP)
			transports[[2]bool{a.Is4(), tcp == 1}]++
		}
		if i := e.Decoded().Template.Find("QXID"); i >= 0 {
			want, ok := xids[text(t, e, dns.SessionGUID)]
			require.True(t, ok && want == e.Decoded().Values[i].Num, "QXID is the client's transaction")
		}
	})
	require.Equal(t, made, found)
	require.Equal(t, etl.ClockSystemTime, header.Clock)
	require.GreaterOrEqual(t, found.Events, 2000)
	require.Equal(t, 3, found.Inexact)
	require.Equal(t, 3, found.Unknown)
	requireIDs(t, found, [2]id{256, 291}, [2]id{512, 522}, [2]id{541, 541})
	require.Len(t, layouts, 2, "257 of Windows Server 2022 and 2025")
	require.Len(t, transports, 4, "IPv4 and IPv6, UDP and TCP")
	require.Equal(t, 254, longest, "a name of 255 octets has 254 characters with its last dot")
	for _, rcode := range []uint64{mdns.RcodeSuccess, mdns.RcodeNameError, mdns.RcodeServerFailure, mdns.RcodeRefused} {
		require.True(t, seen[rcode], mdns.RcodeToString[int(rcode)])
	}
}

// requirePacket fails if an event's packet is not a DNS message, or contradicts the event's fields.
func requirePacket(t *testing.T, e *dns.Event) {
	t.Helper()
	packet := e.Bytes(dns.PacketData)
	if e.Audit || packet == nil {
		return
	}
	var m mdns.Msg
	require.NoError(t, m.Unpack(packet), "event %d", e.ID)
	require.Len(t, m.Question, 1)
	require.Equal(t, uint64(len(packet)), e.Decoded().Values[e.Decoded().Template.Find("BufferSize")].Num)
	if _, ok := e.Num(dns.QueryName); ok {
		require.Equal(t, text(t, e, dns.QueryName), m.Question[0].Name)
	}
	for _, f := range []struct {
		field dns.Field
		want  uint64
	}{
		{dns.QueryType, uint64(m.Question[0].Qtype)},
		{dns.XID, uint64(m.Id)},
		{dns.Flags, uint64(flagsOf(packet))},
		{dns.ResponseCode, uint64(m.Rcode)},
	} {
		if n, ok := e.Num(f.field); ok && (f.field != dns.ResponseCode || m.Response) {
			require.Equal(t, f.want, n, "event %d, field %d", e.ID, f.field)
		}
	}
	if e.Phase == dns.Response && e.ID != 279 && e.ID != 280 {
		require.True(t, m.Response, "event %d", e.ID)
	}
}

func TestClientRecordingIsLikeOneOfWindows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dnsclient.etl")
	made, err := writeClient(path)
	require.NoError(t, err)
	versions, statuses, addresses := map[uint8]bool{}, map[uint64]bool{}, map[int]bool{}
	options, servers, results := map[uint64]bool{}, map[bool]bool{}, []string{}
	found, header := readBack(t, path, dns.Client(), func(t *testing.T, e *dns.Event) {
		versions[e.Version] = true
		if n, ok := e.Num(dns.Status); ok {
			statuses[n] = true
		}
		if n, ok := e.Num(dns.QueryOptions); ok {
			options[n] = true
		}
		if b := e.Bytes(dns.Address); b != nil {
			_, ok := dns.ParseSockaddr(b)
			require.True(t, ok)
			addresses[len(b)] = true
		}
		switch e.ID {
		case 3006:
			servers[text(t, e, dns.ServerList) != ""] = true
		case 3008:
			results = append(results, text(t, e, dns.QueryResults))
		}
	})
	require.Equal(t, made, found)
	require.Equal(t, etl.ClockQPC, header.Clock)
	require.Equal(t, uint32(3), header.EventsLost)
	require.GreaterOrEqual(t, found.Events, 500)
	require.Zero(t, found.Inexact)
	require.Equal(t, 1, found.Unknown)
	requireIDs(t, found, [2]id{3000, 3016}, [2]id{3018, 3020}, [2]id{3023, 3024}, [2]id{1013, 1016}, [2]id{1001, 1001}, [2]id{1019, 1019}, [2]id{1024, 1024})
	require.Equal(t, found.ByID[3006], found.ByID[3008])
	require.Equal(t, map[uint8]bool{0: true, 1: true, 2: true}, versions)
	require.Equal(t, map[int]bool{16: true, 28: true}, addresses)
	require.Equal(t, map[uint64]bool{usualOptions: true, usualOptions | onlyTCP: true, usualOptions | noRecursion: true}, options)
	require.Len(t, servers, 2, "with a list of servers and without")
	for _, status := range []uint64{0, 9003, 9002, 9701, 9501, 87, 1460} {
		require.True(t, statuses[status], "status %d", status)
	}
	all := strings.Join(results, "\n")
	for _, part := range []string{"type: 5 ", "::ffff:", ";\n", "\n\n"} {
		require.Contains(t, all, part)
	}
}
