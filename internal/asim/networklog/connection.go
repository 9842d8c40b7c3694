// SPDX-License-Identifier: Apache-2.0

// The record of a connection.

package networklog

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// connectionSources are the attributes that only the record of a connection has.
var connectionSources = []source{
	{"EventSubType", ""},
	{"NetworkSessionId", ""},
	{"NetworkDuration", ""},
	{"NetworkConnectionHistory", "l4.TCP.flags"},
	{"DstBytes", ""},
	{"DstPackets", ""},
	{"DstNatIpAddr", "IP.source_xlated"},
	{"cilium.connection.opener", ""},
	{"cilium.policy.egress.match_type", "policy_match_type"},
	{"cilium.policy.egress.verdict", "verdict"},
	{"cilium.policy.egress.cookie", ""},
	{"cilium.policy.egress.auth_type", "auth_type"},
	{"cilium.policy.ingress.match_type", "policy_match_type"},
	{"cilium.policy.ingress.verdict", "verdict"},
	{"cilium.policy.ingress.cookie", ""},
	{"cilium.policy.ingress.auth_type", "auth_type"},
}

// policyKeys are the attributes of a policy that allowed an outgoing, and an incoming connection.
var policyKeys = [2]struct{ match, verdict, cookie, auth string }{
	{"cilium.policy.egress.match_type", "cilium.policy.egress.verdict", "cilium.policy.egress.cookie", "cilium.policy.egress.auth_type"},
	{"cilium.policy.ingress.match_type", "cilium.policy.ingress.verdict", "cilium.policy.ingress.cookie", "cilium.policy.ingress.auth_type"},
}

// endDetails has EventResultDetails by how a connection ended. The column's list of values is closed.
var endDetails = map[flow.End]string{flow.EndFin: "Terminated", flow.EndRst: "Reset", flow.EndSilence: "Timeout"}

// AppendConnection fills an empty record with a connection. Its time is that of the last event. It has no body. The record shares no memory
// with c.
func (m *Mapper) AppendConnection(lr plog.LogRecord, c *flow.Connection) {
	c = m.replaceConnection(c)
	lr.SetTimestamp(pcommon.NewTimestampFromTime(c.Last))
	lr.SetObservedTimestamp(pcommon.NewTimestampFromTime(c.Received))
	lr.SetSeverityNumber(networkAllowed.severity)
	lr.SetSeverityText(asim.SeverityText(networkAllowed.severity))
	m.builder.Omit(m.mask.omits(flow.ClassPacket, c.L4), nil)
	m.builder.Begin(m.kind(networkKind{protocol: c.L4, connection: true, end: c.End}))
	r := &m.record
	r.attrs, r.uid = m.builder.Main(), uid.ID(c.ID)
	r.session(c)
	r.sides(c)
	r.amounts(c)
	r.policies(c)
	m.builder.Finish(lr.Attributes())
	r.count()
}

// session writes the kind of the record, the times, and how the connection ended.
func (r *networkRecord) session(c *flow.Connection) {
	a := r.attrs
	a.PutConsts(&r.sessionHead)
	a.PutConstInt("EventCount", c.Events)
	a.PutPiece("EventStartTime", r.stamp(c.First))
	a.PutPiece("EventEndTime", r.stamp(c.Last))
	r.identifier()
	details := "NA"
	if c.End.Ended() {
		a.PutConst("EventSubType", "End")
		details = endDetails[c.End]
	}
	a.PutConst("EventOriginalSubType", c.End.String())
	if c.Session != ([16]byte{}) {
		from := len(r.builder.Text)
		r.builder.Text = uid.ID(c.Session).Append(r.builder.Text)
		a.PutText("NetworkSessionId", from)
	}
	const typ = "connection"
	if !r.repeats("cilium.event.type", len(typ), true) {
		a.PutConst("cilium.event.type", typ)
	}
	a.PutConst("EventResult", networkAllowed.result)
	r.closed(details, networkAllowed.eventSeverity)
	a.PutConst("DvcAction", networkAllowed.action)
	r.verdict(networkAllowed.action, flow.VerdictForwarded)
	r.device()
}

// sides writes both sides of the connection.
func (r *networkRecord) sides(c *flow.Connection) {
	a := r.attrs
	for _, side := range [...]struct {
		*flow.Side
		key, address, nat, port string
		identity                *identityKeys
		names                   *nameKeys
	}{
		{&c.Source, "Src", "SrcIpAddr", "SrcNatIpAddr", "SrcPortNumber", &sourceIdentity, &sourceNames},
		{&c.Destination, "Dst", "DstIpAddr", "DstNatIpAddr", "DstPortNumber", &destinationIdentity, &destinationNames},
	} {
		r.end(side.key, side.address, side.Address)
		if side.Translated.IsValid() {
			a.PutPiece(side.nat, r.address(side.Translated))
		}
		r.number(side.port, uint32(side.Port))
		r.identity(side.identity, side.Identity)
		r.names(side.names, side.Endpoint, side.Service)
	}
	if !c.Opened {
		a.PutConst("cilium.connection.opener", "unknown")
	}
	direction := networkDirections[flow.DirectionUnknown]
	switch {
	case c.Egress && c.Ingress: // both ends are endpoints of this node
		direction = "Local"
	case c.Egress:
		direction = networkDirections[flow.DirectionEgress]
	case c.Ingress:
		direction = networkDirections[flow.DirectionIngress]
	}
	r.direction(direction)
}

// amounts writes the protocol, what was sent, and for how long.
func (r *networkRecord) amounts(c *flow.Connection) {
	a := r.attrs
	putName(a, "NetworkProtocol", networkProtocolName(c.Protocol))
	r.version(c.IPVersion)
	if c.Packets() > 0 {
		a.PutInt("NetworkBytes", c.Bytes())
		a.PutInt("NetworkPackets", c.Packets())
		a.PutInt("SrcBytes", c.Source.Bytes)
		a.PutInt("SrcPackets", c.Source.Packets)
		a.PutInt("DstBytes", c.Destination.Bytes)
		a.PutInt("DstPackets", c.Destination.Packets)
		a.PutConstBool("cilium.packet.primary", true)
	}
	a.PutInt("NetworkDuration", min(c.Last.Sub(c.First).Milliseconds(), maxDuration))
	switch c.L4 {
	case flow.L4TCP:
		a.PutPiece("NetworkConnectionHistory", r.history(c))
		if set := c.Source.Flags | c.Destination.Flags; !r.repeats("TcpFlagsAck", len(networkTCPFlags)*len("true"), true) {
			r.tcpFlags(set)
		}
	case flow.L4ICMPv4, flow.L4ICMPv6:
		r.icmp(c.L4, c.Type, c.Code)
	}
}

// maxDuration is the largest number of milliseconds in NetworkDuration, a column of 32 bits.
const maxDuration = 1<<31 - 1

// historyLetters are the flags in the order in which a connection usually shows them, with their letters: upper case for the source's.
var historyLetters = [...]struct {
	flag           uint16
	source, target byte
}{
	{flow.TCPSyn, 'S', 's'}, {flow.TCPAck, 'A', 'a'}, {flow.TCPPsh, 'P', 'p'}, {flow.TCPUrg, 'U', 'u'}, {flow.TCPFin, 'F', 'f'},
	{flow.TCPRst, 'R', 'r'},
}

// history appends the TCP flags of both sides to the text: "SAPFsapf".
func (r *networkRecord) history(c *flow.Connection) attrs.Piece {
	from := len(r.builder.Text)
	for _, l := range historyLetters {
		if c.Source.Flags&l.flag != 0 {
			r.builder.Text = append(r.builder.Text, l.source)
		}
	}
	for _, l := range historyLetters {
		if c.Destination.Flags&l.flag != 0 {
			r.builder.Text = append(r.builder.Text, l.target)
		}
	}
	return r.builder.Since(from)
}

// policies writes why the connection was allowed, and where it went.
func (r *networkRecord) policies(c *flow.Connection) {
	a := r.attrs
	for i, p := range c.Policies {
		if !p.Known {
			continue
		}
		keys := &policyKeys[i]
		a.PutConst(keys.match, flow.PolicyMatchText(p.Match))
		verdict := networkPolicyActions[flow.VerdictForwarded]
		if p.Redirect {
			verdict = networkPolicyActions[flow.VerdictRedirected]
		}
		if !r.repeats(keys.verdict, len(verdict), !p.Redirect) {
			a.PutConst(keys.verdict, verdict)
		}
		if p.Cookie != 0 {
			r.decimal(keys.cookie, uint64(p.Cookie))
		}
		if p.Auth != 0 {
			a.PutStr(keys.auth, p.AuthName())
		}
	}
	r.number("cilium.proxy_port", uint32(c.ProxyPort))
	if c.Encrypted {
		a.PutBool("cilium.encrypted", true)
	}
	if c.Tunnel != flow.TunnelNone {
		a.PutConst("cilium.tunnel.protocol", c.Tunnel.String())
	}
}
