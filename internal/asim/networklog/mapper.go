// SPDX-License-Identifier: Apache-2.0

// Package networklog makes log records of Cilium's events. Flows go in; log records come out, with the attributes of Microsoft's ASIM
// NetworkSession schema and Cilium's own beside them.
package networklog

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Name and version of the ASIM NetworkSession schema, and the resource and scope of its records.
const (
	eventSchema          = "EventSchema"
	networkSchema        = "NetworkSession"
	networkSchemaVersion = "0.2.6"
	networkService       = "windows_cilium"
	networkNamespace     = "asim_network_session"
	networkScope         = "asim.network.events"
)

// Body selects a record's body.
type Body uint8

const (
	// BodySummary is the line that `hubble observe` prints.
	BodySummary Body = iota
	// BodyHubbleJSON is the line that Hubble's exporter writes and the hubble CLI reads.
	BodyHubbleJSON
	// BodyNone is no body.
	BodyNone
)

// networkBodyNames is indexed by Body.
var networkBodyNames = [...]string{"summary", "hubble_json", "none"}

// String returns the body's name in the configuration.
func (b Body) String() string {
	if int(b) < len(networkBodyNames) {
		return networkBodyNames[b]
	}
	return fmt.Sprintf("Body(%d)", int(b))
}

// ParseBody returns the body with that name; the empty name is summary. The error names the value and the allowed ones.
func ParseBody(name string) (Body, error) {
	if name == "" {
		return BodySummary, nil
	}
	for i, n := range networkBodyNames {
		if strings.EqualFold(name, n) {
			return Body(i), nil
		}
	}
	return BodySummary, fmt.Errorf("body %q: want one of %s", name, strings.Join(networkBodyNames[:], ", "))
}

// Device is the node whose events are mapped, ASIM's Dvc.
type Device struct {
	NodeName string // Kubernetes node; empty when not known
	HostName string // the host's name, in full where it is known; empty when not known
	IPAddr   string // the host's address; empty when not known
	FileName string // in a replay, the file's name: Dvc when nothing above is known
}

// name returns the value of the mandatory Dvc.
func (d *Device) name() string {
	switch {
	case d.NodeName != "":
		return d.NodeName
	case d.HostName != "":
		return d.HostName
	case d.IPAddr != "":
		return d.IPAddr
	case d.FileName != "":
		return d.FileName
	}
	return "unknown"
}

// Options are the settings of a Mapper.
type Options struct {
	Device  Device
	Body    Body
	Mask    *flow.Mask // the fields of a flow that are written; nil has all
	Version string     // of the build, for the scope
	// Slim leaves out what other attributes of a record say.
	Slim bool
	// Minimal leaves out the attributes of the device but its name and its address.
	Minimal bool
	// DeviceInResource puts the attributes of the device into the resource of the records.
	DeviceInResource bool
	// Pseudonyms replaces the values that identify someone; nil replaces nothing.
	Pseudonyms *pseudonym.Pseudonymizer
}

// Mapper makes log records of Cilium's events, with the attributes of the ASIM NetworkSession schema. One goroutine uses it.
type Mapper struct {
	options     Options
	shown       Device // what records have of the device
	mask        *networkMask
	head        attrs.ConstAttrs // of all records
	sessionHead attrs.ConstAttrs // the same of a connection's
	dvc         attrs.ConstAttrs // of the device
	rest        attrs.ConstAttrs // those of the device that minimal records leave out
	// of a TCP header's flags
	tcpFlagAttrs [64]*attrs.ConstAttrs

	// Memory that is reused from event to event.
	builder    attrs.Builder
	record     networkRecord // Append's: a local variable there would be an allocation for each event
	templates  map[networkKind]*attrs.Template
	generation int // of the builder, when the templates were made
	times      attrs.TimeFormatter
	// The event with pseudonyms.
	replaced           flow.Flow
	replacedConnection flow.Connection
	replacedEndpoints  map[*flow.Endpoint]*flow.Endpoint
	replacedServices   map[*flow.Service]*flow.Service

	saved atomic.Int64
}

// networkKind selects a template: records of events of the same kind share most constants.
type networkKind struct {
	class    flow.Class
	typ      monitor.MessageType
	subType  uint32
	verdict  flow.Verdict
	protocol flow.L4Protocol

	connection bool // and how its record ended; the other fields but protocol are not set
	end        flow.End
}

// NewMapper makes a mapper.
func NewMapper(options Options) *Mapper {
	m := &Mapper{options: options, mask: newNetworkMask(options.Mask), templates: map[networkKind]*attrs.Template{}}
	for head, eventType := range map[*attrs.ConstAttrs]string{&m.head: "Flow", &m.sessionHead: "NetworkSession"} {
		head.Text("EventProduct", "Cilium")
		head.Text("EventVendor", "Isovalent")
		head.Text(eventSchema, networkSchema)
		head.Text("EventSchemaVersion", networkSchemaVersion)
		head.Text("EventType", eventType)
	}
	if options.Pseudonyms != nil {
		m.replacedEndpoints, m.replacedServices = map[*flow.Endpoint]*flow.Endpoint{}, map[*flow.Service]*flow.Service{}
	}
	m.record.Mapper = m
	m.SetDevice(options.Device)
	return m
}

// SetDevice sets the device of the next events. The resource of a batch that has begun does not change.
func (m *Mapper) SetDevice(d Device) {
	if d == m.options.Device && m.dvc.Len() > 0 {
		return
	}
	m.options.Device = d
	d = m.replaceDevice(d)
	m.shown = d
	m.dvc, m.rest = attrs.ConstAttrs{}, attrs.ConstAttrs{}
	m.dvc.TextOrEmpty("Dvc", d.name())
	if d.HostName != "" {
		host, domain := asim.SplitHostname(d.HostName)
		more := &m.dvc
		if m.options.Minimal {
			more = &m.rest
		}
		more.Text("DvcHostname", host)
		if domain != "" {
			more.Text("DvcDomain", domain)
			more.Text("DvcDomainType", "FQDN")
		}
	}
	m.dvc.Text("DvcIpAddr", d.IPAddr)
	m.builder.Forget()
}

// DeviceName is the name of the device of the events to come. Dvc has it, or its pseudonym.
func (m *Mapper) DeviceName() string { return m.options.Device.name() }

// Begin writes resource and scope into empty logs and returns where Append appends.
func (m *Mapper) Begin(logs plog.Logs) plog.LogRecordSlice {
	rl := logs.ResourceLogs().AppendEmpty()
	m.Resource(rl.Resource())
	if m.options.DeviceInResource {
		m.dvc.CopyTo(rl.Resource().Attributes())
	}
	sl := rl.ScopeLogs().AppendEmpty()
	m.Scope(sl.Scope())
	return sl.LogRecords()
}

// Resource writes the attributes of the events' resource.
func (m *Mapper) Resource(res pcommon.Resource) {
	attrs := res.Attributes()
	attrs.PutStr("service.name", networkService)
	attrs.PutStr("service.namespace", networkNamespace)
	if name := m.shown.HostName; name != "" {
		attrs.PutStr("host.name", name)
	}
	if name := m.shown.NodeName; name != "" {
		attrs.PutStr("k8s.node.name", name)
	}
	if m.options.Pseudonyms != nil {
		attrs.PutBool(pseudonym.Mark, true)
	}
}

// Scope writes the scope of the records.
func (m *Mapper) Scope(scope pcommon.InstrumentationScope) {
	scope.SetName(networkScope)
	scope.SetVersion(m.options.Version)
}

// Append fills an empty record with the event. ts is when it happened, observed is when it was received. A flow that stands for several
// flows (Aggregate) gives a record with their count and sums. id is the first event's identifier; zero means none. The record shares no
// memory with f.
func (m *Mapper) Append(lr plog.LogRecord, f *flow.Flow, id uid.ID, ts, observed time.Time) {
	ts = ts.UTC()
	if p := m.options.Pseudonyms; p != nil {
		f, id = m.replaceFlow(f), p.EventID(id)
	}
	lr.SetTimestamp(pcommon.NewTimestampFromTime(ts))
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(observed))
	m.builder.Omit(m.mask.omits(f.Class, f.L4.Protocol), nil)
	m.builder.Begin(m.kind(kindOf(f)))
	switch m.options.Body {
	case BodySummary:
		m.builder.Text = m.options.Mask.AppendLine(m.builder.Text, f, ts)
	case BodyHubbleJSON:
		m.builder.Text = m.options.Mask.AppendHubbleJSON(m.builder.Text, f, m.shown.NodeName, ts)
	}
	body := len(m.builder.Text)
	r := &m.record
	r.Flow, r.attrs, r.uid = f, m.builder.Main(), id
	r.event(ts)
	outcome := networkOutcomeOf(f)
	lr.SetSeverityNumber(outcome.severity)
	lr.SetSeverityText(asim.SeverityText(outcome.severity))
	r.outcome(outcome)
	r.device()
	switch f.Class {
	case flow.ClassPacket, flow.ClassSocket:
		r.ends()
		r.transport()
		r.decision()
		r.tunnel()
	case flow.ClassDebug:
		r.put(debugAttributes)
	case flow.ClassLost:
		r.put(lostAttributes)
	case flow.ClassRaw:
		r.put(rawAttributes)
	}
	text := m.builder.Finish(lr.Attributes())
	if m.options.Body != BodyNone {
		lr.Body().SetStr(text[:body])
	}
	r.count()
}

// kindOf returns the event's kind.
func kindOf(f *flow.Flow) networkKind {
	k := networkKind{class: f.Class, typ: f.Type, subType: f.SubType, verdict: f.Verdict, protocol: f.L4.Protocol}
	if f.Type == monitor.TypePacketMonitorDrop { // its reasons may be any number
		k.subType = 0
	}
	return k
}

// kind returns the template of a kind.
func (m *Mapper) kind(k networkKind) *attrs.Template {
	if m.generation != m.builder.Generation() {
		m.generation = m.builder.Generation()
		clear(m.templates)
	}
	b := m.templates[k]
	if b == nil {
		b = &attrs.Template{}
		m.templates[k] = b
	}
	return b
}
