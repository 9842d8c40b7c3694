// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	windns "github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// zone is the domain of all queried names. Each event has a name of its own.
const zone = ".roads.example"

// eventName returns the name that the n-th event of a part queries.
func eventName(part string, n int) string { return fmt.Sprintf("%s-%05d%s", part, n, zone) }

// names returns the names of the first n events of a part.
func names(part string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = eventName(part, i)
	}
	return list
}

// recording writes n answers of the DNS Server (event 257) to a file. One in `large` has eight TXT strings, in a packet
// of 2.2 KB. The others have an address.
func recording(t *testing.T, part string, n, large int) string {
	t.Helper()
	return recordingOf(t, part, n, func(i int) (texts int) {
		if i%large == 0 {
			texts = 8
		}
		return texts
	})
}

// recordingOf is recording with texts(i) TXT strings in answer i, or with an address if it is 0.
func recordingOf(t *testing.T, part string, n int, texts func(i int) int) string {
	t.Helper()
	begin := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	return recordingAt(t, part, n, texts, func(i int) time.Time { return begin.Add(time.Duration(i) * time.Millisecond) })
}

// recordingAt is recordingOf with the time of each answer.
func recordingAt(t *testing.T, part string, n int, texts func(i int) int, at func(i int) time.Time) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), part+".etl")
	file, err := os.Create(path)
	require.NoError(t, err)
	w, err := etl.Create(file, etl.Options{LoggerName: "ASIMDNSServerTrace", Clock: etl.ClockSystemTime, OS: etl.OSVersion{Major: 10, Build: 20348}})
	require.NoError(t, err)
	layout := windns.ServerCatalog().Candidates(257, 0)[0]
	var raw []byte
	for i := range n {
		data, err := layout.Encode(nil, 8, answer(t, eventName(part, i), i, texts(i)))
		require.NoError(t, err)
		event := etw.Record{
			Flags: etw.Flag64BitHeader, ProcessID: 3336, ThreadID: 4200, TimeStamp: etw.Filetime(at(i).UnixNano()),
			Provider: layout.Provider, ID: layout.ID, Version: layout.Version, Channel: layout.Channel, Level: layout.Level,
			Task: layout.Task, Keyword: layout.Keyword, UserData: data,
		}
		raw, err = event.Append(raw[:0])
		require.NoError(t, err)
		require.NoError(t, w.Write(raw))
	}
	require.NoError(t, w.Close())
	require.NoError(t, file.Close())
	return path
}

// answer returns the fields of one answer.
func answer(t *testing.T, name string, i, texts int) map[string]any {
	m := new(dns.Msg)
	m.Id, m.Response, m.RecursionDesired, m.RecursionAvailable = uint16(i), true, true, true
	qtype := dns.TypeA
	var rr dns.RR = &dns.A{Hdr: dns.RR_Header{Name: name + ".", Rrtype: qtype, Class: dns.ClassINET, Ttl: 300}, A: []byte{198, 51, 100, 20}}
	if texts > 0 {
		qtype = dns.TypeTXT
		text := &dns.TXT{Hdr: dns.RR_Header{Name: name + ".", Rrtype: qtype, Class: dns.ClassINET, Ttl: 300}}
		for k := range texts {
			text.Txt = append(text.Txt, strings.Repeat(string(rune('a'+k%26)), 255))
		}
		rr = text
	}
	m.Question = []dns.Question{{Name: name + ".", Qtype: qtype, Qclass: dns.ClassINET}}
	m.Answer = []dns.RR{rr}
	packet, err := m.Pack()
	require.NoError(t, err)
	return map[string]any{
		"TCP": 0, "InterfaceIP": "10.1.0.5", "Destination": "10.1.4.21", "AA": 0, "AD": 0, "QNAME": name + ".", "QTYPE": int(qtype), "XID": i % 65536,
		"DNSSEC": 0, "RCODE": 0, "Port": 51696, "Flags": 0x8180, "Scope": "Default", "Zone": "..Cache", "PolicyName": "NULL", "PacketData": packet,
		"AdditionalInfo": "VirtualizationInstance:.", "ElapsedTime": uint64(3), "GUID": "{0F41EBBE-AA12-454C-ABB6-CB9B7F51DBBC}",
	}
}

// nameCounts counts the records that arrived, by the queried name.
type nameCounts struct {
	mu sync.Mutex
	of map[string]int
}

func (c *nameCounts) add(logs plog.Logs) {
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				if name, dns := lr.Attributes().Get("DnsQuery"); dns {
					c.addName(name.Str())
				} else if from, cilium := lr.Attributes().Get("SrcIpAddr"); cilium {
					c.addName(nameOf(from.Str()))
				}
			}
		}
	}
}

func (c *nameCounts) addName(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[name]++
}

// got returns a copy of the counts.
func (c *nameCounts) got() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := make(map[string]int, len(c.of))
	for name, n := range c.of {
		of[name] = n
	}
	return of
}

// missing returns the names that have not arrived.
func missing(got map[string]int, want []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(name string) bool { return got[name] > 0 })
}

// ofPart counts the different names of a part.
func ofPart(got map[string]int, part string) int {
	n := 0
	for name := range got {
		if strings.HasPrefix(name, part+"-") {
			n++
		}
	}
	return n
}

// requireExactly requires that everything that was sent arrived, and nothing else. Records may have arrived more than
// once.
func requireExactly(t *testing.T, got map[string]int, want []string) {
	t.Helper()
	lost := missing(got, want)
	require.Empty(t, lost[:min(len(lost), 5)], "%d of %d records are lost", len(lost), len(want))
	require.Len(t, got, len(want), "records arrived that were not sent")
}

// requireOnce is requireExactly, and each record may arrive only once.
func requireOnce(t *testing.T, got map[string]int, want []string) {
	t.Helper()
	requireExactly(t, got, want)
	for name, n := range got {
		require.Equal(t, 1, n, name)
	}
}
