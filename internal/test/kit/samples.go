// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Sample is a record as shown in a document: its body, resource and attributes, or only its attributes. A "…" at the end
// of a list stands for more entries, and one at the end of a value for its rest.
type Sample struct{ Body, Resource, Attributes string }

var (
	wholeSample = regexp.MustCompile(`(?s)^Body: +(.*?)\nResource: +(.*?)\nAttributes: +(.*)$`)
	attributes  = regexp.MustCompile(`(?m)^Attributes: +(.*(?:\n +.*)*)$`)
)

// Samples returns the records that a block of a document shows: one whole record, or the attributes of several, each in a line and
// the indented lines after it.
func Samples(block string) []Sample {
	if m := wholeSample.FindStringSubmatch(block); m != nil {
		return []Sample{{Body: m[1], Resource: m[2], Attributes: strings.Join(strings.Fields(m[3]), " ")}}
	}
	var all []Sample
	for _, m := range attributes.FindAllStringSubmatch(block, -1) {
		all = append(all, Sample{Attributes: strings.Join(strings.Fields(m[1]), " ")})
	}
	return all
}

// RequireAmong requires that the sample is one of the sinks' records: what it shows has these values, and what it
// leaves out is marked.
func (s Sample) RequireAmong(t testing.TB, sinks ...*consumertest.LogsSink) {
	t.Helper()
	closest, found := []string{"no record has this body"}, false
	for _, sink := range sinks {
		EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
			if found || s.Body != "" && lr.Body().Str() != s.Body {
				return
			}
			differences := differs(s.Attributes, lr.Attributes(), " ")
			if s.Body != "" {
				differences = append(differs(s.Resource, rl.Resource().Attributes(), " "), differences...)
			}
			if found = len(differences) == 0; found || closest[0] == "no record has this body" || len(differences) < len(closest) {
				closest = differences
			}
		})
	}
	require.Empty(t, closest, "%s", s)
}

// The keys of a list, separated by spaces (a=b c=d) or, in AdditionalFields, by commas (a: b, c: d).
var (
	spaced = regexp.MustCompile(`(?:^| )([A-Za-z][\w.]*)=`)
	commas = regexp.MustCompile(`(?:^|, )([A-Za-z][\w.]*): `)
)

// differs lists the differences between the text of a list and the map.
func differs(text string, of pcommon.Map, divider string) []string {
	var all []string
	keys := spaced
	if divider != " " {
		keys = commas
	}
	text, more := strings.CutSuffix(text, divider+"…")
	places := keys.FindAllStringSubmatchIndex(text, -1)
	shown := map[string]bool{}
	for i, place := range places {
		key, end := text[place[2]:place[3]], len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		value := strings.TrimSpace(text[place[1]:end])
		shown[key] = true
		got, ok := of.Get(key)
		switch inside, isMap := strings.CutPrefix(value, "{"); {
		case !ok:
			all = append(all, key+" is not in the record")
		case isMap && got.Type() == pcommon.ValueTypeMap:
			for _, d := range differs(strings.TrimSuffix(inside, "}"), got.Map(), ", ") {
				all = append(all, key+"."+d)
			}
		case !sameText(value, plain(got)):
			all = append(all, fmt.Sprintf("%s is %s, not %s", key, plain(got), value))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(of.AsRaw())) {
		if !shown[key] && !more {
			all = append(all, key+" is left out without a mark")
		}
	}
	return all
}

// sameText compares a value with a shown one that may be cut with "…".
func sameText(shown, value string) bool {
	if start, cut := strings.CutSuffix(shown, "…"); cut {
		return strings.HasPrefix(value, start) && value != start
	}
	return shown == value
}

// plain formats a value as documents do: a list as [a, b].
func plain(v pcommon.Value) string {
	if v.Type() != pcommon.ValueTypeSlice {
		return v.AsString()
	}
	var all []string
	for _, element := range v.Slice().All() {
		all = append(all, element.AsString())
	}
	return "[" + strings.Join(all, ", ") + "]"
}
