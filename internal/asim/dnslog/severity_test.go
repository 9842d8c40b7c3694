// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/asimtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

func TestTheTextOfASeverityIsItsShortName(t *testing.T) {
	seen := map[plog.SeverityNumber]bool{}
	for level := range uint8(7) {
		for profile, documented := range map[dns.Profile]bool{dns.ProfileWindows: false, dns.ProfileASIM: false, dns.ProfileDocumented: true} {
			lr := mapEvent(t, dns.Server(), profile, dc1, etw.Record{ID: 299, Level: level}, nil)
			seen[lr.SeverityNumber()] = true
			if documented {
				want := []string{"Information", "Critical", "Error", "Warning", "Information", "Verbose", "Verbose"}[level]
				require.Equal(t, want, lr.SeverityText(), "the name of the ETW level")
				continue
			}
			require.Equal(t, asimtest.SeverityNames()[lr.SeverityNumber()], lr.SeverityText(), "level %d", level)
		}
	}
	require.Len(t, seen, len(asimtest.SeverityNames()))
}
