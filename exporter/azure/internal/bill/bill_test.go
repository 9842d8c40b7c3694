// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/traffic"
)

func TestARowIsBilledByTheTextsOfItsValues(t *testing.T) {
	for text, want := range map[string]int{
		`{"A":"abc","B":12,"C":true}`:                              3 + 2 + 4,
		`{"A":"a\"b\\c","B":"ü"}`:                                  5 + 2,
		`{"A":"","AdditionalFields":{"X":["1","2"],"Y":"}{\",:"}}`: len(`{"X":["1","2"],"Y":"}{\",:"}`),
		`{"EventCount":7}`:                                         1,
	} {
		b := newBill()
		require.NoError(t, b.add([]byte(text)), text)
		require.Equal(t, want, b.Billed, text)
	}
}

func TestEachRowOfACallIsCountedByItsTime(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	s := &server{from: at.Format(stamp), to: at.Add(time.Hour).Format(stamp), bill: newBill()}
	var rows []string
	for i := range 4 {
		rows = append(rows, fmt.Sprintf(`{"TimeGenerated":%q,"EventCount":%d}`, at.Add(time.Duration(i-1)*30*time.Minute).Format(stamp), i+1))
	}
	text := "[" + strings.Join(rows, ",") + "]"
	require.True(t, json.Valid([]byte(text)))
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, s.count(zipped.Bytes()))
	b, err := s.result()
	require.NoError(t, err)
	require.Equal(t, 2, b.Rows, "the rows of 05:00 and 05:30")
	require.Equal(t, 2+3, b.Counted)
	require.Equal(t, 2*(len(stamp)+1), b.Billed)
	require.Equal(t, zipped.Len()/2, b.Wire)
}

func TestWhatIsNoArrayOfRowsIsAnError(t *testing.T) {
	for _, text := range []string{`x`, `[{"A":1`, `[{"A" 1}]`, `[{1:2}]`, `[{"A":"b]`} {
		require.ErrorIs(t, eachRow([]byte(text), func(row []byte) error { b := newBill(); return b.add(row) }), errRow, text)
	}
}

// The rows of the others are of events that are generated, so their fields are known.
func TestTheOthersHaveARowForEachEventOfTheDefaultFlags(t *testing.T) {
	g, r := traffic.New(traffic.Studies(30), 1, traffic.Midnight(), 10*time.Hour), newRivals()
	events := 0
	for range 5000 {
		raw, _ := g.Next()
		require.NoError(t, r.add(raw))
		if raw[41] == 1 && raw[40] < 7 {
			events++
		}
	}
	require.Equal(t, events, r.AMA.Rows)
	require.Equal(t, events, r.Peer.Rows)
	require.Less(t, events, 5000+1)
	perRow := func(b bill, column string) float64 { return float64(*b.Columns[column]) / float64(b.Rows) }
	for column, size := range map[string]float64{"DnsSessionId": 38, "TimeGenerated": 28, "EventVendor": 9, "Dvc": float64(len(hostName))} {
		require.InDelta(t, size, perRow(r.AMA, column), 1e-9, column)
	}
	require.NotContains(t, r.AMA.Columns, "AdditionalFields")
	r.end()
	require.Positive(t, r.AMA.Wire)
	require.Less(t, r.AMA.Wire, r.AMA.Billed)
	require.Less(t, r.AMA.Wire, r.Peer.Wire)
	require.Less(t, r.Peer.Wire, r.Peer.Billed)
	require.Greater(t, perRow(r.Peer, "AdditionalFields"), 300.)
}

// A small run of the command: one load, few clients.
func TestTheCommandPrintsALineForEachWay(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, options{clients: 2}, "names=new$", "", nil))
	for _, way := range []string{"traffic", "ama", "asim-dns-collector", "full", "correlate", "balanced", "lean"} {
		require.Regexp(t, regexp.MustCompile(`(?m)^BenchmarkBill/dns/load=10k/names=new/`+way+`\t\d+\t`), out.String())
	}
}

// The receivers count what they save by the same columns as the exporter fills.
func TestTheReceiversKnowWhichAttributesHaveAColumn(t *testing.T) {
	dns, err := os.ReadFile("../../../../internal/asim/dnslog/attribute_names.go")
	require.NoError(t, err)
	network, err := os.ReadFile("../../../../receiver/ciliumwindowsreceiver/README.md")
	require.NoError(t, err)
	for _, c := range []struct {
		table *columns.Table
		bill  asim.Bill
		names [][]string
	}{
		{columns.DNS, asim.DNSBill, regexp.MustCompile(`"((?:Event|Dvc|Src|Dst|Network|Transaction|DnsQuery|DnsResponse|DnsFlags|DnsSession)[A-Za-z]*)"`).FindAllStringSubmatch(string(dns), -1)},
		{columns.Network, asim.NetworkBill, regexp.MustCompile("`((?:Event|Dvc|Src|Dst|Network|TcpFlags|cilium\\.)[A-Za-z._0-9]*)`").FindAllStringSubmatch(section(string(network), "### Attributes"), -1)},
	} {
		require.Greater(t, len(c.names), 40)
		for _, name := range c.names {
			if name[1] != "EventSchema" && name[1] != "NetworkSession" { // the latter is a value
				require.Equal(t, c.table.Lookup(name[1]) >= 0, c.bill.HasColumn(name[1]), name[1])
			}
		}
	}
}

// section returns the part of a document under a heading.
func section(text, heading string) string {
	_, text, _ = strings.Cut(text, "\n"+heading+"\n")
	text, _, _ = strings.Cut(text, "\n### ")
	return text
}
