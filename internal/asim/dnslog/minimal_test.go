// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// eachMinimal maps every event of a recording twice, as an exchange that would have been summed: slim and minimal.
func eachMinimal(t *testing.T, r recording, do func(m *Mapper, e *dns.Event, slim, minimal plog.LogRecord)) (slim, minimal *Mapper) {
	t.Helper()
	reader, err := etl.Open(filepath.Join("..", "..", "..", "testdata", r.file))
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close()) }()
	decoder := dns.NewDecoder(r.provider)
	slim, minimal = NewMapper(r.provider, dns.ProfileWindows, dc1, "1.2.3"), NewMapper(r.provider, dns.ProfileWindows, dc1, "1.2.3")
	slim.Slim(true)
	minimal.Slim(true)
	minimal.Minimize()
	var e dns.Event
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return slim, minimal
		}
		require.NoError(t, err)
		require.NoError(t, e.Parse(raw))
		decoder.Decode(&e)
		records := slim.Begin(plog.NewLogs())
		slim.AppendMerged(records, &e, 1, Merged{Row: true})
		minimal.AppendMerged(records, &e, 1, Merged{Row: true})
		do(minimal, &e, records.At(0), records.At(1))
	}
}

func TestAMinimalRecordLacksWhatTheTableLists(t *testing.T) {
	given := map[string]bool{ // whether it is in the recordings
		"DvcHostname": false, "DvcDomain": false, "DvcDomainType": false, "DvcOs": false, "DvcOsVersion": false, "DstIpAddr": false,
		"SrcPortNumber": false, "TransactionIdHex": false, "AdditionalFields.DnsAnswerMinTtl": false, "AdditionalFields.Zone": false,
	}
	for _, r := range recordings() {
		eachMinimal(t, r, func(m *Mapper, e *dns.Event, slim, minimal plog.LogRecord) {
			want, got := flat(slim), flat(minimal)
			if e.Audit || e.LayoutUnknown() {
				require.Equal(t, want, got)
				return
			}
			for name, value := range got {
				require.Equal(t, want[name], value, "event %d: %s", e.ID, name)
			}
			for name, value := range want {
				if _, has := got[name]; has {
					continue
				}
				require.Contains(t, given, name, "event %d", e.ID)
				given[name] = true
				switch name {
				case "DstIpAddr":
					require.Equal(t, got["DvcIpAddr"], value)
				case "AdditionalFields.Zone":
					require.Equal(t, "..Cache", value)
				}
			}
		})
	}
	for name, found := range given {
		require.True(t, found, name)
	}
}

func TestTheSavedBytesOfMinimalRecordsAreTheirDifference(t *testing.T) {
	for _, r := range recordings() {
		difference := 0
		slim, minimal := eachMinimal(t, r, func(m *Mapper, _ *dns.Event, slim, minimal plog.LogRecord) {
			difference += m.RecordSize(slim.Attributes()) - m.RecordSize(minimal.Attributes())
		})
		require.Positive(t, difference)
		require.InEpsilon(t, difference, minimal.Saved().Attributes()-slim.Saved().Attributes(), 0.02)
	}
}

func TestAMinimalRecordOfAnExchangeThatStaysWholeKeepsPortAndTransaction(t *testing.T) {
	m := NewMapper(dns.Server(), dns.ProfileWindows, dc1, "1.2.3")
	m.Slim(true)
	m.Minimize()
	whole, ports := 0, 0
	eachMinimal(t, recordings()[0], func(_ *Mapper, e *dns.Event, slim, _ plog.LogRecord) {
		records := m.Begin(plog.NewLogs())
		m.Append(records, e, 1)
		want, got := flat(slim), flat(records.At(0))
		require.Equal(t, want["SrcPortNumber"], got["SrcPortNumber"])
		require.Equal(t, want["TransactionIdHex"], got["TransactionIdHex"])
		whole++
		if got["SrcPortNumber"] != nil {
			ports++
		}
	})
	require.Positive(t, ports)
	require.Greater(t, whole, ports)
}
