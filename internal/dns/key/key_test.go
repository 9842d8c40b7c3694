// SPDX-License-Identifier: Apache-2.0

package key

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// guidKey returns the key of a query's GUID.
func guidKey(t *testing.T, guid string) (key string, isNil bool) {
	d := dns.NewDecoder(dns.Server())
	for _, tmpl := range d.Templates() {
		if tmpl.ID != 256 {
			continue
		}
		data, err := tmpl.Encode(nil, 8, map[string]any{"QNAME": "www.example.com.", "QTYPE": 1, "GUID": guid})
		require.NoError(t, err)
		e := &dns.Event{Record: etw.Record{Provider: tmpl.Provider, ID: 256, Flags: etw.Flag64BitHeader, Keyword: tmpl.Keyword, UserData: data}}
		d.Decode(e)
		b, isNil, ok := AppendGUID([]byte("x"), e)
		require.True(t, ok)
		require.Equal(t, byte('x'), b[0])
		return string(b[1:]), isNil
	}
	t.Fatal("no event 256")
	return "", false
}

func TestGUIDsHaveOneKeyIfTheyAreEqualInLowerCase(t *testing.T) {
	const guid = "{BF629903-4288-435F-9182-470BEDF5C0A4}"
	key, isNil := guidKey(t, guid)
	require.False(t, isNil)
	require.Len(t, key, 17, "16 bytes of a GUID instead of 38 characters")
	// A text that does not begin with a brace is no GUID: the layout of the event is unknown then.
	texts := []string{guid, guid + "0", guid[:37], "{" + strings.Repeat("0", 35) + "1}", "{000000000-000-0000-0000-000000000001}", "{Ɓ" + guid[2:]}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 { // another character at one place
		b := []byte(guid)
		b[1+r.IntN(len(b)-1)] = "0123456789abcdefABCDEFGg{}-@`/:"[r.IntN(31)]
		texts = append(texts, string(b), strings.ToLower(string(b)))
	}
	keys, byKey := map[string]string{}, map[string]string{}
	for _, text := range texts {
		key, isNil := guidKey(t, text)
		require.False(t, isNil, text)
		folded := strings.ToLower(text)
		if before, ok := keys[folded]; ok {
			require.Equal(t, before, key, text)
		}
		if before, ok := byKey[key]; ok {
			require.Equal(t, before, folded, "one key for two GUIDs")
		}
		keys[folded], byKey[key] = key, folded
	}
}

func TestAGUIDOfZerosIsNone(t *testing.T) {
	for _, text := range []string{"", "{00000000-0000-0000-0000-000000000000}", "{0}", "{0-}"} {
		key, isNil := guidKey(t, text)
		require.True(t, isNil, text)
		require.Empty(t, key)
	}
}
