// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

func TestChannelAndKeywordSayWhatIsAudit(t *testing.T) {
	for _, tc := range []struct {
		p    *Provider
		r    etw.Record
		want bool
	}{
		{Server(), etw.Record{ID: 60597, Channel: 17}, true},
		{Server(), etw.Record{ID: 60597, Keyword: 0x4000000000080000}, true},
		{Server(), etw.Record{ID: 299, Channel: 17, Keyword: 0x4000000000080000}, true},
		{Server(), etw.Record{ID: 60597, Channel: 16, Keyword: 0x8000000000000001}, false},
		{Server(), etw.Record{ID: 524}, false},
		{Server(), etw.Record{ID: 513}, true}, // the manifest says so
		{Server(), etw.Record{ID: 256, Channel: 16, Keyword: 0x8000000000000001}, false},
		{Client(), etw.Record{ID: 1014, Channel: 8, Keyword: 0x4000000010000000}, false}, // of the System channel
		{Client(), etw.Record{ID: 3099, Channel: 17}, false},
	} {
		e := Event{Record: tc.r}
		NewDecoder(tc.p).Decode(&e)
		require.Equal(t, tc.want, e.Audit, "event %d channel %d keyword %#x", tc.r.ID, tc.r.Channel, tc.r.Keyword)
	}
}

// A later Windows has more audit events than the known manifests, and its host supplies their fields.
func TestAnAuditEventThatOnlyTheHostKnowsIsNotInformational(t *testing.T) {
	informs := func(r etw.Record) bool {
		d := NewDecoder(Server())
		d.UseHost(func(r *etw.Record) (*schema.Template, error) {
			return &schema.Template{Provider: r.Provider, ID: r.ID, Level: r.Level, Keyword: r.Keyword, Channel: r.Channel, Task: r.Task}, nil
		}, func(*etw.Record, *schema.Template, error) {})
		e := Event{Record: r}
		d.Decode(&e)
		return e.Informational()
	}
	require.True(t, informs(etw.Record{ID: 60597, Level: 4, Channel: 16, Keyword: 0x8000000000000001}))
	require.False(t, informs(etw.Record{ID: 60597, Level: 4, Channel: 17, Keyword: 0x4000000000080000}))
}

func TestEveryAuditEventOfTheManifestHasARow(t *testing.T) {
	p, rows, seen := Server(), auditsByID(), map[uint16]bool{}
	verbs := []string{"create", "delete", "set", "sign", "unsign", "start", "stop", "restart", "clear", "write", "export", "import",
		"pause", "resume", "reload", "refresh", "expire"}
	for _, tmpl := range NewDecoder(p).Templates() {
		a := rows[tmpl.ID]
		require.Equal(t, p.Audits(tmpl.Channel, tmpl.Keyword), a != nil, "event %d", tmpl.ID)
		if a == nil {
			continue
		}
		seen[tmpl.ID] = true
		require.NotEmpty(t, a.Operation, "event %d", tmpl.ID)
		require.Contains(t, verbs, a.Verb, "event %d", tmpl.ID)
		require.NotEmpty(t, a.Kind, "event %d", tmpl.ID)
		require.Equal(t, tmpl.ID == 512 || tmpl.ID > 582, a.Source == FromManifest, "event %d: the documentation lists 513 to 582", tmpl.ID)
		if tmpl.Source == "" {
			for _, field := range []string{a.Object, a.Old, a.New} {
				require.True(t, field == "" || tmpl.Find(field) >= 0, "event %d has no field %s", tmpl.ID, field)
			}
		}
	}
	require.Len(t, seen, 81)
	require.Len(t, Audits(), 81, "each once")
	require.True(t, slices.IsSortedFunc(Audits(), func(a, b Audit) int { return int(a.ID) - int(b.ID) }))
}

// recordEvent encodes and decodes an audit event.
func recordEvent(t *testing.T, id uint16, fields map[string]any) *Event {
	t.Helper()
	d := NewDecoder(Server())
	tmpl := d.catalog.Candidates(id, 0)[0]
	raw, err := tmpl.Encode(nil, 8, fields)
	require.NoError(t, err)
	e := &Event{Record: etw.Record{ID: id, Channel: tmpl.Channel, Keyword: tmpl.Keyword, UserData: raw}}
	d.Decode(e)
	return e
}

func TestTheNameOfAChangedRecordIsInFull(t *testing.T) {
	for _, tc := range []struct{ name, zone, want string }{
		{"host", "corp.example.com", "host.corp.example.com"},
		{"a.b", "corp.example.com", "a.b.corp.example.com"},
		{"host.corp.example.com", "corp.example.com", "host.corp.example.com"},
		{"HOST.Corp.Example.COM", "corp.example.com", "HOST.Corp.Example.COM"},
		{"corp.example.com", "corp.example.com", "corp.example.com"},
		{"notcorp.example.com", "corp.example.com", "notcorp.example.com.corp.example.com"},
		{"host.corp.example.com.", "corp.example.com", "host.corp.example.com."},
		{"@", "corp.example.com.", "corp.example.com"},
		{"*", "corp.example.com", "*.corp.example.com"},
		{"9.2", "10.in-addr.arpa", "9.2.10.in-addr.arpa"},
		{"host", ".", "host"},
		{"login.example.net", "..Cache", "login.example.net"},
		{"host", "", "host"},
		{"", "corp.example.com", ""},
	} {
		e := recordEvent(t, 519, map[string]any{"NAME": tc.name, "Zone": tc.zone})
		require.Equal(t, tc.want, string(e.QName(nil)), "%q in %q", tc.name, tc.zone)
	}
	require.Equal(t, "servers.corp.example.com", string(recordEvent(t, 566, map[string]any{"NodeName": "servers", "Zone": "corp.example.com"}).QName(nil)))
	require.Equal(t, "login.adatum.com.", string(recordEvent(t, 536, map[string]any{"QNAME": "login.adatum.com."}).QName(nil)))
	require.Empty(t, recordEvent(t, 513, map[string]any{"Zone": "corp.example.com"}).QName(nil), "a zone is no record")
}

func TestTheDataOfAChangedRecordIsReadByItsType(t *testing.T) {
	for _, tc := range []struct {
		typ  int
		data string
		want string
	}{
		{1, "\x0a\x00\x00\x09", "10.0.0.9"},
		{28, "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", "2001:db8::1"},
		{5, "\x04apps\x07contoso\x03com\x00", "apps.contoso.com"},
		{5, "\x12\x03\x04apps\x07contoso\x03com\x00", "apps.contoso.com"}, // DNS_COUNT_NAME
		{15, "\x00\x0a\x04mail\x07contoso\x03com\x00", "10 mail.contoso.com"},
		{15, "\x00\x0a\x12\x03\x04mail\x07contoso\x03com\x00", "10 mail.contoso.com"},
		{33, "\x00\x00\x00\x64\x01\x85\x03dc1\x07contoso\x03com\x00", "0 100 389 dc1.contoso.com"},
		{33, "\x00\x00\x00\x64\x01\x85\x11\x03\x03dc1\x07contoso\x03com\x00", "0 100 389 dc1.contoso.com"},
		{16, "\x0dMS=ms74839201\x04a; b", `"MS=ms74839201" "a; b"`},
		{65281, "\x01\x02", `\# 2 0102`},
		// No data of the type.
		{1, "\x0a\x00\x00", ""},
		{28, "\x0a\x00\x00\x09", ""},
		{5, "\x04apps\xc0\x00", ""}, // it points into a message that is not there
		{15, "\x00\x0a\xc0\x02", ""},
		{6, "\x01a\x00\xc0\x00" + "\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x05", ""},
		{33, "\x00\x00\x00\x64\x01\x85\x01a\xc0\x00", ""},
		{5, "\x12\x04\x04apps\x07contoso\x03com", ""},
		{5, "\x00\x00", ""},
		{5, "", ""},
		{70000, "\x0a\x00\x00\x09", ""},
	} {
		e := recordEvent(t, 515, map[string]any{"Type": tc.typ, "RDATA": []byte(tc.data)})
		text, ok := e.AppendRecordData([]byte("before "))
		require.Equal(t, "before "+tc.want, string(text), "type %d %q", tc.typ, tc.data)
		require.Equal(t, tc.want != "", ok, "type %d %q", tc.typ, tc.data)
	}
	_, ok := recordEvent(t, 515, map[string]any{"Type": 65281, "RDATA": make([]byte, 60000)}).AppendRecordData(nil)
	require.False(t, ok, "too long")
}

// FuzzStoredData reads any bytes as the data of any type.
func FuzzStoredData(f *testing.F) {
	f.Add(uint16(5), []byte("\x12\x03\x04apps\x07contoso\x03com\x00"))
	f.Add(uint16(6), []byte("\x01a\x00\x01b\x00\x00\x00\x00\x00"))
	f.Add(uint16(33), []byte("\x00\x00\x00\x64\x01\x85\x03dc1\xc0\x00"))
	f.Fuzz(func(t *testing.T, typ uint16, data []byte) {
		before := slices.Clone(data)
		text, ok := appendStoredData([]byte("x"), typ, data)
		require.Equal(t, before, data, "the event's bytes stay as they are")
		require.LessOrEqual(t, len(text), 1+maxAnswersText)
		require.Equal(t, byte('x'), text[0])
		require.True(t, ok || len(text) == 1)
	})
}
