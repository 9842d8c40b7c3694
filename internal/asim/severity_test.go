// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// shortNames are those of OpenTelemetry's log data model.
var shortNames = map[plog.SeverityNumber]string{
	plog.SeverityNumberDebug: "DEBUG", plog.SeverityNumberInfo: "INFO", plog.SeverityNumberWarn: "WARN", plog.SeverityNumberError: "ERROR",
	plog.SeverityNumberFatal: "FATAL",
}

func TestTheTextOfASeverityIsItsShortNameInBothReceivers(t *testing.T) {
	seen := map[plog.SeverityNumber]bool{}
	for level := range uint8(7) {
		for profile, documented := range map[DNSProfile]bool{ProfileWindows: false, ProfileASIM: false, ProfileDocumented: true} {
			lr := mapEvent(t, dns.Server(), profile, dc1, etw.Record{ID: 299, Level: level}, nil)
			seen[lr.SeverityNumber()] = true
			if documented {
				want := []string{"Information", "Critical", "Error", "Warning", "Information", "Verbose", "Verbose"}[level]
				require.Equal(t, want, lr.SeverityText(), "the name of the ETW level")
				continue
			}
			require.Equal(t, shortNames[lr.SeverityNumber()], lr.SeverityText(), "level %d", level)
		}
	}
	require.Len(t, seen, len(shortNames))

	mapper := NewNetworkMapper(NetworkOptions{})
	for _, f := range []flow.Flow{
		{Class: flow.ClassLost}, {Class: flow.ClassDebug}, {Verdict: flow.VerdictForwarded}, {Verdict: flow.VerdictAudit}, {Verdict: flow.VerdictDropped}, {},
	} {
		lr := plog.NewLogRecord()
		mapper.Append(lr, &f, time.Unix(1, 0), time.Unix(2, 0))
		require.Equal(t, shortNames[lr.SeverityNumber()], lr.SeverityText())
		require.NotEmpty(t, lr.SeverityText())
	}
}
