// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// What the ASIM DNS schema calls itself, and the scope of its records.
const (
	dnsSchema        = "Dns"
	dnsSchemaVersion = "0.1.7"
	dnsScope         = "asim.dns.events"
	dnsNamespace     = "asim_dns"
	dnsPort          = 53
)

// DNSMapper makes log records of one provider's events. It is used from one goroutine, but where a method says otherwise.
type DNSMapper struct {
	provider   *dns.Provider
	profile    DNSProfile
	version    string
	classes    map[uint16]dnsClass
	device     *deviceTexts
	keep       PacketKeep
	omit       omitted
	processes  ProcessNamer
	unparsable atomic.Int64

	// Memory that one event leaves to the next.
	answers []string
	scratch []byte
}

// ProcessNamer names the process that had an id at some time: the path of its program, "" when it is not known.
type ProcessNamer interface {
	Name(pid uint32, at time.Time) string
}

// NewDNSMapper makes a mapper. version is the build's, for the scope.
func NewDNSMapper(provider *dns.Provider, profile DNSProfile, device Device, version string) *DNSMapper {
	return &DNSMapper{
		provider: provider, profile: profile, version: version, classes: classify(provider, profile), device: device.texts(),
		keep: DefaultPacketConfig().Keep,
	}
}

// SetDevice changes the device of the events to come. The resource of a batch that has begun stays as it is.
func (m *DNSMapper) SetDevice(d Device) { m.device = d.texts() }

// KeepPackets says when AdditionalFields.PacketData holds the packets that events carry. It is called before the first event.
func (m *DNSMapper) KeepPackets(when PacketKeep) { m.keep = when }

// Omit says which attributes are never built. It is called before the first event.
func (m *DNSMapper) Omit(names OmitAttributes) { m.omit = names.set() }

// SetProcesses gives the mapper the names of processes. It is called before the first event; without it no process is named.
func (m *DNSMapper) SetProcesses(p ProcessNamer) { m.processes = p }

// Unparsable is the number of events so far whose packet is no DNS message. It may be called from any goroutine.
func (m *DNSMapper) Unparsable() int64 { return m.unparsable.Load() }

// Begin writes resource and scope into empty logs and returns where Append appends.
func (m *DNSMapper) Begin(logs plog.Logs) plog.LogRecordSlice {
	rl := logs.ResourceLogs().AppendEmpty()
	attrs := rl.Resource().Attributes()
	attrs.PutStr("service.name", m.provider.Service)
	attrs.PutStr("service.namespace", dnsNamespace)
	if m.device.Host {
		attrs.PutStr("host.name", m.device.Name)
	}
	attrs.PutStr("os.type", "windows")
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(dnsScope)
	sl.Scope().SetVersion(m.version)
	return sl.LogRecords()
}

// Wants tells whether the profile has a place for the event: the schema of profile asim has none for audit events.
func (m *DNSMapper) Wants(e *dns.Event) bool { return m.profile != ProfileASIM || !e.Audit }

// class gives the event's type and sub type.
func (m *DNSMapper) class(e *dns.Event) dnsClass {
	if c, ok := m.classes[e.ID]; ok {
		return c
	}
	if e.UpdateTask {
		return dnsClass{typeUpdate, ""}
	}
	return status
}

// attributeCount is room for the attributes of nearly every event.
const attributeCount = 48

// Merged says what a record stands for beside its event. The zero value is nothing else.
type Merged struct {
	// Count is the number of events; 0 is one.
	Count int64
	// Start and End are the times of the first and the last of them; the zero time is the event's own.
	Start, End time.Time
	// Answered marks a response together with its query: the time between them is the exchange's duration.
	Answered bool
	// Unanswered marks a query that got no response in time.
	Unanswered bool
}

// Append appends the event's record. received is when it was delivered, in nanoseconds since 1970.
func (m *DNSMapper) Append(records plog.LogRecordSlice, e *dns.Event, received int64) {
	m.AppendMerged(records, e, received, Merged{})
}

// AppendMerged appends the record of the event and of those merged with it.
func (m *DNSMapper) AppendMerged(records plog.LogRecordSlice, e *dns.Event, received int64, merged Merged) {
	lr := records.AppendEmpty()
	lr.SetTimestamp(pcommon.NewTimestampFromTime(e.Time()))
	lr.SetObservedTimestamp(pcommon.Timestamp(received))
	number, text := severity(e.Level)
	lr.SetSeverityNumber(number)
	lr.SetSeverityText(text)
	r := dnsRecord{DNSMapper: m, Event: e, attrs: attributes{lr.Attributes(), m.omit.attributes}, merged: merged}
	r.attrs.EnsureCapacity(attributeCount)

	class := m.class(e)
	lr.Body().SetStr(m.body(class, e.ID))
	r.event(class)
	r.attrs.PutStr("EventSeverity", eventSeverity(e.Level))
	r.result()
	r.dvc()
	r.hosts(class)
	r.query()
	r.flags()
	r.additional()
}

// body is the line that stands in the record's body.
func (m *DNSMapper) body(class dnsClass, id uint16) string {
	b := append(m.scratch[:0], m.provider.Product...)
	b = append(b, " Event: "...)
	b = append(b, class.eventType...)
	if class.subType != "" {
		b = append(append(b, ' '), class.subType...)
	}
	b = strconv.AppendUint(append(b, " (ID: "...), uint64(id), 10)
	b = append(b, ')')
	m.scratch = b
	return string(b)
}

// severity gives the log severity of an ETW level (winmeta.xml). Level 0 is "log always".
func severity(level uint8) (plog.SeverityNumber, string) {
	switch level {
	case 1:
		return plog.SeverityNumberFatal, "Critical"
	case 2:
		return plog.SeverityNumberError, "Error"
	case 3:
		return plog.SeverityNumberWarn, "Warning"
	case 0, 4:
		return plog.SeverityNumberInfo, "Information"
	default:
		return plog.SeverityNumberDebug, "Verbose"
	}
}

// eventSeverity gives ASIM's EventSeverity of an ETW level.
func eventSeverity(level uint8) string {
	switch level {
	case 1:
		return "High"
	case 2:
		return "Medium"
	case 3:
		return "Low"
	default:
		return "Informational"
	}
}

// dnsRecord is one event on its way into a record's attributes. Each method below writes a group of them.
type dnsRecord struct {
	*DNSMapper
	*dns.Event
	attrs  attributes
	merged Merged
	used   uint64 // the fields, by bit, that an attribute of their own represents
}

func (r *dnsRecord) use(f dns.Field)         { r.used |= 1 << f }
func (r *dnsRecord) isUsed(f dns.Field) bool { return r.used&(1<<f) != 0 }

// num gives a number field that the caller represents by an attribute of its own.
func (r *dnsRecord) num(f dns.Field) (uint64, bool) {
	n, ok := r.Num(f)
	r.use(f)
	return n, ok
}

// text gives a text field; "" when the event does not carry it.
func (r *dnsRecord) text(f dns.Field) string {
	b, _ := r.Text(r.scratch[:0], f)
	r.scratch = b
	return string(b)
}

// event writes what kind of event this is, and when.
func (r *dnsRecord) event(class dnsClass) {
	a := r.attrs
	a.PutStr("EventProduct", r.provider.Product)
	a.PutStr("EventVendor", "Microsoft")
	a.PutStr("EventSchema", dnsSchema)
	a.PutStr("EventSchemaVersion", dnsSchemaVersion)
	a.PutInt("EventCount", max(1, r.merged.Count))
	start, end := r.span()
	stamp := r.stamp(start)
	a.PutStr("EventStartTime", stamp)
	if !end.Equal(start) {
		stamp = r.stamp(end)
	}
	a.PutStr("EventEndTime", stamp)
	a.PutStr("EventOriginalType", strconv.Itoa(int(r.ID)))
	if r.Template != nil {
		a.PutStr("EventOriginalSubType", r.Template.Name)
	}
	if !r.ActivityID.IsZero() {
		a.PutStr("EventOriginalUid", r.ActivityID.String())
	}
	a.PutStr("EventType", class.eventType)
	if class.subType != "" {
		a.PutStr("EventSubType", class.subType)
	}
}

// span gives the times of the first and the last event that the record stands for.
func (r *dnsRecord) span() (start, end time.Time) {
	start, end = r.merged.Start, r.merged.End
	if start.IsZero() {
		start = r.Time()
	}
	if end.IsZero() {
		end = r.Time()
	}
	return start, end
}

// stamp formats a time as ISO 8601 in UTC, with the 100 ns that ETW has.
func (r *dnsRecord) stamp(t time.Time) string {
	r.scratch = t.UTC().AppendFormat(r.scratch[:0], "2006-01-02T15:04:05.0000000Z07:00")
	return string(r.scratch)
}

// hosts writes who asks, who is asked, and how.
func (r *dnsRecord) hosts(class dnsClass) {
	a := r.attrs
	var src, dst endpoint
	if r.isServer() {
		src, dst = r.serverEnds()
	} else {
		src, dst = r.clientEnds(class)
	}
	r.putEndpoint("Src", src)
	if pid, ok := r.clientProcess(); ok {
		a.PutStr("SrcProcessId", strconv.FormatUint(uint64(pid), 10))
		if r.processes != nil {
			if name := r.processes.Name(pid, r.Time()); name != "" {
				a.PutStr("SrcProcessName", name)
			}
		}
	}
	r.putEndpoint("Dst", dst)
	if tcp, ok := r.isTCP(class); ok {
		protocol := "UDP"
		if tcp {
			protocol = "TCP"
		}
		a.PutStr("NetworkProtocol", protocol)
	}
	for _, end := range [...]endpoint{src, dst} {
		if end.addr.IsValid() {
			version := "IPv4"
			if end.addr.Is6() {
				version = "IPv6"
			}
			a.PutStr("NetworkProtocolVersion", version)
			break
		}
	}
}

// endpoint is one end of an exchange; an unknown address and port 0 are left out.
type endpoint struct {
	addr netip.Addr
	port uint16
}

// putEndpoint writes one end. ASIM wants Src and Dst: the device's name stands in where no address is known.
func (r *dnsRecord) putEndpoint(side string, end endpoint) {
	names := [...]string{"Src", "SrcIpAddr", "SrcPortNumber"}
	if side == "Dst" {
		names = [...]string{"Dst", "DstIpAddr", "DstPortNumber"}
	}
	if end.addr.IsValid() {
		text := end.addr.String()
		r.attrs.PutStr(names[0], text)
		r.attrs.PutStr(names[1], text)
	} else {
		r.attrs.PutStr(names[0], r.device.Name)
	}
	if end.port != 0 {
		r.attrs.PutInt(names[2], int64(end.port))
	}
}
