// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// channel is the keyword of most events of the DNS Client.
const channel = uint64(1) << 63

// wantedIDs lists the ids that the flags want, of the manifest's, and of 3099, which no manifest has.
func wantedIDs(p *Provider, flags uint64) []uint16 {
	enable := p.Enable(5, flags)
	var ids []uint16
	for _, tmpl := range append(NewDecoder(p).Templates(), nil) {
		r := etw.Record{ID: 3099, Level: 4, Keyword: channel}
		if tmpl != nil {
			r = etw.Record{ID: tmpl.ID, Level: tmpl.Level, Keyword: tmpl.Keyword}
		}
		if enable.Wants(&r) && !slices.Contains(ids, r.ID) {
			ids = append(ids, r.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// categorised keeps the ids within the ranges that the categories divide.
func categorised(ids []uint16) []uint16 {
	return slices.DeleteFunc(ids, func(id uint16) bool { return !(id >= 1001 && id <= 1019 || id >= 3000 && id <= 3024) })
}

func TestClientFlagsSelectByCategory(t *testing.T) {
	for flags, want := range map[uint64][]uint16{
		1:         {3000, 3001, 3004, 3005, 3006, 3007, 3008, 3015},
		2:         {3002, 3003, 3016, 3018, 3019, 3020},
		4:         {1001, 1002, 1003, 1005, 1007, 1009, 1011, 1019, 3023},                               // 1004 and 1006 are in no manifest
		8:         {1013, 1015, 1016, 1017, 1018, 3009, 3010, 3011, 3012, 3013, 3014, 3019, 3020},       // without the System channel
		3:         {3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3015, 3016, 3018, 3019, 3020}, // two categories
		4 | 1<<62: {1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1011, 1012, 1019, 3023, 3024},       // with it
		8 | 1<<62: {1013, 1014, 1015, 1016, 1017, 1018, 3009, 3010, 3011, 3012, 3013, 3014, 3019, 3020}, // with it
	} {
		require.Equal(t, want, categorised(wantedIDs(Client(), flags)), "%#x", flags)
		require.Equal(t, want, categorised(wantedIDs(Client(), flags|channel)), "%#x with the channel's bit", flags)
		require.Subset(t, wantedIDs(Client(), flags), []uint16{1000, 1024, 3099, 8003}, "an event in no category is always wanted")
		require.Equal(t, flags|channel, Client().Enable(5, flags).Keywords, "the channel's bit is passed down")
	}
}

func TestClientFlagsWithoutACategoryAreKeywordsAlone(t *testing.T) {
	whole := wantedIDs(Client(), channel)
	require.Contains(t, whole, uint16(3099))
	require.NotContains(t, whole, uint16(1014), "it lies in the System channel")
	for _, flags := range []uint64{0xF, 0x8000000000000FFF, 0x8000000000000FF0} {
		require.Equal(t, whole, wantedIDs(Client(), flags), "%#x", flags)
	}
	require.Contains(t, wantedIDs(Client(), 0), uint16(1014), "0 is every keyword")
	require.Equal(t, []uint16{3000, 3001, 3002, 3003, 3004, 3005}, wantedIDs(Client(), 0x40000000)[:6])
	require.Zero(t, Client().Enable(5, 0x40000000).Keywords&channel, "no category, no bit of the channel")
	require.Zero(t, Client().Enable(5, 0).Keywords)
}

func TestServerFlagsHaveNoCategories(t *testing.T) {
	require.Equal(t, Enable{Level: 4, Keywords: 0x3F}, Server().Enable(4, 0x3F))
	require.Equal(t, []uint16{256, 287}, wantedIDs(Server(), 1)[:2])
	require.NotContains(t, wantedIDs(Server(), 1), uint16(257))
}
