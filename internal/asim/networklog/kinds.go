// SPDX-License-Identifier: Apache-2.0

// The attributes that only some kinds of events have: for each its name, the field of Hubble's event that it comes from, and how it is
// written. The tables are in the order of the record. The attributes of fields that a notification shows unchanged follow from its own
// table in package monitor.

package networklog

import (
	"encoding/hex"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// attribute is an attribute of one kind of event. put writes it, or nothing where the event does not have it.
type attribute struct {
	source
	put func(r *networkRecord, key string)
}

var dropAttributes = []attribute{
	{source{"cilium.file", "file.name"}, func(r *networkRecord, key string) { r.attrs.PutConst(key, r.FileName()) }},
	{source{"cilium.line", "file.line"}, func(r *networkRecord, key string) { r.attrs.PutInt(key, int64(r.Drop.Line)) }},
}

var traceAttributes = []attribute{
	{source{"cilium.trace.observation_point", "trace_observation_point"}, func(r *networkRecord, key string) {
		if name := r.ObservationPoint.String(); !r.repeats(key, len(name), r.namesPoint()) {
			r.attrs.PutConst(key, name)
		}
	}},
	{source{"cilium.trace.reason", "trace_reason"}, func(r *networkRecord, key string) {
		if r.TraceReason != 0 {
			r.attrs.PutConst(key, r.TraceReason.String())
		}
	}},
}

var verdictAttributes = []attribute{
	{source{"cilium.policy.match_type", "policy_match_type"}, func(r *networkRecord, key string) { r.attrs.PutConst(key, r.PolicyMatchName()) }},
	{source{"cilium.policy.verdict", "verdict"}, func(r *networkRecord, key string) {
		if name := networkPolicyActions[r.Verdict]; !r.repeats(key, len(name), true) {
			putName(r.attrs, key, name)
		}
	}},
}

// networkPolicyActions names a policy verdict as `cilium monitor` does, indexed by flow.Verdict.
var networkPolicyActions = [...]string{
	flow.VerdictForwarded: "allow", flow.VerdictDropped: "deny", flow.VerdictAudit: "audit",
	flow.VerdictRedirected: "redirect", flow.VerdictTranslated: "",
}

// ownAttributes are the attributes of the fields that a notification shows unchanged, by its type. packetMonitorAttributes are those of
// the packet monitor's drops, which stand elsewhere in the record.
var (
	ownAttributes = [...][]attribute{
		monitor.TypeDrop:          attributesOf(monitor.TypeDrop),
		monitor.TypeTrace:         attributesOf(monitor.TypeTrace),
		monitor.TypePolicyVerdict: attributesOf(monitor.TypePolicyVerdict),
		monitor.TypeRecorder:      attributesOf(monitor.TypeRecorder),
		monitor.TypeTraceSock:     attributesOf(monitor.TypeTraceSock),
	}
	packetMonitorAttributes = attributesOf(monitor.TypePacketMonitorDrop)
)

// attributesOf returns the attributes of a notification's own fields.
func attributesOf(t monitor.MessageType) (attributes []attribute) {
	for _, field := range flow.FieldsOf(t) {
		if field.Attribute != "" {
			attributes = append(attributes, attribute{source{field.Attribute, field.Hubble}, ownAttribute(field)})
		}
	}
	return attributes
}

// ownAttribute returns the function that writes the attribute of a notification's own field.
func ownAttribute(field flow.Field) func(r *networkRecord, key string) {
	if field.Address != nil {
		return func(r *networkRecord, key string) {
			if addr := field.Address(r.Flow); addr.IsValid() {
				r.attrs.PutPiece(key, r.address(*addr))
			}
		}
	}
	return func(r *networkRecord, key string) {
		value := field.Value(r.Flow)
		switch {
		case value == 0 && !field.Always:
		case field.Bool:
			r.attrs.PutConstBool(key, value != 0)
		case field.Names != nil:
			r.attrs.PutStr(key, field.Name(value))
		case field.Long:
			r.decimal(key, value)
		default:
			r.attrs.PutInt(key, int64(value))
		}
	}
}

var debugAttributes = []attribute{
	{source{"EventMessage", "debug_event.message"}, func(r *networkRecord, key string) {
		from := len(r.builder.Text)
		r.builder.Text = r.Debug.AppendText(r.builder.Text)
		r.attrs.PutText(key, from)
	}},
	{source{"cilium.debug.hash", "debug_event.hash"}, func(r *networkRecord, key string) { r.attrs.PutInt(key, int64(r.Hash)) }},
	{source{"cilium.debug.arg1", "debug_event.arg1"}, func(r *networkRecord, key string) { r.argument(key, r.Debug.Arg1) }},
	{source{"cilium.debug.arg2", "debug_event.arg2"}, func(r *networkRecord, key string) { r.argument(key, r.Debug.Arg2) }},
	{source{"cilium.debug.arg3", "debug_event.arg3"}, func(r *networkRecord, key string) { r.argument(key, r.Debug.Arg3) }},
}

// argument writes an argument of a debug message.
func (r *networkRecord) argument(key string, value uint32) {
	if !r.Debug.Hidden {
		r.attrs.PutInt(key, int64(value))
	}
}

var lostAttributes = []attribute{
	{source{"cilium.lost.count", "lost_events.num_events_lost"}, func(r *networkRecord, key string) { r.attrs.PutInt(key, int64(r.Lost.Count)) }},
	{source{"cilium.lost.source", "lost_events.source"}, func(r *networkRecord, key string) { r.attrs.PutConst(key, r.Lost.Source.String()) }},
}

var rawAttributes = []attribute{
	{source{"cilium.raw", "agent_event.unknown.notification"}, func(r *networkRecord, key string) {
		if r.Raw == nil { // it may hold what pseudonyms replace
			return
		}
		from := len(r.builder.Text)
		r.builder.Text = hex.AppendEncode(r.builder.Text, r.Raw)
		r.attrs.PutText(key, from)
	}},
}

// kindAttributes are all tables above.
var kindAttributes = append(ownAttributes[:], dropAttributes, traceAttributes, verdictAttributes, packetMonitorAttributes, debugAttributes,
	lostAttributes, rawAttributes)

// put writes the attributes of a table.
func (r *networkRecord) put(attributes []attribute) {
	for i := range attributes {
		attributes[i].put(r, attributes[i].attribute)
	}
}

// decisionSources are the attributes that decision writes of several kinds.
var decisionSources = []source{
	{"cilium.is_reply", "is_reply"},
	{"cilium.proxy_port", "proxy_port"},
	{"cilium.interface.index", "interface.index"},
}

// decision writes how Cilium came to its verdict, and where.
func (r *networkRecord) decision() {
	said := r.TraceReason != 0 || r.Type == monitor.TypePolicyVerdict
	if r.Reply != flow.Unknown && !r.repeats("cilium.is_reply", len("false"), said) {
		r.attrs.PutConstBool("cilium.is_reply", r.Reply == flow.Yes)
	}
	switch r.Type {
	case monitor.TypeTrace:
		r.put(traceAttributes)
	case monitor.TypeDrop:
		r.put(dropAttributes)
	case monitor.TypePolicyVerdict:
		r.put(verdictAttributes)
	}
	r.number("cilium.proxy_port", r.ProxyPort)
	if r.InterfaceIndex != 0 && !r.repeats("cilium.interface.index", digits, r.Type == monitor.TypeTrace) {
		r.number("cilium.interface.index", r.InterfaceIndex)
	}
	if int(r.Type) < len(ownAttributes) {
		r.put(ownAttributes[r.Type])
	}
}
