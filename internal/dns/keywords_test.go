// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// idsOf lists the ids of the manifest that come with keywords by name.
func idsOf(t *testing.T, p *Provider, names ...string) (ids []uint16) {
	t.Helper()
	var bits uint64
	for _, name := range names {
		b, err := p.Keyword(name)
		require.NoError(t, err)
		bits |= b
	}
	enable := p.Enable(5, bits)
	for _, tmpl := range NewDecoder(p).Templates() {
		if enable.Wants(&etw.Record{ID: tmpl.ID, Level: tmpl.Level, Keyword: tmpl.Keyword}) && !slices.Contains(ids, tmpl.ID) {
			ids = append(ids, tmpl.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestEveryEventOfTheServerIsOfOneNamedKind(t *testing.T) {
	want := map[string][]uint16{
		"queries": {256, 287}, "responses": {257, 258, 284, 285, 288}, "ignored": {259}, "recursion": {260, 261, 289, 290},
		"timeouts": {262, 286, 291}, "updates": {263, 264, 277, 278}, "transfers": {265, 266, 267, 268, 269, 270, 271, 272},
		"notify": {273, 274, 275, 276}, "lookups": {279, 280}, "rate_limiting": {281, 282, 283},
	}
	seen := 0
	for _, k := range Server().keywords {
		ids := idsOf(t, Server(), k.Name)
		if k.Name == "audit" {
			require.Len(t, ids, 81)
		} else {
			require.Equal(t, want[k.Name], ids, k.Name)
		}
		seen += len(ids)
	}
	require.Len(t, Server().keywords, len(want)+1)
	var all []uint16
	for _, tmpl := range NewDecoder(Server()).Templates() {
		if !slices.Contains(all, tmpl.ID) {
			all = append(all, tmpl.ID)
		}
	}
	require.Len(t, all, seen)
}

func TestSecurityIsTheDefaultAndWhatChangesOrLeaksAZone(t *testing.T) {
	require.Equal(t, idsOf(t, Server(), "default", "updates", "transfers", "audit"), idsOf(t, Server(), "security"))
	require.Equal(t, idsOf(t, Client(), "default", "system"), idsOf(t, Client(), "security"))
	require.Subset(t, idsOf(t, Client(), "security"), []uint16{1014, 3006, 8001, 8018})
	bits, err := Server().Keyword(" SECURITY ")
	require.NoError(t, err)
	require.Equal(t, uint64(0x400000840001FFBF), bits)
}

func TestTheClientsKindsAreItsCategories(t *testing.T) {
	require.Equal(t, categorised(wantedIDs(Client(), 8)), categorised(idsOf(t, Client(), "networking")))
	require.Contains(t, idsOf(t, Client(), "system"), uint16(1014))
	require.NotContains(t, idsOf(t, Client(), "system"), uint16(3006))
	_, err := Client().Keyword("audit")
	require.EqualError(t, err, `"audit" names no events of the DNS Client; want queries, cache, configuration, networking, system, default, security, or a number`)
}

func TestTheKindsThatKeywordsLeaveOutAreNamed(t *testing.T) {
	for _, tc := range []struct {
		p     *Provider
		flags uint64
		want  []string
	}{
		{Server(), 0x3F, []string{"timeouts", "updates", "transfers", "notify", "lookups", "rate_limiting", "audit"}},
		{Server(), 0x400000840001FFBF, []string{"timeouts", "notify", "lookups", "rate_limiting"}},
		{Server(), 0x1 | 0x2, []string{"responses (in part)", "ignored", "recursion", "timeouts", "updates", "transfers", "notify", "lookups", "rate_limiting", "audit"}},
		{Server(), 1 << 63, []string{"audit"}},
		{Server(), 0, nil},
		{Server(), 0xFFFFFFFFFFFFFFFF, nil},
		{Client(), Client().Keywords, []string{"configuration (in part)", "networking (in part)", "system"}},
		{Client(), 0xC000000000000FFF, nil},
		{Client(), 1, []string{"cache", "configuration", "networking", "system"}},
		{Client(), 0, nil},
	} {
		byKeywords, _ := tc.p.LeftOut(tc.p.Enable(2, tc.flags))
		require.Equal(t, tc.want, byKeywords, "%s %#x", tc.p.Product, tc.flags)
	}
}
