// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheNameInLowerCaseIsTheNameWhereverItStands(t *testing.T) {
	packet := append([]byte{0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, "\x03WWW\x07Contoso\x03COM\x00\x00\x01\x00\x01"...)
	var events []*Event
	for _, p := range []*Provider{Server(), Client()} {
		d := NewDecoder(p)
		for _, tmpl := range d.Templates() {
			if !slices.ContainsFunc([]string{"QNAME", "QueryName", "NAME", "NodeName", "PacketData"}, func(field string) bool { return tmpl.Find(field) >= 0 }) {
				continue
			}
			for _, name := range []string{"WWW.Contoso.COM.", "B\u00dcCHER.Example.", "A.", "Host", ".", ""} {
				fields := map[string]any{"QNAME": name, "QueryName": name, "NAME": name, "NodeName": name, "Zone": "Corp.Example", "PacketData": packet}
				maps.DeleteFunc(fields, func(field string, _ any) bool { return tmpl.Find(field) < 0 })
				events = append(events, decoded(t, d, tmpl, fields))
			}
		}
	}
	names := map[string]bool{}
	for _, e := range events {
		name := e.QName([]byte("Before"))
		Lower(name[len("Before"):])
		require.Equal(t, string(name), string(e.LowerQName([]byte("Before"))), "event %d", e.ID)
		names[string(name)] = true
	}
	require.Greater(t, len(names), 5, "%v", names)
	require.Contains(t, names, "Beforewww.contoso.com.")
	require.Contains(t, names, "Beforehost.corp.example")
}
