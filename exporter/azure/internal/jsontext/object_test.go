// SPDX-License-Identifier: Apache-2.0

package jsontext

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// counted appends texts unchanged.
type counted struct{ deep, cut, invalid, shed int }

func (*counted) AppendText(dst []byte, s string) []byte {
	dst, _ = AppendString(append(dst, '"'), s)
	return append(dst, '"')
}
func (c *counted) TooDeep()     { c.deep++ }
func (c *counted) CutName()     { c.cut++ }
func (c *counted) InvalidName() { c.invalid++ }
func (c *counted) Shed()        { c.shed++ }

// object encodes a map's fields, and checks the size of the object.
func object(t *testing.T, o *Object, limit int, fields map[string]any) (map[string]any, *counted) {
	t.Helper()
	m := pcommon.NewMap()
	require.NoError(t, m.FromRaw(fields))
	c := &counted{}
	dst := o.Begin(nil, c, limit)
	for name, v := range m.All() {
		dst = o.Put(dst, name, v)
	}
	dst, _ = o.End(dst)
	require.LessOrEqual(t, len(dst), limit)
	var got map[string]any
	require.NoError(t, json.Unmarshal(dst, &got), "%s", dst)
	return got, c
}

func TestWhatIsNamedIsShedFirstThenTheLastElementsOfTheListThenTheLargest(t *testing.T) {
	o := &Object{First: []string{"PacketData"}, List: "DnsAnswers"}
	answers := func(n int) (list []any) {
		for i := range n {
			list = append(list, fmt.Sprintf(`TXT "a,b]%d\`, i))
		}
		return list
	}
	got, c := object(t, o, 8192, map[string]any{"Zone": strings.Repeat("z", 6000), "PacketData": strings.Repeat("0", 3000), "DnsAnswers": answers(10)})
	require.Equal(t, []any{"PacketData"}, got["Shed"], "although Zone is larger")
	require.Equal(t, answers(10), got["DnsAnswers"])
	require.Len(t, got["Zone"], 6000)
	require.Equal(t, 1, c.shed)

	got, c = object(t, o, 8192, map[string]any{"Zone": strings.Repeat("z", 4000), "PacketData": strings.Repeat("0", 3000), "DnsAnswers": answers(1000)})
	require.ElementsMatch(t, []any{"PacketData", "DnsAnswers"}, got["Shed"])
	require.EqualValues(t, 2, got["ShedCount"])
	kept := got["DnsAnswers"].([]any)
	require.Greater(t, len(kept), 100)
	require.Equal(t, answers(1000)[:len(kept)], kept, "the first elements are kept")
	require.Len(t, got["Zone"], 4000)
	require.Equal(t, 2, c.shed)

	got, _ = object(t, o, 8192, map[string]any{"Zone": "a", "DnsAnswers": []any{map[string]any{"data": []any{1, 2}, "x": strings.Repeat("y", 9000)}}})
	require.Equal(t, map[string]any{"Zone": "a", "Shed": []any{"DnsAnswers"}, "ShedCount": float64(1)}, got, "no element fits")
	got, _ = object(t, o, 8192, map[string]any{"DnsAnswers": strings.Repeat("y", 9000), "Other": strings.Repeat("x", 7800)})
	require.ElementsMatch(t, []any{"DnsAnswers", "Other"}, got["Shed"], "DnsAnswers is not a list, and Other does not fit beside Shed")
	got, c = object(t, o, 8192, map[string]any{"PacketData": strings.Repeat("0", 100), "Zone": "a"})
	require.Len(t, got, 2)
	require.Zero(t, c.shed)
}

func TestAListOfAnySizeIsCutAtAnElement(t *testing.T) {
	o := &Object{List: "DnsAnswers"}
	for n := 1; n < 400; n += 7 {
		var list []any
		for i := range n {
			list = append(list, map[string]any{"name": strings.Repeat("n", i%40), "data": []any{i, `]},"`}})
		}
		got, _ := object(t, o, 1500, map[string]any{"DnsAnswers": list, "Flags": 7})
		require.EqualValues(t, 7, got["Flags"])
		kept, _ := got["DnsAnswers"].([]any)
		require.NotEmpty(t, kept)
		require.Equal(t, len(kept) < n, got["Shed"] != nil)
	}
}
