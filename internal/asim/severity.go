// SPDX-License-Identifier: Apache-2.0

// Package asim has the rules that records of both kinds share. A record's attributes go in, and its size as Sentinel bills it comes out; a severity's
// number, and its text; a host's full name, and its host and domain; the keys `attributes` and `device.in`, and whether their values are known. The
// records themselves are made by dnslog and networklog, with the builder of attrs. Only these packages know the schemas of ASIM.
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
