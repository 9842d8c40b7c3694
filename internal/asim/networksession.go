// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// What the ASIM NetworkSession schema calls itself, and the resource and scope of its records.
const (
	networkSchema        = "NetworkSession"
	networkSchemaVersion = "0.2.6"
	networkService       = "windows_cilium"
	networkNamespace     = "asim_network_session"
	networkScope         = "asim.network.events"
)

// NetworkBody is what stands in a record's body.
type NetworkBody uint8

const (
	// NetworkBodySummary is the line that `hubble observe` prints.
	NetworkBodySummary NetworkBody = iota
	// NetworkBodyHubbleJSON is the line that Hubble's exporter writes and the hubble CLI reads.
	NetworkBodyHubbleJSON
)

// networkBodyNames is indexed by NetworkBody.
var networkBodyNames = [...]string{"summary", "hubble_json"}

// String returns the body's name in the configuration.
func (b NetworkBody) String() string {
	if int(b) < len(networkBodyNames) {
		return networkBodyNames[b]
	}
	return fmt.Sprintf("NetworkBody(%d)", int(b))
}

// ParseNetworkBody returns the body with that name; the empty name is summary. The error names the value and what is
// allowed.
func ParseNetworkBody(name string) (NetworkBody, error) {
	if name == "" {
		return NetworkBodySummary, nil
	}
	for i, n := range networkBodyNames {
		if strings.EqualFold(name, n) {
			return NetworkBody(i), nil
		}
	}
	return NetworkBodySummary, fmt.Errorf("body %q: want one of %s", name, strings.Join(networkBodyNames[:], ", "))
}

// NetworkDevice is the node whose events are mapped: what ASIM calls Dvc.
type NetworkDevice struct {
	NodeName string // Kubernetes node; empty when not known
	HostName string // the host's name, in full where it is known; empty when not known
	IPAddr   string // the host's address; empty when not known
	FileName string // in a replay, what the file is called: it stands in Dvc where nothing above is known
}

// name is what the device is called: the mandatory Dvc.
func (d *NetworkDevice) name() string {
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

// NetworkOptions are what a NetworkMapper needs to know beside the events.
type NetworkOptions struct {
	Device  NetworkDevice
	Body    NetworkBody
	Mask    *flow.Mask // the fields of a flow that are written; nil is all
	Version string     // of the build, for the scope
}

// NetworkMapper makes log records of Cilium's events, in the tree of the ASIM NetworkSession schema. It is used from one
// goroutine.
type NetworkMapper struct {
	options  NetworkOptions
	mask     *networkMask
	head     row // what all records have
	dvc      row // of the device
	tcpFlags [64]*row

	// Memory that one event leaves to the next.
	draft  draft
	blanks map[networkKind]*blanks
	era    int // of the draft that the blanks are of
	stamps stamps
}

// networkKind is what events have in common whose records have the same constants.
type networkKind struct {
	class    flow.Class
	typ      monitor.MessageType
	subType  uint32
	verdict  flow.Verdict
	protocol flow.L4Protocol
}

// NewNetworkMapper makes a mapper.
func NewNetworkMapper(options NetworkOptions) *NetworkMapper {
	m := &NetworkMapper{options: options, mask: newNetworkMask(options.Mask), blanks: map[networkKind]*blanks{}}
	m.head.text("EventProduct", "Cilium")
	m.head.text("EventVendor", "Isovalent")
	m.head.text("EventSchema", networkSchema)
	m.head.text("EventSchemaVersion", networkSchemaVersion)
	m.head.text("EventType", "Flow")
	m.SetDevice(options.Device)
	return m
}

// SetDevice changes the device of the events to come. The resource of a batch that has begun stays as it is.
func (m *NetworkMapper) SetDevice(d NetworkDevice) {
	if d == m.options.Device && m.dvc != nil {
		return
	}
	m.options.Device = d
	m.dvc = row{{"Dvc", constant{kindText, 0, d.name()}}}
	if d.HostName != "" {
		full := Device{Name: d.HostName}
		host, domain := full.hostname()
		m.dvc.text("DvcHostname", host)
		if domain != "" {
			m.dvc.text("DvcDomain", domain)
			m.dvc.text("DvcDomainType", "FQDN")
		}
	}
	m.dvc.text("DvcIpAddr", d.IPAddr)
	m.draft.forget()
}

// Begin writes resource and scope into empty logs and returns where Append appends.
func (m *NetworkMapper) Begin(logs plog.Logs) plog.LogRecordSlice {
	rl := logs.ResourceLogs().AppendEmpty()
	m.Resource(rl.Resource())
	sl := rl.ScopeLogs().AppendEmpty()
	m.Scope(sl.Scope())
	return sl.LogRecords()
}

// Resource writes the attributes of the resource that the events are of.
func (m *NetworkMapper) Resource(res pcommon.Resource) {
	attrs := res.Attributes()
	attrs.PutStr("service.name", networkService)
	attrs.PutStr("service.namespace", networkNamespace)
	if name := m.options.Device.HostName; name != "" {
		attrs.PutStr("host.name", name)
	}
	if name := m.options.Device.NodeName; name != "" {
		attrs.PutStr("k8s.node.name", name)
	}
}

// Scope writes the scope of the records.
func (m *NetworkMapper) Scope(scope pcommon.InstrumentationScope) {
	scope.SetName(networkScope)
	scope.SetVersion(m.options.Version)
}

// Append fills an empty record with the event. ts is when it happened, observed when it was received. A flow that stands for
// several (Aggregate) gives a record with their count and sums. The record shares nothing with f.
func (m *NetworkMapper) Append(lr plog.LogRecord, f *flow.Flow, ts, observed time.Time) {
	ts = ts.UTC()
	lr.SetTimestamp(pcommon.NewTimestampFromTime(ts))
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(observed))
	m.draft.main.omit = m.mask.omits(f)
	m.draft.begin(m.kind(f))
	if m.options.Body == NetworkBodyHubbleJSON {
		m.draft.text = m.options.Mask.AppendHubbleJSON(m.draft.text, f, m.options.Device.NodeName, ts)
	} else {
		m.draft.text = m.options.Mask.AppendLine(m.draft.text, f, ts)
	}
	body := len(m.draft.text)
	r := networkRecord{NetworkMapper: m, Flow: f, attrs: m.draft.attributes()}
	r.event(ts)
	outcome := networkOutcomeOf(f)
	lr.SetSeverityNumber(outcome.severity)
	lr.SetSeverityText(severityText(outcome.severity))
	r.outcome(outcome)
	r.attrs.PutRow(&m.dvc)
	switch f.Class {
	case flow.ClassPacket, flow.ClassSocket:
		r.ends()
		r.transport()
		r.decision()
		r.tunnel()
	case flow.ClassDebug:
		r.debug()
	case flow.ClassLost:
		r.lost()
	case flow.ClassRaw:
		r.raw()
	}
	text := m.draft.finish(lr.Attributes())
	lr.Body().SetStr(text[:body])
}

// kind gives the blanks of the event's kind.
func (m *NetworkMapper) kind(f *flow.Flow) *blanks {
	if m.era != m.draft.era {
		m.era = m.draft.era
		clear(m.blanks)
	}
	k := networkKind{f.Class, f.Type, f.SubType, f.Verdict, f.L4.Protocol}
	if f.Type == monitor.TypePacketMonitorDrop { // its reasons are any number
		k.subType = 0
	}
	b := m.blanks[k]
	if b == nil {
		b = &blanks{}
		m.blanks[k] = b
	}
	return b
}
