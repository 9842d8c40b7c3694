// SPDX-License-Identifier: Apache-2.0

package delivery

import "go.opentelemetry.io/collector/pdata/plog"

// Rest copies the records that are not done, with their resources and scopes. done has one value for each record, in
// their order.
func Rest(logs plog.Logs, done []bool) plog.Logs {
	rest := plog.NewLogs()
	i := 0
	for _, rl := range logs.ResourceLogs().All() {
		var toRL plog.ResourceLogs
		newRL := true
		for _, sl := range rl.ScopeLogs().All() {
			var toSL plog.ScopeLogs
			newSL := true
			for _, lr := range sl.LogRecords().All() {
				i++
				if done[i-1] {
					continue
				}
				if newRL {
					newRL = false
					toRL = rest.ResourceLogs().AppendEmpty()
					rl.Resource().CopyTo(toRL.Resource())
					toRL.SetSchemaUrl(rl.SchemaUrl())
				}
				if newSL {
					newSL = false
					toSL = toRL.ScopeLogs().AppendEmpty()
					sl.Scope().CopyTo(toSL.Scope())
					toSL.SetSchemaUrl(sl.SchemaUrl())
				}
				lr.CopyTo(toSL.LogRecords().AppendEmpty())
			}
		}
	}
	return rest
}
