// SPDX-License-Identifier: Apache-2.0

// The attributes of the event itself: its kind, its time, and what was decided.

package networklog

import (
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// networkRecord writes the attributes of one event. Each method writes a group of them.
type networkRecord struct {
	*Mapper
	*flow.Flow
	attrs attrs.Attributes
	uid   uid.ID
	left  int // size of what this record leaves out because other attributes say it
}

// eventSources are the attributes that event writes.
var eventSources = []source{
	{"EventProduct", ""},
	{"EventVendor", ""},
	{"EventSchema", ""},
	{"EventSchemaVersion", ""},
	{"EventType", ""},
	{"EventCount", ""},
	{"EventStartTime", ""},
	{"EventEndTime", ""},
	{"EventOriginalUid", ""},
	{"EventOriginalType", "event_type.type"},
	{"EventOriginalSubType", ""},
	{"cilium.event.type", "event_type.type"},
	{"cilium.event.sub_type", "event_type.sub_type"},
	{"cilium.endpoint.id", ""},
	{"cilium.cpu", ""},
	{"cilium.notification.version_unknown", ""},
}

// typeName returns Cilium's name of the message type, "lost" for a loss of events.
func (r *networkRecord) typeName() string {
	if r.Class == flow.ClassLost {
		return "lost"
	}
	return r.Type.String()
}

// event writes the kind and the time of the event.
func (r *networkRecord) event(ts time.Time) {
	a := r.attrs
	a.PutConsts(&r.head)
	a.PutConstInt("EventCount", max(r.Aggregate.Count, 1))
	end := r.stamp(ts)
	start, first := end, r.Aggregate.First
	if r.Class == flow.ClassLost {
		first = r.Lost.First
	}
	if !first.IsZero() && first.Before(ts) {
		start = r.stamp(first)
	}
	a.PutPiece("EventStartTime", start)
	a.PutPiece("EventEndTime", end)
	r.identifier()
	if name := r.typeName(); !r.repeats("cilium.event.type", len(name), r.Type == monitor.TypeTrace) {
		a.PutConst(r.column("cilium.event.type", "EventOriginalType", true), name)
	}
	name := r.SubTypeName()
	if r.namesPoint() {
		a.PutConst("EventOriginalSubType", name)
		r.left -= len(name)
	}
	if name != "" && !r.repeats("cilium.event.sub_type", len(name), r.Type == monitor.TypeTrace || r.Type == monitor.TypeDrop && flow.DropReasonNamed(r.DropReason)) {
		a.PutConst(r.column("cilium.event.sub_type", "EventOriginalSubType", true), name)
	}
	if r.EndpointID != 0 && !r.repeats("cilium.endpoint.id", digits, r.Type == monitor.TypeTrace) {
		a.PutInt("cilium.endpoint.id", int64(r.EndpointID))
	}
	if r.CPU >= 0 && !r.repeats("cilium.cpu", digits, r.Class == flow.ClassPacket) {
		a.PutInt("cilium.cpu", int64(r.CPU))
	}
	if r.VersionUnknown {
		a.PutConstBool("cilium.notification.version_unknown", true)
	}
}

// namesPoint reports whether a slim record has the observation point as the sub-type of its event, in a column: "to-endpoint" is TO_ENDPOINT.
func (r *networkRecord) namesPoint() bool {
	return r.options.Slim && r.Type == monitor.TypeTrace && r.ObservationPoint.Known() && !r.attrs.Omits("cilium.trace.observation_point")
}

// identifier writes the identifier of the first event.
func (r *networkRecord) identifier() {
	if !r.uid.IsZero() {
		from := len(r.builder.Text)
		r.builder.Text = r.uid.Append(r.builder.Text)
		r.attrs.PutText("EventOriginalUid", from)
	}
}

// stamp appends a time to the text, in the form of the DNS records.
func (r *networkRecord) stamp(t time.Time) attrs.Piece {
	from := len(r.builder.Text)
	r.builder.Text = r.times.Append(r.builder.Text, t.UnixNano())
	return r.builder.Since(from)
}

// putName puts a name that most records of a kind share, nothing when it is empty.
func putName(a attrs.Attributes, key, name string) {
	if name != "" {
		a.PutConst(key, name)
	}
}

// networkOutcome has ASIM's words and the log record's severity for a decision.
type networkOutcome struct {
	action        string // DvcAction, empty when the event decides nothing
	result        string // EventResult
	details       string // EventResultDetails, whose list of values is closed
	eventSeverity string
	severity      plog.SeverityNumber
}

// The outcomes. A packet that was let through is informational. One that was dropped or denied, or would have been without the audit mode,
// deserves a look. Lost events are a gap in the evidence.
var (
	networkAllowed = networkOutcome{"Allow", "Success", "NA", "Informational", plog.SeverityNumberInfo}
	networkAudited = networkOutcome{"Allow", "Success", "NA", "Low", plog.SeverityNumberWarn}
	networkDropped = networkOutcome{"Drop", "Failure", "Unknown", "Low", plog.SeverityNumberWarn}
	networkDenied  = networkOutcome{"Deny", "Failure", "Unknown", "Low", plog.SeverityNumberWarn}
	networkLost    = networkOutcome{"", "NA", "NA", "Medium", plog.SeverityNumberWarn}
	networkDebug   = networkOutcome{"", "NA", "NA", "Informational", plog.SeverityNumberDebug}
	networkSeen    = networkOutcome{"", "NA", "NA", "Informational", plog.SeverityNumberInfo}
)

// networkOutcomeOf returns the event's outcome.
func networkOutcomeOf(f *flow.Flow) networkOutcome {
	switch f.Class {
	case flow.ClassLost:
		return networkLost
	case flow.ClassDebug:
		return networkDebug
	}
	switch f.Verdict {
	case flow.VerdictForwarded, flow.VerdictRedirected:
		return networkAllowed
	case flow.VerdictAudit:
		return networkAudited
	case flow.VerdictDropped:
		if f.Type == monitor.TypePolicyVerdict {
			return networkDenied
		}
		return networkDropped
	}
	return networkSeen
}

// outcomeSources are the attributes that outcome writes.
var outcomeSources = []source{
	{"EventResult", ""},
	{"EventResultDetails", ""},
	{"EventSeverity", ""},
	{"DvcAction", "verdict"},
	{"DvcOriginalAction", "verdict"},
	{"cilium.verdict", "verdict"},
	{"EventOriginalResultDetails", "drop_reason_desc"},
	{"cilium.drop_reason", "drop_reason_desc"},
	{"cilium.drop_reason_code", "drop_reason"},
}

// outcome writes what was decided.
func (r *networkRecord) outcome(o networkOutcome) {
	a := r.attrs
	a.PutConst("EventResult", o.result)
	r.closed(o.details, o.eventSeverity)
	putName(a, "DvcAction", o.action)
	if r.Verdict != flow.VerdictUnknown {
		r.verdict(o.action, r.Verdict)
	}
	if r.Verdict != flow.VerdictDropped {
		return
	}
	if r.Type == monitor.TypePacketMonitorDrop {
		a.PutConst("EventOriginalResultDetails", "packet monitor drop reason "+strconv.FormatUint(uint64(r.Pktmon.DropReason), 10))
		r.put(packetMonitorAttributes)
		return
	}
	reason := r.DropReasonText()
	if r.Drop.ExtError != 0 {
		reason += ", " + strconv.Itoa(int(r.Drop.ExtError))
	}
	a.PutConst("EventOriginalResultDetails", reason)
	if name := flow.DropReasonName(r.DropReason); !r.repeats("cilium.drop_reason", len(name), flow.DropReasonNamed(r.DropReason)) {
		a.PutConst("cilium.drop_reason", name)
	}
	if !r.repeats("cilium.drop_reason_code", digits, flow.DropReasonNamed(r.DropReason)) {
		a.PutConstInt("cilium.drop_reason_code", int64(r.DropReason))
	}
}

// closed writes the two columns whose lists of values are closed.
func (r *networkRecord) closed(details, severity string) {
	if !r.repeats("EventResultDetails", len(details), details == "NA" || details == "Unknown") {
		r.attrs.PutConst("EventResultDetails", details)
	}
	r.attrs.PutConst("EventSeverity", severity)
}

// verdict writes Hubble's name of the verdict. action is DvcAction, which shows the ordinary ones.
func (r *networkRecord) verdict(action string, v flow.Verdict) {
	name := v.String()
	ordinary := v == flow.VerdictForwarded && action == networkAllowed.action || v == flow.VerdictDropped && action != ""
	if !r.repeats("DvcOriginalAction", len(name), ordinary) {
		r.attrs.PutConst("DvcOriginalAction", name)
	}
	if !r.repeats("cilium.verdict", len(name), true) {
		r.attrs.PutConst("cilium.verdict", name)
	}
}

// deviceSources are the attributes of the device, which SetDevice writes.
var deviceSources = []source{
	{"Dvc", ""},
	{"DvcHostname", ""},
	{"DvcDomain", ""},
	{"DvcDomainType", ""},
	{"DvcIpAddr", ""},
}

// device writes the attributes of the device, unless the resource has them.
func (r *networkRecord) device() {
	if !r.options.DeviceInResource {
		r.attrs.PutConsts(&r.dvc)
	}
	r.left += r.rest.Size()
}

// number writes a number, nothing when it is 0: no such field has 0 as a value.
func (r *networkRecord) number(key string, v uint32) {
	if v != 0 {
		r.attrs.PutInt(key, int64(v))
	}
}

// decimal writes a number of 64 bits, always as a text: pdata's numbers do not hold all of them, and every record has the same type.
func (r *networkRecord) decimal(key string, v uint64) {
	from := len(r.builder.Text)
	r.builder.Text = strconv.AppendUint(r.builder.Text, v, 10)
	r.attrs.PutText(key, from)
}
