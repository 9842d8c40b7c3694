// SPDX-License-Identifier: Apache-2.0

// Package sentinelrow gives the rows that the exporter sentinel writes with its default settings, for programs that look at rows without a workspace. A
// test compares them with what the exporter sends.
package sentinelrow

import (
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/row"
)

// The tables, by their names in the workspace.
const (
	DNS     = "ASimDnsActivityLogs"
	Network = "ASimNetworkSessionLogs"
	Audit   = "ASimAuditEventLogs"
	Status  = "WinnetStatus_CL"
)

// scopes has, by the instrumentation scope of a record, its table.
func scopes() map[string]row.Options {
	return map[string]row.Options{
		"asim.dns.events":     {Table: columns.DNS, Schema: "Dns"},
		"asim.network.events": {Table: columns.Network, Schema: "NetworkSession"},
		"asim.audit.events":   {Table: columns.Audit, Schema: "AuditEvent", Body: "EventMessage"},
		"winnet.status":       {Table: columns.Status, Body: "Message"},
	}
}

var names = map[*columns.Table]string{columns.DNS: DNS, columns.Network: Network, columns.Audit: Audit, columns.Status: Status}

// Writer encodes log records as rows. It is not safe for concurrent use.
type Writer struct {
	encoders map[string]encoder
	buf      []byte
}

type encoder struct {
	*row.Encoder
	table string
}

// New returns a writer.
func New() *Writer {
	w := &Writer{encoders: map[string]encoder{}}
	for scope, o := range scopes() {
		o.Resource, o.Now = []string{"k8s.*"}, time.Now
		w.encoders[scope] = encoder{row.NewEncoder(o), names[o.Table]}
	}
	return w
}

// Each calls do with the table and the row, a JSON object, of each record. The row is valid until do returns. Records of the archive, and those whose
// scope is not one of this project's receivers, have no row; without is their number. Each ends with the first error of do.
func (w *Writer) Each(logs plog.Logs, do func(table string, row []byte) error) (without int, err error) {
	for _, rl := range logs.ResourceLogs().All() {
		tier, archived := rl.Resource().Attributes().Get("winnet.tier")
		archived = archived && tier.AsString() == "archive"
		for _, sl := range rl.ScopeLogs().All() {
			e, ok := w.encoders[sl.Scope().Name()]
			if !ok || archived {
				without += sl.LogRecords().Len()
				continue
			}
			e.SetResource(rl.Resource().Attributes())
			for _, lr := range sl.LogRecords().All() {
				w.buf, _ = e.AppendRow(w.buf[:0], lr)
				if err := do(e.table, w.buf); err != nil {
					return without, err
				}
			}
			e.Reset()
		}
	}
	return without, nil
}
