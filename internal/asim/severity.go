// SPDX-License-Identifier: Apache-2.0

// Package asim holds what the records of both kinds have in common; dnslog and networklog make them, and attrs builds their attributes.
// Only these packages know the schemas of ASIM.
package asim

import "go.opentelemetry.io/collector/pdata/plog"

// SeverityText gives the text of a record's severity: the short name that OpenTelemetry's log data model has for the number
// ("Displaying Severity"). Only the first number of each range is used.
func SeverityText(n plog.SeverityNumber) string {
	switch n {
	case plog.SeverityNumberDebug:
		return "DEBUG"
	case plog.SeverityNumberInfo:
		return "INFO"
	case plog.SeverityNumberWarn:
		return "WARN"
	case plog.SeverityNumberError:
		return "ERROR"
	case plog.SeverityNumberFatal:
		return "FATAL"
	}
	return ""
}
