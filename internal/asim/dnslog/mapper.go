// SPDX-License-Identifier: Apache-2.0

// Package dnslog makes log records of DNS events. In come decoded events of one provider, one at a time or merged; out come log records
// with the attributes of Microsoft's ASIM schemas Dns and AuditEvent, in one of three profiles.
package dnslog

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// The name and version of the ASIM DNS schema, and the scope of its records.
const (
	dnsSchema        = "Dns"
	dnsSchemaVersion = "0.1.7"
	dnsScope         = "asim.dns.events"
	dnsNamespace     = "asim_dns"
	dnsPort          = 53
)

// Mapper makes log records of one provider's events. Use it from one goroutine, unless a method says otherwise.
type Mapper struct {
	provider         *dns.Provider
	profile          dns.Profile
	version          string
	view             *dns.View
	kinds            []*dnsKind       // by twice the template's index, one more for audit events
	head             attrs.ConstAttrs // what all records of the schema Dns have
	auditHead        attrs.ConstAttrs // what all records of the schema AuditEvent have
	outcomes         map[dnsOutcome]*outcomeConsts
	flagSets         map[flagsKey]*attrs.ConstAttrs
	others           map[dnsOther]*dnsKind // of ids that no manifest has
	device           *deviceTexts
	keep             PacketKeep
	pseudonyms       *pseudonyms // nil if no values are replaced
	names            Names
	detail           bool // list answers in detail
	omitsUID         bool
	slim             *slimming // nil if records have all attributes
	deviceInResource bool
	processes        ProcessNamer
	users            UserNamer
	pack             *pack // nil until records are packed
	unparsable       atomic.Int64
	saved            Saved

	ownAddress bool // the last record has an address of its own in DvcIpAddr

	// Memory that is reused by the next event.
	builder *attrs.Builder
	times   attrs.TimeFormatter
	answers dns.Answers
}

// ProcessNamer returns the path of the program that had a process id at a time, or "" if it is not known.
type ProcessNamer interface {
	Name(pid uint32, at time.Time) string
}

// UserNamer names the account that has a SID, and gives the kind of name in the words of ASIM's UsernameType; both are "" while it
// is not known.
type UserNamer interface {
	Account(sid etw.SID) (name, kind string)
}

// NewMapper makes a mapper. version is the build's, for the scope.
func NewMapper(provider *dns.Provider, profile dns.Profile, device Device, version string) *Mapper {
	m := &Mapper{
		provider: provider, profile: profile, version: version, view: dns.NewView(provider, profile), device: device.texts(false), builder: &attrs.Builder{}, outcomes: map[dnsOutcome]*outcomeConsts{},
		flagSets: map[flagsKey]*attrs.ConstAttrs{}, others: map[dnsOther]*dnsKind{},
		keep: DefaultPacketConfig().Keep,
	}
	m.head = m.schemaAttrs(dnsSchema, dnsSchemaVersion)
	m.auditHead = m.schemaAttrs(auditSchema, auditSchemaVersion)
	return m
}

// schemaAttrs gives what all records of a schema have.
func (m *Mapper) schemaAttrs(schema, version string) (r attrs.ConstAttrs) {
	r.Text("EventProduct", m.provider.Product)
	r.Text("EventVendor", "Microsoft")
	r.Text(eventSchema, schema)
	r.Text("EventSchemaVersion", version)
	return r
}

// SetDevice changes the device of the next events. The resource of a batch that has begun stays as it is.
func (m *Mapper) SetDevice(d Device) {
	if d.Addr = d.Addr.WithZone(""); d == m.device.Device {
		return
	}
	m.device = d.texts(m.minimal())
	m.builder.Forget()
}

// Identifies reports whether records have an identifier that is made from the event, Merged.ID. Records of profile documented and records
// without EventOriginalUid have none.
func (m *Mapper) Identifies() bool { return !m.documents() && !m.omitsUID }

// DeviceName is the value of Dvc in the next records.
func (m *Mapper) DeviceName() string { return m.device.Name }

// KeepPackets sets when AdditionalFields.PacketData holds the packets that events carry. It is called before the first event.
func (m *Mapper) KeepPackets(when PacketKeep) { m.keep = when }

// Omit sets the attributes that are never built. It is called before the first event.
func (m *Mapper) Omit(names OmitAttributes) {
	m.builder.Omit(names.sets())
	m.omitsUID = slices.Contains(names, eventOriginalUID)
}

// SetProcesses sets the source of process names. Call it before the first event. Without it no process is named.
func (m *Mapper) SetProcesses(p ProcessNamer) { m.processes = p }

// SetUsers sets the source of user names. Call it before the first event. Without it no user is named.
func (m *Mapper) SetUsers(u UserNamer) { m.users = u }

// Unparsable is the number of events so far whose packet is no DNS message. It may be called from any goroutine.
func (m *Mapper) Unparsable() int64 { return m.unparsable.Load() }

// Begin writes resource and scope into empty logs and returns where Append appends.
func (m *Mapper) Begin(logs plog.Logs) plog.LogRecordSlice {
	rl := logs.ResourceLogs().AppendEmpty()
	attrs := rl.Resource().Attributes()
	attrs.PutStr("service.name", m.provider.Service)
	attrs.PutStr("service.namespace", dnsNamespace)
	if m.device.Host {
		attrs.PutStr("host.name", m.device.Name)
	}
	attrs.PutStr("os.type", "windows")
	if m.deviceInResource {
		m.device.dvc.CopyTo(attrs)
		if m.device.addr != "" {
			attrs.PutStr(dvcIPAddr, m.device.addr)
		}
		attrs.RemoveIf(func(name string, _ pcommon.Value) bool { return m.builder.Main().Omits(name) })
	}
	if m.pseudonyms != nil {
		m.pseudonyms.record(attrs, m.device.Name, false)
		attrs.PutBool(pseudonym.Mark, true)
	}
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName(dnsScope)
	sl.Scope().SetVersion(m.version)
	return sl.LogRecords()
}

// dnsKind is what the records of one event id have in common.
type dnsKind struct {
	dns.Class
	body      string
	original  attrs.ConstAttrs // of the manifest
	class     attrs.ConstAttrs
	audit     attrs.ConstAttrs // what was done to what: of AdditionalFields, or of a record of the schema AuditEvent
	template  attrs.Template
	omissions []*omission // by field; nil if records have all attributes
	omitted   int         // bytes of constants that slim records leave out
}

// dnsOther is what the class of an event depends on if no manifest describes the event.
type dnsOther struct {
	id            uint16
	update, audit bool
}

// maxOthers bounds the memory for ids that no manifest has.
const maxOthers = 256

// kind gives the event's kind.
func (m *Mapper) kind(e *dns.Event, t *schema.Template) *dnsKind {
	if t == nil {
		other := dnsOther{e.ID, e.UpdateTask, e.Audit}
		k := m.others[other]
		if k == nil {
			if len(m.others) == maxOthers {
				clear(m.others)
			}
			k = m.newKind(e, nil)
			m.others[other] = k
		}
		return k
	}
	i := 2 * t.Index
	if e.Audit { // the header may say so even if the manifest does not
		i++
	}
	if i >= len(m.kinds) {
		m.kinds = append(m.kinds, make([]*dnsKind, i+1-len(m.kinds))...)
	}
	if m.kinds[i] == nil {
		m.kinds[i] = m.newKind(e, t)
	}
	return m.kinds[i]
}

func (m *Mapper) newKind(e *dns.Event, t *schema.Template) *dnsKind {
	class := m.view.Class(e)
	k := &dnsKind{Class: class, audit: m.auditAttrs(e), omissions: m.omissions(t)}
	id, name := strconv.Itoa(int(e.ID)), ""
	if t != nil {
		name = t.Name
	}
	k.original.Text("EventOriginalType", id)
	if m.slim != nil && !e.Audit && m.slim.names[e.ID] == name {
		k.omitted = asim.DNSBill.Attribute("EventOriginalSubType", len(name), true)
	} else {
		k.original.Text("EventOriginalSubType", name)
	}
	if m.IsAuditEvent(e) {
		k.audit = m.auditKind(e, name)
	}
	k.class.Text("EventType", class.EventType)
	k.class.Text("EventSubType", class.SubType)
	words := []string{m.provider.Product, "Event:", class.EventType, class.SubType, "(ID: " + id + ")"}
	if class.SubType == "" {
		words = slices.Delete(words, 3, 4)
	}
	k.body = printable.String(strings.Join(words, " "))
	return k
}

// Merged describes the events that a record stands for besides its own. The zero value is no other event.
type Merged struct {
	// Count is the number of events; 0 is one.
	Count int64
	// Start and End are the times of the first and the last of them; the zero time is the event's own.
	Start, End time.Time
	// Answered marks a response that is merged with its query. The time between them is the duration of the exchange.
	Answered bool
	// Leapt marks such a response if the query's time, Start, cannot be compared with the response's: the host's clock was set between them.
	Leapt bool
	// Unanswered marks a query that got no response in time.
	Unanswered bool
	// ID is the identifier of the first of them; the zero value is none.
	ID uid.ID
	// Lookup is set for the event of a look-up of the DNS Client.
	Lookup Lookup
	// Recursion is set for a client's query that the DNS Server asked other servers for, or its response.
	Recursion dns.Recursion
	// Row is set if other exchanges would have been added, and Count is 1 only because none was alike.
	Row bool
	// Sums is set for several exchanges, of which the event is the first one's. The record has only what holds for all of them.
	Sums *dns.Sums
}

// Lookup is the information of a look-up's events besides the one that the record is made of.
type Lookup struct {
	Events int64      // the number of events of the record
	Server netip.Addr // the server that answered, or else the last one that got the query; invalid if no event names one
	Asked  bool       // a server was asked
	Cached bool       // the cache had the answer
}

// Append appends the event's record. received is when it was delivered, in nanoseconds since 1970.
func (m *Mapper) Append(records plog.LogRecordSlice, e *dns.Event, received int64) {
	m.AppendMerged(records, e, received, Merged{})
}

// AppendMerged appends the record of the event and of those merged with it.
func (m *Mapper) AppendMerged(records plog.LogRecordSlice, e *dns.Event, received int64, merged Merged) {
	lr := records.AppendEmpty()
	head := m.build(e, received, merged)
	head.writeTo(lr)
	m.builder.Finish(lr.Attributes())
	m.pseudonyms.record(lr.Attributes(), m.device.Name, m.profile == dns.ProfileASIM)
}

// logHead is what a log record has besides its attributes.
type logHead struct {
	at, observed pcommon.Timestamp
	severity     plog.SeverityNumber
	severityText string
	body         string
}

func (h *logHead) writeTo(lr plog.LogRecord) {
	lr.SetTimestamp(h.at)
	lr.SetObservedTimestamp(h.observed)
	lr.SetSeverityNumber(h.severity)
	lr.SetSeverityText(h.severityText)
	lr.Body().SetStr(h.body)
}

// build collects the attributes of the event's record in the Builder.
func (m *Mapper) build(e *dns.Event, received int64, merged Merged) logHead {
	at := etw.UnixNano(e.TimeStamp)
	if merged.Sums != nil {
		at = max(at, merged.Sums.Last) // a sum comes late: a rule that looks back must find it
	}
	number := severity(e.Level)
	text := asim.SeverityText(number)
	if m.documents() {
		text = documentedSeverity(e.Level)
	}
	decoded := e.Decoded()
	kind := m.kind(e, decoded.Template)
	m.builder.Begin(&kind.template)
	m.ownAddress = false
	r := dnsRecord{Mapper: m, Event: e, Decoded: decoded, attrs: m.builder.Main(), merged: merged}
	if m.IsAuditEvent(e) {
		r.auditEvent(kind)
	} else {
		r.dnsEvent(kind)
	}
	m.saved.count(&r)
	return logHead{ // a time of 0 is not known
		at: pcommon.Timestamp(max(0, at)), observed: pcommon.Timestamp(received), severity: number, severityText: text, body: kind.body,
	}
}

// dnsEvent writes a record of the schema Dns.
func (r *dnsRecord) dnsEvent(kind *dnsKind) {
	r.event(kind)
	r.attrs.PutConst("EventSeverity", eventSeverity(r.Level))
	r.result()
	r.dvc()
	r.hosts(kind.Class)
	r.query()
	r.flags()
	r.additional(kind)
}

// documents reports whether the record follows the design document to the letter.
func (m *Mapper) documents() bool { return m.profile == dns.ProfileDocumented }

// severity gives the log severity of an ETW level (winmeta.xml). Level 0 is "log always".
func severity(level uint8) plog.SeverityNumber {
	switch level {
	case 1:
		return plog.SeverityNumberFatal
	case 2:
		return plog.SeverityNumberError
	case 3:
		return plog.SeverityNumberWarn
	case 0, 4:
		return plog.SeverityNumberInfo
	default:
		return plog.SeverityNumberDebug
	}
}

// documentedSeverity gives the name of an ETW level (winmeta.xml).
func documentedSeverity(level uint8) string {
	switch level {
	case 1:
		return "Critical"
	case 2:
		return "Error"
	case 3:
		return "Warning"
	case 0, 4:
		return "Information"
	default:
		return "Verbose"
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
	*Mapper
	*dns.Event
	*schema.Decoded
	attrs                  attrs.Attributes
	merged                 Merged
	local                  addressText // this host's, where the event names it
	asked                  attrs.Piece // the queried name as it was spelled, where that is not DnsQuery
	used                   uint64      // the fields, by bit, that an attribute of their own represents
	whole                  int         // 1 + the index of the field that is an attribute of its own under the same name; 0 for none
	flagsSet               uint16      // the flags in DnsFlags, by place in the table
	omitted, omittedPacket int64       // the size of the attributes that a slim record leaves out, and of a packet that is not kept
}

func (r *dnsRecord) use(f dns.Field)         { r.used |= 1 << f }
func (r *dnsRecord) isUsed(f dns.Field) bool { return r.used&(1<<f) != 0 }

// num gives a number field that the caller represents by an attribute of its own.
func (r *dnsRecord) num(f dns.Field) (uint64, bool) {
	n, ok := r.Num(f)
	r.use(f)
	return n, ok
}

// word gives a number field of 16 bits that the caller represents by an attribute of its own. One that holds more stays as it is.
func (r *dnsRecord) word(f dns.Field) (uint64, bool) {
	n, ok := r.Word(f)
	if ok {
		r.use(f)
	}
	return n, ok
}

// event writes what kind of event this is, and when.
func (r *dnsRecord) event(kind *dnsKind) {
	a, head := r.attrs, &r.head
	if r.IsAuditEvent(r.Event) {
		head = &r.auditHead
	}
	a.PutConsts(head)
	a.PutConstInt("EventCount", max(1, r.merged.Count))
	start, end := r.span()
	from := r.stamp(start)
	a.PutText("EventStartTime", from)
	if end != start {
		from = r.stamp(end)
	}
	a.PutText("EventEndTime", from)
	a.PutConsts(&kind.original)
	r.omit(kind.omitted)
	r.uid()
	a.PutConsts(&kind.class)
}

// uid writes the event's identifier: in profile documented the activity id.
func (r *dnsRecord) uid() {
	from := len(r.builder.Text)
	switch {
	case !r.documents() && !r.merged.ID.IsZero():
		r.builder.Text = r.merged.ID.Append(r.builder.Text)
	case r.documents() && !r.ActivityID.IsZero():
		r.builder.Text = r.ActivityID.Append(r.builder.Text)
	default:
		return
	}
	r.attrs.PutText(eventOriginalUID, from)
}

// span gives the times of the first and the last event that the record stands for, in nanoseconds since 1970.
func (r *dnsRecord) span() (start, end int64) {
	if s := r.merged.Sums; s != nil {
		return s.First, s.Last
	}
	start = etw.UnixNano(r.TimeStamp)
	end = start
	if t := r.merged.Start; !t.IsZero() && !r.merged.Leapt {
		start = t.UnixNano()
	}
	if t := r.merged.End; !t.IsZero() {
		end = t.UnixNano()
	}
	return min(start, end), end // a query may seem to be a little later than its response
}

// stamp appends a time to the text and gives where it begins.
func (r *dnsRecord) stamp(t int64) (from int) {
	from = len(r.builder.Text)
	r.builder.Text = r.times.Append(r.builder.Text, t)
	return from
}

// hosts writes the two ends of the exchange and its protocol.
func (r *dnsRecord) hosts(class dns.Class) {
	a := r.attrs
	var src, dst endpoint
	if r.isServer() {
		src, dst = r.serverEnds()
	} else {
		src, dst = r.clientEnds()
	}
	if r.documents() {
		src, dst = r.asDocumented(class, src, dst)
	}
	if src.port != 0 && r.isMinimalRow() {
		r.omit(asim.DecimalLength(uint64(src.port)))
		src.port = 0
	}
	r.putEndpoint("Src", "SrcIpAddr", "SrcPortNumber", src)
	if r.device.src.Len() > 0 && !r.isServer() && !r.documents() {
		if r.slims() {
			r.omit(r.device.src.Size())
		} else {
			a.PutConsts(&r.device.src)
		}
	}
	r.user("SrcUserId", "SrcUserIdType", "SrcUsername", "SrcUsernameType")
	if pid, ok := r.actingProcess(); ok {
		from := len(r.builder.Text)
		r.builder.Text = strconv.AppendUint(r.builder.Text, uint64(pid), 10)
		a.PutText("SrcProcessId", from)
		if r.processes != nil {
			if name := r.processes.Name(pid, r.Time()); name != "" {
				a.PutStr("SrcProcessName", name)
			}
		}
	}
	if r.isServer() && dst.port == dnsPort && r.slims() {
		r.omit(len("53"))
		dst.port = 0
	}
	if !r.omitsOwnAddress(dst) {
		r.putEndpoint("Dst", "DstIpAddr", "DstPortNumber", dst)
	}
	if tcp, ok := r.isTCP(class); ok {
		protocol := "UDP"
		if tcp {
			protocol = "TCP"
		}
		a.PutConst("NetworkProtocol", protocol)
	}
	known := dst // for a client's event the source may be any of the host's addresses
	if !known.named {
		known = src
	}
	switch {
	case !known.named:
	case r.slims():
		r.omit(len("IPv4"))
	case known.addr.Is4():
		a.PutConst("NetworkProtocolVersion", "IPv4")
	case known.addr.Is6():
		a.PutConst("NetworkProtocolVersion", "IPv6")
	}
}

// endpoint is one end of an exchange. An unknown address and port 0 are not written.
type endpoint struct {
	addr  netip.Addr
	port  uint16
	named bool // the event names the address
	own   bool // it is this device
}

// addressText is an address and its text in the builder.
type addressText struct {
	addr netip.Addr
	attrs.Piece
}

// address appends the text of an address. The text of this host's address is there already.
func (r *dnsRecord) address(addr netip.Addr) addressText {
	if addr == r.local.addr {
		return r.local
	}
	from := len(r.builder.Text)
	r.builder.Text = addr.AppendTo(r.builder.Text)
	return addressText{addr, r.builder.Since(from)}
}

// putEndpoint writes one end. This device without a known address has its name instead.
func (r *dnsRecord) putEndpoint(name, addr, port string, end endpoint) {
	if end.addr.IsValid() {
		text := r.address(end.addr).Piece
		r.putUnless(name == "Dst" && r.slims(), name, text)
		r.attrs.PutPiece(addr, text)
	} else if end.own {
		r.attrs.PutStr(name, r.device.Name)
	}
	if end.port != 0 {
		if end.port == dnsPort {
			r.attrs.PutConstInt(port, dnsPort)
		} else {
			r.attrs.PutInt(port, int64(end.port))
		}
	}
}
