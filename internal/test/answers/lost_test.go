// SPDX-License-Identifier: Apache-2.0

package answers

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// fields are the values of a record by name, also those of its resource and of its AdditionalFields.
type fields map[string]string

func (f fields) add(m pcommon.Map) {
	for name, v := range m.All() {
		if name == "AdditionalFields" {
			f.add(v.Map())
		} else {
			f[name] = v.AsString()
		}
	}
}

func (f fields) at(t *testing.T, name string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, f[name])
	require.NoError(t, err)
	return at
}

// rows returns the records of a replay, unpacked.
func rows(t *testing.T, factory receiver.Factory, file string, config map[string]any) (list []fields) {
	t.Helper()
	config["replay"] = map[string]any{"path": "../../../testdata/" + file}
	kit.EachRecord(kit.Replay(t, factory, config), func(rl plog.ResourceLogs, lr plog.LogRecord) {
		for _, item := range kit.UnpackRecord(t, lr) {
			f := fields{}
			f.add(rl.Resource().Attributes())
			f.add(item.Attributes())
			list = append(list, f)
		}
	})
	return list
}

// dnsRows returns the records of a recording of DNS. Audit events and events of an unknown layout, which keep all, are left out.
func dnsRows(t *testing.T, file, provider, profile, mode string) []fields {
	t.Helper()
	list := rows(t, asimdnsreceiver.NewFactory(), file, map[string]any{
		"volume": mode, "profile": profile, "provider_guid": provider, "enable_level": 5, "enable_flags": 0,
	})
	return slices.DeleteFunc(list, func(f fields) bool {
		return f["EventSchema"] == "AuditEvent" || f["DnsRole"] == "audit" || f["LayoutUnknown"] != ""
	})
}

var (
	quoted = regexp.MustCompile("`([^`]+)`")
	values = regexp.MustCompile("`([^`]+)`|\\b(\\d+)\\b")
	isName = regexp.MustCompile(`^…?[A-Za-z][A-Za-z0-9_.]+$`)
)

// cells returns the cells of the tables in a text.
func cells(text string) (list [][]string) {
	for line := range strings.SplitSeq(text, "\n") {
		if row, ok := strings.CutPrefix(line, "| "); ok {
			list = append(list, strings.Split(row, " | "))
		}
	}
	return list
}

// said are values that a record without them says elsewhere: of each name any value, or some.
type said map[string][]string

func (s said) has(name, value string) bool {
	some, ok := s[name]
	return ok && (some == nil || slices.Contains(some, value))
}

// slim reads from the README what a slim record leaves out without a loss.
func slim(t *testing.T) said {
	t.Helper()
	s, ordinary := said{}, false
	for _, row := range cells(kit.Section(t, "../../../receiver/asimdnsreceiver/README.md", "### What a slim record leaves out")) {
		ordinary = ordinary || strings.HasPrefix(row[1], "ordinary value")
		for _, m := range quoted.FindAllStringSubmatch(row[0], -1) {
			name := strings.Replace(strings.TrimPrefix(m[1], "AdditionalFields."), "…", "DnsFlags", 1)
			s[name] = nil
			if ordinary {
				for _, v := range values.FindAllStringSubmatch(row[1], -1) {
					s[name] = append(s[name], v[1]+v[2])
				}
			}
		}
	}
	require.Equal(t, []string{"0", "1"}, s["RecursionDepth"])
	require.True(t, s.has("DnsFlagsTruncated", "true"))
	return s
}

// minimal adds what a minimal record leaves out without a loss.
func (s said) minimal(t *testing.T) said {
	t.Helper()
	maps.DeleteFunc(s, func(name string, _ []string) bool { return strings.HasPrefix(name, "Dvc") })
	for _, row := range cells(kit.Section(t, "../../../receiver/asimdnsreceiver/README.md", "### What a minimal record leaves out")) {
		last := ""
		for _, m := range quoted.FindAllStringSubmatch(row[0], -1) {
			switch name := strings.TrimPrefix(m[1], "AdditionalFields."); {
			case !isName.MatchString(name):
				s[last] = append(s[last], name)
			case !strings.Contains(row[1], "lost"):
				if last = name; !slices.Contains([]string{"DstIpAddr", "Zone"}, name) { // some of their values stay
					s[name] = nil
				}
			}
		}
	}
	require.Equal(t, []string{"NULL", "..Cache"}, s["Zone"])
	return s
}

// listed returns the names that the page says to be lost in a table.
func listed(t *testing.T, of string) map[string]bool {
	t.Helper()
	_, table, ok := strings.Cut(kit.Section(t, page, "### What is lost"), "\n| "+of+" | lost | what the row has instead |\n")
	require.True(t, ok, of)
	table, _, _ = strings.Cut(table, "\n\n")
	names := map[string]bool{}
	for _, row := range cells(table) {
		for _, m := range quoted.FindAllStringSubmatch(row[1], -1) {
			names[m[1]] = true
		}
	}
	require.Greater(t, len(names), 3)
	return names
}

// recordings are those of DNS.
var recordings = []struct{ file, provider string }{
	{"dnsserver.etl", "Microsoft-Windows-DNSServer"}, {"dnsserver_2016.etl", "Microsoft-Windows-DNSServer"}, {"dnsclient.etl", "Microsoft-Windows-DNS-Client"},
}

// requireListed requires that the names lost are those of a table. A name of the table may be lost nowhere in the recordings if none of their
// records has it with a value that is not said elsewhere.
func requireListed(t *testing.T, of string, lost, had map[string]bool) {
	t.Helper()
	names, unsaid := listed(t, of), []string{}
	for _, name := range slices.Sorted(maps.Keys(lost)) {
		if !names[name] {
			unsaid = append(unsaid, name)
		}
	}
	require.Empty(t, unsaid, "%s: these are lost, and the page does not say it", of)
	for name := range names {
		require.False(t, !lost[name] && had[name], "%s: the page says that %s is lost, and it is not", of, name)
	}
}

func TestThePageListsWhatBalancedLosesOfDNS(t *testing.T) {
	lost, had, s := map[string]bool{}, map[string]bool{}, slim(t)
	for _, r := range recordings {
		for _, profile := range []string{"windows", "asim"} {
			full, balanced := dnsRows(t, r.file, r.provider, profile, "full"), dnsRows(t, r.file, r.provider, profile, "balanced")
			id := func(f fields) string { return f["EventOriginalUid"] + f["EventOriginalType"] }
			types, own, ofExchanges := map[string]string{}, map[string]fields{}, map[string]bool{}
			for _, f := range full {
				types[f["EventOriginalUid"]] = f["EventOriginalType"]
			}
			for _, b := range balanced {
				own[id(b)] = b
				if types[b["EventOriginalUid"]] != b["EventOriginalType"] { // the identifier is the query's, the rest the answer's
					for name := range b {
						ofExchanges[name] = true
					}
				}
			}
			for _, f := range full {
				b, alone := own[id(f)]
				for name, v := range f {
					if s.has(name, v) {
						continue
					}
					had[name] = true
					if _, kept := b[name]; !kept && (alone || !ofExchanges[name]) {
						lost[name] = true
					}
				}
			}
		}
	}
	requireListed(t, "DNS, `balanced` and `lean`", lost, had)
}

func TestThePageListsWhatLeanLosesOfDNS(t *testing.T) {
	lost, had, s := map[string]bool{}, map[string]bool{}, slim(t).minimal(t)
	for _, r := range recordings {
		for _, profile := range []string{"windows", "asim"} {
			balanced, lean := dnsRows(t, r.file, r.provider, profile, "balanced"), dnsRows(t, r.file, r.provider, profile, "lean")
			kind := func(f fields) string {
				return strings.Join([]string{f["Src"], strings.ToLower(f["DnsQuery"]), f["DnsQueryTypeName"], f["EventResultDetails"], f["EventOriginalType"]}, "|")
			}
			alike := map[string][]fields{}
			for _, b := range balanced {
				alike[kind(b)] = append(alike[kind(b)], b)
			}
			compared := 0
			for _, l := range lean {
				first, last := l.at(t, "EventStartTime"), l.at(t, "EventEndTime").Add(2*time.Millisecond) // packed times and durations are whole milliseconds
				for _, b := range alike[kind(l)] {
					start, end := b.at(t, "EventStartTime"), b.at(t, "EventEndTime")
					if start.Before(first) || end.After(last) || l["EventCount"] == "1" && start.Sub(first) >= time.Millisecond {
						continue
					}
					compared++
					for name, v := range b {
						if s.has(name, v) || name == "DstIpAddr" && v == b["DvcIpAddr"] {
							continue
						}
						had[name] = true
						if _, kept := l[name]; !kept {
							lost[name] = true
						}
					}
				}
			}
			require.GreaterOrEqual(t, compared, len(balanced)*9/10)
		}
	}
	requireListed(t, "DNS, `lean` only", lost, had)
}
