// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachEventIDHasOneRowAndAFieldList(t *testing.T) {
	noList := []uint16{1004, 1006, 1011} // gaps in the range of the DNS Client's configuration events
	for _, p := range []*Provider{Server(), Client()} {
		listed, seen := map[uint16]bool{}, map[uint16]bool{}
		for _, tmpl := range NewDecoder(p).Templates() {
			listed[tmpl.ID] = true
		}
		audits := auditsByID()
		for _, row := range p.events {
			require.NotEmpty(t, row.ids)
			hasClass := row.class != classes{}
			require.Equal(t, hasClass, row.meaning != Meaning{}, "%v: an event of an exchange has a class", row.ids)
			for _, profile := range []Profile{ProfileWindows, ProfileASIM, ProfileDocumented} {
				require.Equal(t, hasClass, row.class.in(profile) != Class{}, "%v: in each profile or in none", row.ids)
			}
			for _, id := range row.ids {
				require.False(t, seen[id], "%d has one row", id)
				require.Nil(t, audits[id], "%d is no audit event", id)
				require.True(t, listed[id] || slices.Contains(noList, id), "%d has a list of fields", id)
				seen[id] = true
			}
		}
		for id := range listed {
			if p.GUID == Server().GUID {
				require.True(t, seen[id] || audits[id] != nil, "%d has a row", id)
			}
		}
	}
}

// The fields that a row names are fields of the event in its newest layout.
func TestTheFieldsThatARowNamesAreTheEvents(t *testing.T) {
	for _, p := range []*Provider{Server(), Client()} {
		d := NewDecoder(p)
		for _, tmpl := range d.Templates() {
			m, plan := d.meanings[tmpl.ID], d.plans[tmpl.Index]
			if tmpl.Source != "" {
				continue
			}
			for _, field := range []Field{m.Peer, m.Local} {
				require.True(t, field == NoField || plan.slots[field] >= 0, "event %d has no field %d", tmpl.ID, field)
			}
		}
	}
}

func TestTheClientOfADynamicUpdateIsItsSource(t *testing.T) {
	for _, id := range []uint16{519, 520} {
		e := recordEvent(t, id, map[string]any{"NAME": "host", "Source": "10.0.0.7"})
		addr, ok := e.AskerAddr()
		require.True(t, ok)
		require.Equal(t, "10.0.0.7", addr.String())
	}
}
