// SPDX-License-Identifier: Apache-2.0

package networklog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/asimtest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

func TestTheTextOfASeverityIsItsShortName(t *testing.T) {
	mapper := NewMapper(Options{})
	for _, f := range []flow.Flow{
		{Class: flow.ClassLost}, {Class: flow.ClassDebug}, {Verdict: flow.VerdictForwarded}, {Verdict: flow.VerdictAudit}, {Verdict: flow.VerdictDropped}, {},
	} {
		lr := plog.NewLogRecord()
		mapper.Append(lr, &f, uid.ID{}, time.Unix(1, 0), time.Unix(2, 0))
		require.Equal(t, asimtest.SeverityNames()[lr.SeverityNumber()], lr.SeverityText())
		require.NotEmpty(t, lr.SeverityText())
	}
}
