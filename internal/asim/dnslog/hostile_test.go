// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// foolish are names that fool whoever reads them in a terminal or a viewer.
var foolish = []string{
	"moc.elpmaxe\u202e.com", "a\u2066b\u2069.example", "pay\u200bpal.example", "a\x1b[2jb\r\nc.example", "c1\u009b31m.example", "sep\u2028\u2029.example", "\u061c\u200e\u200f.example",
}

// A viewer shows the body. The attribute has the characters that were sent, so that a query finds them.
func TestANameThatFoolsAReaderIsInAttributesOnly(t *testing.T) {
	for _, name := range foolish {
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM, dns.ProfileDocumented} {
			for _, lr := range []struct {
				provider *dns.Provider
				id       uint16
				fields   map[string]any
			}{
				{dns.Server(), 256, map[string]any{"QNAME": name, "Source": "192.0.2.1"}},
				{dns.Client(), 3006, map[string]any{"QueryName": name}},
			} {
				record := mapEvent(t, lr.provider, profile, dc1, etw.Record{ID: lr.id}, lr.fields)
				query, _ := record.Attributes().Get("DnsQuery")
				require.Equal(t, name, query.Str())
				require.Regexp(t, `^[ -~]+$`, record.Body().Str())
				require.NotContains(t, record.Body().Str(), "example")
			}
		}
	}
}

func TestANameOf64KiBIsOneAttributeAndNoMore(t *testing.T) {
	for _, name := range []string{strings.Repeat("a.", 30_000), strings.Repeat("\u202e", 20_000)} {
		record := mapEvent(t, dns.Client(), dns.ProfileWindows, dc1, etw.Record{ID: 3006}, map[string]any{"QueryName": name})
		query, _ := record.Attributes().Get("DnsQuery")
		require.Equal(t, strings.TrimSuffix(name, "."), query.Str())
		require.Less(t, textSize(t, record.Attributes()), len(name)+4096)
		require.Less(t, len(record.Body().Str()), 128)
	}
}

func TestGarbageInPlaceOfUTF16IsValidUTF8(t *testing.T) {
	garbage := []byte{0x00, 0xD8, 'a', 0, 0x00, 0xDC, 0xFF, 0xFF, 0x2E, 0x20, 0x00, 0xDB} // lone surrogates, a noncharacter, U+202E
	decoder := dns.NewDecoder(dns.Client())
	for _, tmpl := range decoder.Templates() {
		raw := append([]byte(nil), garbage...)
		for range 40 {
			raw = append(raw, garbage...)
			raw = append(raw, 0, 0)
		}
		record := mapEvent(t, dns.Client(), dns.ProfileWindows, dc1, etw.Record{ID: tmpl.ID, Version: tmpl.Version, UserData: raw}, nil)
		textSize(t, record.Attributes()) // requires valid UTF-8
		require.True(t, utf8.ValidString(record.Body().Str()))
	}
}
