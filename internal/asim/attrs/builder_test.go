// SPDX-License-Identifier: Apache-2.0

package attrs

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
)

// direct puts into a map what it puts into a Builder.
type direct struct {
	Attributes
	to   pcommon.Map
	omit map[string]bool
}

func (d direct) str(key, text string, constant bool) {
	if constant {
		d.PutConst(key, text)
	} else {
		d.PutStr(key, text)
	}
	if !d.omit[key] {
		d.to.PutStr(key, text)
	}
}

func (d direct) num(key string, n int64, constant bool) {
	if constant {
		d.PutConstInt(key, n)
	} else {
		d.PutInt(key, n)
	}
	if !d.omit[key] {
		d.to.PutInt(key, n)
	}
}

func (d direct) truth(key string, b, constant bool) {
	if constant {
		d.PutConstBool(key, b)
	} else {
		d.PutBool(key, b)
	}
	if !d.omit[key] {
		d.to.PutBool(key, b)
	}
}

func (d direct) all(r *ConstAttrs) {
	d.PutConsts(r)
	for _, a := range r.list {
		if !d.omit[a.key] {
			a.value.put(d.to, a.key)
		}
	}
}

func TestABuilderWritesWhatPutsWouldHave(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	omit := map[string]bool{"k3": true, "k11": true, "row1.b": true}
	d := &Builder{}
	d.main.omit, d.additional.omit = omit, omit
	kinds := [3]Template{}
	names := []string{"EventSchema", "EventOriginalSubType", "DnsResponseCodeName", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "k10", "k11"} // the first three have no column
	rows := [4]ConstAttrs{}
	for i := range rows {
		rows[i].Text(fmt.Sprintf("row%d.a", i), "constant")
		rows[i].Int(fmt.Sprintf("row%d.b", i), int64(i))
		rows[i].Bool(fmt.Sprintf("row%d.c", i), i%2 == 0)
		rows[i].Text(fmt.Sprintf("row%d.d", i), "")
	}
	rows[2].Text("EventOriginalResultDetails", "details")
	put := func(to direct, puts int) {
		placed := map[int]bool{}
		for range puts {
			key, constant := names[random.IntN(len(names))], random.IntN(2) == 0
			switch random.IntN(5) {
			case 0, 1:
				to.str(key, []string{"", "a", "b", "usual", "usual", "usual"}[random.IntN(6)], constant)
			case 2:
				to.num(key, int64(random.IntN(3)), constant)
			case 3:
				to.truth(key, random.IntN(2) == 0, constant)
			case 4:
				if i := random.IntN(len(rows)); !placed[i] { // a row is put once
					placed[i] = true
					to.all(&rows[i])
				}
			}
		}
	}
	var lists Lists
	for i := range 3_000 {
		want, got := pcommon.NewMap(), pcommon.NewMap()
		d.Begin(&kinds[random.IntN(len(kinds))])
		put(direct{d.Main(), want, omit}, random.IntN(10))
		additional := pcommon.NewMap()
		put(direct{d.Additional(), additional, omit}, random.IntN(4))
		if additional.Len() > 0 {
			additional.CopyTo(want.PutEmptyMap(AdditionalFields))
		}
		d.FinishLists(&lists)
		requireLists(t, want, &lists)
		size := asim.DNSBill.Record(want)
		require.Equal(t, size, d.Size(&asim.DNSBill), "%v", want.AsRaw())
		d.Finish(got)
		require.Equal(t, size, d.Size(&asim.DNSBill), "%v", want.AsRaw())
		require.Equal(t, want.AsRaw(), got.AsRaw())
		ReadLists(got, &lists)
		requireLists(t, want, &lists)
		place := 0
		keys := make([]string, 0, want.Len())
		for key := range want.All() {
			keys = append(keys, key)
		}
		for key := range got.All() {
			require.Equal(t, keys[place], key, "the order is that of the puts")
			place++
		}
		if i%700 == 0 {
			d.Forget()
		}
	}
}

// requireLists requires that lists have the attributes of a map, in order.
func requireLists(t *testing.T, want pcommon.Map, lists *Lists) {
	t.Helper()
	same := func(m pcommon.Map, list []Attribute) {
		require.Len(t, list, m.Len())
		i := 0
		for key, v := range m.All() {
			require.Equal(t, key, list[i].Key)
			if key != AdditionalFields {
				require.Equal(t, v.AsRaw(), list[i].Pdata().AsRaw(), key)
				require.Equal(t, v.AsString(), list[i].AsString(), key)
			}
			i++
		}
	}
	same(want, lists[0])
	additional, ok := want.Get(AdditionalFields)
	if !ok {
		require.Empty(t, lists[1])
		return
	}
	same(additional.Map(), lists[1])
}

func TestListsHaveListsOfTextsAndOfMaps(t *testing.T) {
	var kind Template
	d := &Builder{}
	build := func() {
		d.Begin(&kind)
		texts := d.Slices()
		for _, text := range []string{"one", "", "two"} {
			from := len(d.Text)
			d.Text = append(d.Text, text...)
			d.AddElement(from)
		}
		d.Additional().PutSlice("texts", texts)
		groups, entries := d.Groups(), d.Entries()
		d.AddEntryText("name", "value")
		d.AddEntryInt("number", -3)
		d.AddGroup(entries)
		d.Additional().PutGroups("maps", groups)
		d.Additional().PutSlice("none", d.Slices())
	}
	build()
	want := pcommon.NewMap()
	d.Finish(want)
	build()
	var lists, read Lists
	d.FinishLists(&lists)
	require.Equal(t, asim.DNSBill.Record(want), d.Size(&asim.DNSBill))
	requireLists(t, want, &lists)
	ReadLists(want, &read)
	requireLists(t, want, &read)
	for i := range lists[1] {
		require.True(t, lists[1][i].Equal(&read[1][i].Value), lists[1][i].Key)
		require.Equal(t, i == 0, lists[1][i].Equal(&lists[1][0].Value), lists[1][i].Key)
	}
	lists[1][0].Texts[2] = "three"
	require.False(t, lists[1][0].Equal(&read[1][0].Value))
}

// liveHeap is the memory in use, in bytes.
func liveHeap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Each case is what another part of the trees holds. A bound by their number of nodes let four of them take 190 to 820 MB.
func TestTheSetsOfKeysThatAreKeptAreBoundedInBytes(t *testing.T) {
	padding := strings.Repeat("x", 60_000)
	long := func(i, bytes int) string { return fmt.Sprint(i) + padding[:bytes] }
	for name, tc := range map[string]struct {
		records, kinds int
		put            func(a Attributes, i int)
	}{
		"many keys": {64_000, 1, func(a Attributes, i int) {
			const options, depth = 40, 3 // 64,000 sets
			for level, n := 0, i; level < depth; level, n = level+1, n/options {
				a.PutInt(fmt.Sprintf("level%d key%d", level, n%options), int64(i))
			}
		}},
		"long keys":      {3_000, 1, func(a Attributes, i int) { a.PutInt(long(i, 60_000), 1) }},
		"long constants": {3_000, 1, func(a Attributes, i int) { a.PutConst(fmt.Sprintf("key%d", i), long(i, 60_000)) }},
		"long sets": {8_000, 1, func(a Attributes, i int) {
			for level := range 60 {
				a.PutInt(fmt.Sprintf("key%d", level), 1)
			}
			a.PutInt(fmt.Sprintf("last%d", i), 1)
		}},
		"many kinds": {4_000, 4_000, func(a Attributes, i int) {
			for level := range 60 {
				a.PutConstInt(fmt.Sprintf("key%d", level), 1)
			}
		}},
		"kinds that do not come again": {40 * 500, 40, func(a Attributes, i int) { a.PutInt(long(i, 40_000), 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			before := liveHeap()
			d, kinds, most := &Builder{}, make([]Template, tc.kinds), 0
			to := pcommon.NewMap()
			for i := range tc.records {
				d.Begin(&kinds[i*tc.kinds/tc.records])
				tc.put(d.Main(), i)
				to = pcommon.NewMap()
				d.Finish(to)
				if i%(tc.records/8) == 0 {
					most = max(most, liveHeap()-before)
				}
			}
			most = max(most, liveHeap()-before)
			require.Less(t, most, 2*MaxTemplateBytes)
			require.Positive(t, d.generation, "it was more than is kept")
			runtime.KeepAlive(d)
			runtime.KeepAlive(kinds)
			runtime.KeepAlive(to)
		})
	}
}

func TestRecordsShareNoText(t *testing.T) {
	d := &Builder{}
	var kind Template
	record := func(text string) pcommon.Map {
		d.Begin(&kind)
		a := d.Main()
		from := len(d.Text)
		d.Text = append(d.Text, text...)
		a.PutText("a", from)
		a.PutText("b", from)
		first := d.Slices()
		d.AddElement(from)
		d.Additional().PutSlice("list", first)
		to := pcommon.NewMap()
		d.Finish(to)
		return to
	}
	first := record("one")
	second := record("two")
	require.Equal(t, map[string]any{"a": "one", "b": "one", AdditionalFields: map[string]any{"list": []any{"one"}}}, first.AsRaw())
	require.Equal(t, map[string]any{"a": "two", "b": "two", AdditionalFields: map[string]any{"list": []any{"two"}}}, second.AsRaw())
}

func TestTheGroupsOfConstantsAfterAKeyAreBounded(t *testing.T) {
	d := &Builder{}
	var kind Template
	for i := range 10 * maxGroups {
		r := &ConstAttrs{}
		r.Text("EventSchema", "Dns")
		r.Text("a", "text")
		r.Int("b", int64(i))
		r.Bool("c", true)
		d.Begin(&kind)
		d.Main().PutConsts(r)
		to := pcommon.NewMap()
		d.Finish(to)
		require.Equal(t, map[string]any{"EventSchema": "Dns", "a": "text", "b": int64(i), "c": true}, to.AsRaw())
		require.Equal(t, len("text")+len(strconv.Itoa(i))+len("true"), d.Size(&asim.DNSBill))
	}
	require.LessOrEqual(t, d.bytes, (maxGroups+10)*(nodeBytes+sizesBytes+4*(valueBytes+placeBytes)))
}
