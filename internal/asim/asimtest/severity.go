// SPDX-License-Identifier: Apache-2.0

package asimtest

import "go.opentelemetry.io/collector/pdata/plog"

// SeverityNames are the short names of OpenTelemetry's log data model.
func SeverityNames() map[plog.SeverityNumber]string {
	return map[plog.SeverityNumber]string{
		plog.SeverityNumberDebug: "DEBUG", plog.SeverityNumberInfo: "INFO", plog.SeverityNumberWarn: "WARN", plog.SeverityNumberError: "ERROR",
		plog.SeverityNumberFatal: "FATAL",
	}
}
