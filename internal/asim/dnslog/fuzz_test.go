// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"bytes"
	"math"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// FuzzDNSRecord maps any bytes as any event, in every profile: a record has its mandatory attributes, all text is UTF-8, all
// numbers fit their columns, and no packet makes a record out of proportion.
func FuzzDNSRecord(f *testing.F) {
	providers := []*dns.Provider{dns.Server(), dns.Client()}
	profiles := []dns.Profile{dns.ProfileWindows, dns.ProfileASIM, dns.ProfileDocumented}
	decoders, mappers := map[*dns.Provider]*dns.Decoder{}, map[*dns.Provider][]*Mapper{}
	for i, p := range providers {
		decoders[p] = dns.NewDecoder(p)
		for _, profile := range profiles {
			m := NewMapper(p, profile, dc1, "1")
			m.DetailAnswers(profile == dns.ProfileASIM)
			mappers[p] = append(mappers[p], m)
		}
		for _, tmpl := range decoders[p].Templates() {
			sized := map[string]any{}
			for _, field := range tmpl.Fields {
				if field.Length > 0 {
					sized[field.Name] = make([]byte, field.Length)
				}
			}
			raw, err := tmpl.Encode(nil, 8, sized)
			require.NoError(f, err)
			f.Add(i == 1, tmpl.ID, tmpl.Version, raw)
			f.Add(i == 1, tmpl.ID, tmpl.Version, bytes.ReplaceAll(raw, make([]byte, 4), []byte{0, 0xFF, 0xFF, 0xFF}))
		}
	}
	f.Fuzz(func(t *testing.T, client bool, id uint16, version uint8, raw []byte) {
		p := providers[0]
		if client {
			p = providers[1]
		}
		e := dns.Event{Record: etw.Record{ID: id, Version: version, UserData: raw}}
		decoders[p].Decode(&e)
		for _, m := range mappers[p] {
			records := m.Begin(plog.NewLogs())
			m.Append(records, &e, 1)
			attrs := records.At(0).Attributes()
			mandatory := []string{"EventType", "EventResult", "EventResultDetails", "Dvc"}
			if m.IsAuditEvent(&e) {
				mandatory[2] = "Operation"
			}
			for _, name := range mandatory {
				v, ok := attrs.Get(name)
				require.True(t, ok && v.Str() != "", name)
			}
			for name, v := range attrs.All() {
				require.True(t, v.Type() != pcommon.ValueTypeInt || v.Int() >= 0 && v.Int() <= math.MaxInt32, "%s: %s", name, v.AsString())
			}
			size := textSize(t, attrs)
			require.LessOrEqual(t, size, 4*len(raw)+24*1024, "event %d", id)
		}
	})
}

// textSize sums the text of a map, and requires it to be UTF-8.
func textSize(t *testing.T, m pcommon.Map) (size int) {
	for name, v := range m.All() {
		require.True(t, utf8.ValidString(name))
		switch v.Type() {
		case pcommon.ValueTypeMap:
			size += textSize(t, v.Map())
		default:
			require.True(t, utf8.ValidString(v.AsString()), "%s: %q", name, v.AsString())
			size += len(v.AsString())
		}
	}
	return size
}
