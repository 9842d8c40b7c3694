// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// readmeAttributes returns the attributes in the first column of the table in a section of the receiver's README. "`DnsFlagsZ`, `…Truncated`"
// shortens DnsFlagsTruncated. The fields of AdditionalFields are left out.
func readmeAttributes(t *testing.T, heading string) map[string]bool {
	t.Helper()
	section := kit.Section(t, "../../../receiver/asimdnsreceiver/README.md", heading)
	_, table, ok := strings.Cut(section, "\n| attribute |")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n\n")
	names := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(table, -1) {
		if strings.HasPrefix(row[1], "`"+attrs.AdditionalFields+".") {
			continue
		}
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			name := strings.Replace(name[1], "…", "DnsFlags", 1)
			require.False(t, names[name], "%s has one row", name)
			names[name] = true
		}
	}
	return names
}

func TestTheReadmesTableOfAttributesHasEveryAttributeAndNoOther(t *testing.T) {
	require.ElementsMatch(t, dnsAttributes(), slices.Collect(maps.Keys(readmeAttributes(t, "## Attributes"))))
}

func TestTheReadmesTableOfAuditEventsHasEveryAttributeOfTheirOwn(t *testing.T) {
	documented := readmeAttributes(t, "### In profile `asim`")
	for _, name := range auditEventAttributes() {
		require.True(t, documented[name], name)
	}
	known := slices.Concat(dnsAttributes(), auditEventAttributes())
	for name := range documented {
		require.Contains(t, known, name)
	}
}

// mdatagen would write a builder and a configuration of resource attributes, which nothing here would use. So the README lists them.
func TestTheReadmeListsTheAttributesOfTheResource(t *testing.T) {
	line, _, _ := strings.Cut(kit.Section(t, "../../../receiver/asimdnsreceiver/README.md", "## The record"), "Scope:")
	logs := plog.NewLogs()
	NewMapper(dns.Client(), dns.ProfileWindows, dc1, "1.2.3").Begin(logs)
	kit.RequireResource(t, line, logs.ResourceLogs().At(0).Resource())
}
