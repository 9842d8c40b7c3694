// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// readmeTable returns the rows of the first table in a section of the receiver's README, without its head.
func readmeTable(t *testing.T, heading string) (rows [][]string) {
	t.Helper()
	_, table, ok := strings.Cut(kit.Section(t, "../../receiver/asimdnsreceiver/README.md", heading), "\n|---|")
	require.True(t, ok)
	_, table, _ = strings.Cut(table, "\n")
	for line := range strings.Lines(table) {
		if line[0] != '|' {
			break
		}
		rows = append(rows, strings.Split(strings.Trim(line, "| \n"), " | "))
	}
	require.NotEmpty(t, rows)
	return rows
}

// listedIDs reads a list such as "256, 261–263 text; 265: text": the ids with which each part begins, sorted.
func listedIDs(t *testing.T, text string) (list []uint16) {
	t.Helper()
	number := func(text string) uint16 {
		n, err := strconv.ParseUint(text, 10, 16)
		require.NoError(t, err)
		return uint16(n)
	}
	for part := range strings.SplitSeq(text, ";") {
		ids := regexp.MustCompile(`^[0-9]{3,4}(–[0-9]{3,4})?(, [0-9]{3,4}(–[0-9]{3,4})?)*\b`).FindString(strings.TrimSpace(part))
		for _, one := range strings.FieldsFunc(ids, func(r rune) bool { return r == ',' || r == ' ' }) {
			first, last, ok := strings.Cut(one, "–")
			if !ok {
				last = first
			}
			list = append(list, span(number(first), number(last))...)
		}
	}
	slices.Sort(list)
	return list
}

// idsWith returns the ids of a provider's rows that are wanted, sorted.
func idsWith(p *Provider, wanted func(eventRow) bool) (list []uint16) {
	for _, row := range p.events {
		if wanted(row) {
			list = append(list, row.ids...)
		}
	}
	slices.Sort(list)
	return list
}

func TestTheReadmesTablesOfKeywordsHaveEveryIDAndBit(t *testing.T) {
	for heading, p := range map[string]*Provider{"### Keywords of the DNS Server": Server(), "### Keywords of the DNS Client": Client()} {
		rows := readmeTable(t, heading)
		for _, k := range p.keywords {
			i := slices.IndexFunc(rows, func(row []string) bool { return row[1] == "`"+k.Name+"`" })
			require.GreaterOrEqual(t, i, 0, k.Name)
			require.Equal(t, k.Bits, listedBits(t, rows[i][0]), k.Name)
			if k.Name == "audit" { // has a section of its own
				continue
			}
			listed := listedIDs(t, regexp.MustCompile(`^[^0-9]*: `).ReplaceAllString(rows[i][len(rows[i])-1], ""))
			if p.GUID == Server().GUID || k.Bits == systemChannel {
				var known []uint16
				for _, tmpl := range NewDecoder(p).Templates() {
					if tmpl.Keyword&k.Bits != 0 && !p.Audits(tmpl.Channel, tmpl.Keyword) && !slices.Contains(known, tmpl.ID) {
						known = append(known, tmpl.ID)
					}
				}
				slices.Sort(known)
				require.Equal(t, known, listed, k.Name)
			} else {
				require.Equal(t, idsWith(p, func(row eventRow) bool { return uint64(row.category)&k.Bits != 0 }), listed, k.Name)
			}
		}
	}
}

// listedBits reads "0x2, 0x4", or "0x200 – 0x800": each bit from one to another.
func listedBits(t *testing.T, text string) (bits uint64) {
	t.Helper()
	number := func(text string) uint64 {
		n, err := strconv.ParseUint(strings.Trim(text, "`"), 0, 64)
		require.NoError(t, err)
		return n
	}
	for part := range strings.SplitSeq(text, ", ") {
		first, last, ok := strings.Cut(part, " – ")
		if !ok {
			last = first
		}
		bits |= 2*number(last) - number(first)
	}
	return bits
}

// A row with two lists of ids, "A and B", has two sub types in each cell that differs between them.
func TestTheReadmesTableOfProfilesHasEveryIDAndItsClasses(t *testing.T) {
	known, listed := map[uint16]classes{}, map[uint16]classes{}
	for _, p := range []*Provider{Server(), Client()} {
		for _, row := range p.events {
			for _, id := range row.ids {
				if row.class != (classes{}) {
					known[id] = row.class
				}
			}
		}
	}
	for _, row := range readmeTable(t, "## Profiles") {
		require.Len(t, row, 4)
		for i, ids := range strings.Split(row[0], " and ") {
			var cells [3]Class
			for profile, cell := range row[1:] {
				if cell == "the same" || cell == "as `windows`" {
					cells[profile] = cells[0]
					continue
				}
				typ, sub, ok := strings.Cut(regexp.MustCompile(` \(.*\)`).ReplaceAllString(cell, ""), " / ")
				require.True(t, ok, cell)
				subs := strings.Split(sub, " and ")
				cells[profile] = Class{EventType: typ, SubType: subs[min(i, len(subs)-1)]}
			}
			for _, id := range listedIDs(t, ids) {
				listed[id] = classes{cells[0], cells[1], cells[2]}
			}
		}
	}
	require.Equal(t, known, listed)
}

func TestTheReadmesTableOfRolesHasEveryID(t *testing.T) {
	rows := readmeTable(t, "### Roles")
	require.Len(t, rows, len(RoleNames()))
	for _, row := range rows {
		role, ok := ParseRole(strings.Trim(row[0], "`"))
		require.True(t, ok, row[0])
		if role == RoleInfo { // the rest
			continue
		}
		for i, p := range []*Provider{Server(), Client()} {
			require.Equal(t, idsWith(p, func(r eventRow) bool { return r.meaning.Role == role }), listedIDs(t, row[i+1]), "%v of the %s", role, p.Product)
		}
	}
}

func TestTheReadmesAuditEventsAreThoseOfTheTable(t *testing.T) {
	section := kit.Section(t, "../../receiver/asimdnsreceiver/README.md", "## Audit events")
	one := func(pattern string) []string {
		found := regexp.MustCompile(pattern).FindAllStringSubmatch(section, -1)
		require.Len(t, found, 1, pattern)
		return found[0][1:]
	}
	var ids, states []uint16
	for _, a := range Audits() {
		ids = append(ids, a.ID)
		if !a.Changes {
			states = append(states, a.ID)
		}
	}
	require.Equal(t, strconv.Itoa(len(ids)), one(`all (\d+) events`)[0])
	require.Equal(t, []string{strconv.Itoa(int(slices.Min(ids))), strconv.Itoa(int(slices.Max(ids)))}, one(`today (\d+) to (\d+)`))
	slices.Sort(states)
	require.Equal(t, states, listedIDs(t, one("else `Status` \\(([^:]*):")[0]))
}
