// SPDX-License-Identifier: Apache-2.0

// A network event on its way into a record's attributes, group by group: ASIM's names first, Cilium's own beside them.

package networklog

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// networkRecord is one event on its way into a record's attributes. Each method below writes a group of them.
type networkRecord struct {
	*Mapper
	*flow.Flow
	attrs attrs.Attributes
	uid   uid.ID
}

// networkOutcome is what ASIM and the log record say of a decision.
type networkOutcome struct {
	action        string // DvcAction, empty when the event decides nothing
	result        string // EventResult
	details       string // EventResultDetails, whose list of values is closed
	eventSeverity string
	severity      plog.SeverityNumber
}

// The outcomes. A packet that was let through is informational; one that was dropped or denied, or would have been but for
// the audit mode, is worth a look; lost events are a hole in the evidence.
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

// typeName is the event's type as in Cilium's message types; lost events, which are no message, are "lost".
func (r *networkRecord) typeName() string {
	if r.Class == flow.ClassLost {
		return "lost"
	}
	return r.Type.String()
}

// event writes what kind of event this is, and when.
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
	if !r.uid.IsZero() {
		from := len(r.builder.Text)
		r.builder.Text = r.uid.Append(r.builder.Text)
		a.PutText("EventOriginalUid", from)
	}
	a.PutConst("cilium.event.type", r.typeName())
	putName(a, "cilium.event.sub_type", r.SubTypeName())
	if r.EndpointID != 0 {
		a.PutInt("cilium.endpoint.id", int64(r.EndpointID))
	}
	if r.CPU >= 0 {
		a.PutInt("cilium.cpu", int64(r.CPU))
	}
}

// stamp appends a time to the text, as the DNS records have it.
func (r *networkRecord) stamp(t time.Time) attrs.Piece {
	from := len(r.builder.Text)
	r.builder.Text = r.times.Append(r.builder.Text, t.UnixNano())
	return r.builder.Since(from)
}

// putName puts a name of the kind, nothing when it is empty.
func putName(a attrs.Attributes, key, name string) {
	if name != "" {
		a.PutConst(key, name)
	}
}

// outcome writes what was decided.
func (r *networkRecord) outcome(o networkOutcome) {
	a := r.attrs
	a.PutConst("EventResult", o.result)
	a.PutConst("EventResultDetails", o.details)
	a.PutConst("EventSeverity", o.eventSeverity)
	putName(a, "DvcAction", o.action)
	if r.Verdict != flow.VerdictUnknown {
		verdict := r.Verdict.String()
		a.PutConst("DvcOriginalAction", verdict)
		a.PutConst("cilium.verdict", verdict)
	}
	if r.Verdict != flow.VerdictDropped {
		return
	}
	if r.Type == monitor.TypePacketMonitorDrop {
		r.packetMonitor()
		return
	}
	reason := r.DropReasonText()
	if r.DropExtError != 0 {
		reason += ", " + strconv.Itoa(int(r.DropExtError))
	}
	a.PutConst("EventOriginalResultDetails", reason)
	a.PutConst("cilium.drop_reason", flow.DropReasonName(r.DropReason))
	a.PutConstInt("cilium.drop_reason_code", int64(r.DropReason))
}

// packetMonitor writes what Windows' packet monitor says of a drop. Its numbers are its own, not Cilium's.
func (r *networkRecord) packetMonitor() {
	a, p := r.attrs, &r.Pktmon
	a.PutConst("EventOriginalResultDetails", "packet monitor drop reason "+strconv.FormatUint(uint64(p.DropReason), 10))
	a.PutInt("cilium.pktmon.drop_reason", int64(p.DropReason))
	a.PutInt("cilium.pktmon.drop_location", int64(p.DropLocation))
	a.PutInt("cilium.pktmon.component_id", int64(p.ComponentID))
	a.PutInt("cilium.pktmon.edge_id", int64(p.EdgeID))
	r.decimal("cilium.pktmon.group_id", p.GroupID)
}

// ends writes who sent the packet and whom to. A packet inside a tunnel has its own ends.
func (r *networkRecord) ends() {
	a := r.attrs
	r.end("Src", "SrcIpAddr", r.IP.Source)
	r.end("Dst", "DstIpAddr", r.IP.Destination)
	if r.IP.SourceXlated.IsValid() {
		a.PutPiece("SrcNatIpAddr", r.address(r.IP.SourceXlated))
	}
	if r.L4.Protocol.HasPorts() || r.Class == flow.ClassSocket {
		r.number("SrcPortNumber", uint32(r.L4.SourcePort))
		r.number("DstPortNumber", uint32(r.L4.DestinationPort))
	}
	if r.HasEthernet {
		r.mac("SrcMacAddr", r.Ethernet.Source)
		r.mac("DstMacAddr", r.Ethernet.Destination)
	}
	switch {
	case r.VLANCount == 1:
		r.vlan("SrcVlanId", r.VLANs[0])
	case r.VLANCount > 1: // the schema's aliases: InnerVlanId is SrcVlanId, OuterVlanId is DstVlanId
		r.vlan("SrcVlanId", r.VLANs[1])
		r.vlan("DstVlanId", r.VLANs[0])
	}
	r.identity("cilium.source.identity", "cilium.source.identity_name", r.SourceIdentity)
	r.identity("cilium.destination.identity", "cilium.destination.identity_name", r.DestinationIdentity)
}

// vlan writes a VLAN's id, nothing when it is 0: such a tag has a priority only.
func (r *networkRecord) vlan(key string, id uint16) {
	if id != 0 {
		r.attrs.PutStr(key, strconv.Itoa(int(id)))
	}
}

// address appends an address to the text.
func (r *networkRecord) address(addr netip.Addr) attrs.Piece {
	from := len(r.builder.Text)
	r.builder.Text = addr.AppendTo(r.builder.Text)
	return r.builder.Since(from)
}

func (r *networkRecord) end(key, addrKey string, addr netip.Addr) {
	if addr.IsValid() {
		text := r.address(addr)
		r.attrs.PutPiece(key, text)
		r.attrs.PutPiece(addrKey, text)
	}
}

// identity writes a security identity and its name, when it is one that Cilium reserves. 0 is not known.
func (r *networkRecord) identity(key, nameKey string, identity uint32) {
	if identity == 0 {
		return
	}
	r.attrs.PutInt(key, int64(identity))
	if name, ok := flow.IdentityName(identity); ok {
		r.attrs.PutStr(nameKey, name)
	}
}

func (r *networkRecord) mac(key string, mac [6]byte) {
	from := len(r.builder.Text)
	r.builder.Text = flow.AppendMAC(r.builder.Text, mac)
	r.attrs.PutText(key, from)
}

// number writes a number, nothing when it is 0, which none of these fields has as a value.
func (r *networkRecord) number(key string, v uint32) {
	if v != 0 {
		r.attrs.PutInt(key, int64(v))
	}
}

// id writes an id of 64 bits, nothing when it is 0, which none of these fields has as a value.
func (r *networkRecord) id(key string, v uint64) {
	if v != 0 {
		r.decimal(key, v)
	}
}

// decimal writes a number of 64 bits. It is always a text: pdata has no number for all of them, and the type is the same in every
// record.
func (r *networkRecord) decimal(key string, v uint64) {
	from := len(r.builder.Text)
	r.builder.Text = strconv.AppendUint(r.builder.Text, v, 10)
	r.attrs.PutText(key, from)
}

// networkDirections is indexed by flow.Direction.
var networkDirections = [...]string{"NA", "Inbound", "Outbound"}

// transport writes what was sent: protocol, amount, flags, ICMP message.
func (r *networkRecord) transport() {
	a := r.attrs
	a.PutConst("NetworkDirection", networkDirections[r.Direction])
	if r.IP.Version != 0 {
		if r.Class == flow.ClassPacket || r.L4.Protocol != flow.L4None {
			putName(a, "NetworkProtocol", networkProtocolName(r.IP.Protocol))
		}
		if r.IP.Version == 6 {
			a.PutConst("NetworkProtocolVersion", "IPv6")
		} else {
			a.PutConst("NetworkProtocolVersion", "IPv4")
		}
		if r.IP.Fragment {
			a.PutBool("cilium.ip.fragment", true)
		}
		if r.IP.Encrypted {
			a.PutBool("cilium.encrypted", true)
		}
	}
	// A record's packets all go one way: its source has sent what there is, and its destination nothing.
	switch {
	case r.Aggregate.Count > 1:
		a.PutInt("NetworkBytes", r.Aggregate.Bytes)
		a.PutInt("NetworkPackets", r.Aggregate.Count)
		a.PutInt("SrcBytes", r.Aggregate.Bytes)
		a.PutInt("SrcPackets", r.Aggregate.Count)
	case r.OrigLen != 0:
		a.PutInt("NetworkBytes", int64(r.OrigLen))
		a.PutConstInt("NetworkPackets", 1)
		a.PutInt("SrcBytes", int64(r.OrigLen))
		a.PutConstInt("SrcPackets", 1)
	}
	if r.Primary {
		a.PutBool("cilium.packet.primary", true)
	}
	if r.PrimaryDrop {
		a.PutBool("cilium.drop.primary", true)
	}
	switch r.L4.Protocol {
	case flow.L4TCP:
		if r.L4.HasFlags {
			a.PutConsts(r.tcpFlagAttrs(r.L4.Flags))
		}
	case flow.L4ICMPv4:
		a.PutStr("NetworkIcmpType", networkICMPTypeName(networkICMPv4Types, r.L4.Type))
		a.PutConstInt("NetworkIcmpCode", int64(r.L4.Code))
	case flow.L4ICMPv6:
		a.PutStr("NetworkIcmpType", networkICMPTypeName(networkICMPv6Types, r.L4.Type))
		a.PutConstInt("NetworkIcmpCode", int64(r.L4.Code))
	}
	if r.Problem != flow.ProblemNone {
		a.PutStr("cilium.packet.problem", r.Problem.String()+" "+r.ProblemAt.String())
	}
}

// tcpFlagAttrs gives the attributes of a TCP header's flags.
func (m *Mapper) tcpFlagAttrs(flags uint16) *attrs.ConstAttrs {
	place := 0
	for i, f := range networkTCPFlags {
		if flags&f.flag != 0 {
			place |= 1 << i
		}
	}
	if m.tcpFlags[place] == nil {
		m.tcpFlags[place] = &attrs.ConstAttrs{}
		for _, f := range networkTCPFlags {
			m.tcpFlags[place].Bool(f.key, flags&f.flag != 0)
		}
	}
	return m.tcpFlags[place]
}

// networkTCPFlags are the flags that the schema has.
var networkTCPFlags = [...]struct {
	flag uint16
	key  string
}{
	{flow.TCPAck, "TcpFlagsAck"}, {flow.TCPFin, "TcpFlagsFin"}, {flow.TCPPsh, "TcpFlagsPsh"}, {flow.TCPRst, "TcpFlagsRst"},
	{flow.TCPSyn, "TcpFlagsSyn"}, {flow.TCPUrg, "TcpFlagsUrg"},
}

// decision writes how Cilium came to its verdict, and where.
func (r *networkRecord) decision() {
	a := r.attrs
	if r.Reply != flow.Unknown {
		a.PutConstBool("cilium.is_reply", r.Reply == flow.Yes)
	}
	switch r.Type {
	case monitor.TypeTrace:
		a.PutConst("cilium.trace.observation_point", r.ObservationPoint.String())
		if r.TraceReason != 0 {
			a.PutConst("cilium.trace.reason", r.TraceReason.String())
		}
	case monitor.TypePolicyVerdict:
		a.PutConst("cilium.policy.match_type", r.PolicyMatchName())
		putName(a, "cilium.policy.verdict", networkPolicyActions[r.Verdict])
		r.id("cilium.policy.cookie", r.PolicyCookie)
		if r.AuthType != 0 {
			a.PutStr("cilium.auth_type", r.AuthType.String())
		}
	case monitor.TypeTraceSock:
		r.id("cilium.socket.cookie", r.Socket.Cookie)
		r.id("cilium.cgroup.id", r.Socket.CgroupID)
	case monitor.TypeRecorder:
		a.PutInt("cilium.recorder.rule_id", int64(r.Recorder.RuleID))
	}
	if r.HasFile {
		a.PutConst("cilium.file", r.FileName())
		a.PutInt("cilium.line", int64(r.Line))
	}
	r.number("cilium.proxy_port", r.ProxyPort)
	r.number("cilium.interface.index", r.InterfaceIndex)
	r.id("cilium.ip_trace_id", r.IPTraceID)
}

// networkPolicyActions names a policy verdict as `cilium monitor` does, indexed by flow.Verdict.
var networkPolicyActions = [...]string{
	flow.VerdictForwarded: "allow", flow.VerdictDropped: "deny", flow.VerdictAudit: "audit",
	flow.VerdictRedirected: "redirect", flow.VerdictTranslated: "",
}

// tunnel writes the outside of an encapsulated packet.
func (r *networkRecord) tunnel() {
	t := &r.Tunnel
	if t.Protocol == flow.TunnelNone {
		return
	}
	a := r.attrs
	a.PutConst("cilium.tunnel.protocol", t.Protocol.String())
	a.PutInt("cilium.tunnel.vni", int64(t.VNI))
	if t.IP.Version != 0 {
		a.PutPiece("cilium.tunnel.source.ip", r.address(t.IP.Source))
		a.PutPiece("cilium.tunnel.destination.ip", r.address(t.IP.Destination))
	}
	r.number("cilium.tunnel.source.port", uint32(t.L4.SourcePort))
	r.number("cilium.tunnel.destination.port", uint32(t.L4.DestinationPort))
}

// debug writes a debug message: its text and the arguments behind it.
func (r *networkRecord) debug() {
	a := r.attrs
	from := len(r.builder.Text)
	r.builder.Text = r.Debug.AppendText(r.builder.Text)
	a.PutText("EventMessage", from)
	a.PutInt("cilium.debug.hash", int64(r.Hash))
	a.PutInt("cilium.debug.arg1", int64(r.Debug.Arg1))
	a.PutInt("cilium.debug.arg2", int64(r.Debug.Arg2))
	a.PutInt("cilium.debug.arg3", int64(r.Debug.Arg3))
}

// lost writes how many events were lost, and where.
func (r *networkRecord) lost() {
	r.attrs.PutInt("cilium.lost.count", int64(r.Lost.Count))
	r.attrs.PutConst("cilium.lost.source", r.Lost.Source.String())
}

// raw writes a record that is not decoded.
func (r *networkRecord) raw() {
	from := len(r.builder.Text)
	r.builder.Text = hex.AppendEncode(r.builder.Text, r.Raw)
	r.attrs.PutText("cilium.raw", from)
}
