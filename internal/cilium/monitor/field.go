// SPDX-License-Identifier: Apache-2.0

package monitor

import "net/netip"

// Field describes a field of a notification that is shown unchanged. The record's attribute, Hubble's flow as JSON, the line of `hubble
// observe`, and each of them under a mask follow from it. Package flow reads the fields from which something else follows, such as the
// direction. In Hubble's flow and line, 0 is no value.
type Field struct {
	Attribute string // the record's attribute
	Always    bool   // the record has the attribute even if the value is 0

	Hubble string // path of the field in Hubble's flow, such as "ip_trace_id.trace_id"; "" where the flow has no such field
	After  string // the field of the flow that flow.proto declares before it
	Others string // the fields of the same message that only the agent can fill, separated by spaces

	Long  bool     // the number has 64 bits: JSON and record have it as a text
	Bool  bool     // the number is 0 or 1: JSON, line and record have it as false or true
	Names []string // the names of an enumeration, by number

	Head string // what the line prints before the value, in the parentheses before the packet's summary; "; " follows the value
	Tail string // the same behind the summary
}

// FieldOf is a field of a notification of type N. It has one of the two functions. An address that is not valid is no value.
type FieldOf[N any] struct {
	Field
	Value   func(*N) uint64
	Address func(*N) *netip.Addr // in the notification, so that pseudonyms can take its place
}

// ipTraceID is the number in an option of the packet's IP header.
func ipTraceID[N any](value func(*N) uint64) FieldOf[N] {
	return FieldOf[N]{Value: value, Field: Field{
		Attribute: "cilium.ip_trace_id",
		Hubble:    "ip_trace_id.trace_id", After: "file", Others: "ip_option_type",
		Head: "IP Trace ID: ",
		Long: true,
	}}
}
