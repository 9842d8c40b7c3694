// SPDX-License-Identifier: Apache-2.0

// The JSON line that Hubble's exporter writes for an event: api/v1/observer's ExportEvent as protojson renders it with
// proto names, without its random spaces. Fields stand in the order in which flow.proto (Cilium 1.20.1) declares them. It
// is written by hand, because protojson takes ten times as long and Cilium 1.18's types lack the fields of 1.20 (tunnel VNI,
// IP trace id, VRRP, IGMP, SCTP chunk type); a test holds it against protojson.

package flow

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// AppendHubbleJSON appends the exporter's line for the event, without the newline. A flow has no uuid: the agent makes it
// up. Raw events take the form of an agent event of an unknown type, with the record in hexadecimal.
func (f *Flow) AppendHubbleJSON(dst []byte, nodeName string, ts time.Time) []byte {
	w := jsonWriter{b: append(dst, '{')}
	switch f.Class {
	case ClassLost:
		f.lostJSON(&w)
	case ClassDebug:
		f.debugJSON(&w)
	case ClassRaw:
		f.rawJSON(&w)
	default:
		f.flowJSON(&w, nodeName, ts)
	}
	w.text("node_name", nodeName)
	w.time("time", ts)
	return append(w.b, '}')
}

// flowJSON writes flow.Flow.
func (f *Flow) flowJSON(w *jsonWriter, nodeName string, ts time.Time) {
	w.open("flow")
	w.time("time", ts)
	if f.Verdict != VerdictUnknown {
		w.enum("verdict", f.Verdict.String())
	}
	w.number("drop_reason", uint64(f.DropReason))
	if f.AuthType != 0 {
		w.enum("auth_type", f.AuthType.String())
	}
	if f.HasEthernet {
		w.open("ethernet")
		w.key("source")
		w.mac(f.Ethernet.Source)
		w.key("destination")
		w.mac(f.Ethernet.Destination)
		w.close()
	}
	f.IP.json(w)
	f.L4.json(w)
	if f.Tunnel.Protocol != TunnelNone {
		w.open("tunnel")
		w.enum("protocol", f.Tunnel.Protocol.String())
		f.Tunnel.IP.json(w)
		f.Tunnel.L4.json(w)
		w.number("vni", uint64(f.Tunnel.VNI))
		w.close()
	}
	w.open("source")
	w.number("identity", uint64(f.SourceIdentity))
	w.close()
	w.open("destination")
	w.number("identity", uint64(f.DestinationIdentity))
	w.close()
	if f.Class == ClassSocket {
		w.enum("Type", "SOCK")
	} else {
		w.enum("Type", "L3_L4")
	}
	w.text("node_name", nodeName)
	if f.Reply == Yes {
		w.bool("reply", true)
	}
	w.open("event_type")
	w.number("type", uint64(f.Type))
	if f.SubType != 0 {
		w.key("sub_type")
		w.b = strconv.AppendInt(w.b, int64(int32(f.SubType)), 10)
	}
	w.close()
	if f.Direction != DirectionUnknown {
		w.enum("traffic_direction", f.Direction.String())
	}
	w.number("policy_match_type", uint64(f.PolicyMatch))
	if f.ObservationPoint != 0 {
		w.enum("trace_observation_point", f.ObservationPoint.String())
	}
	if f.TraceReason != 0 {
		w.enum("trace_reason", f.TraceReason.String())
	}
	if f.HasFile {
		w.open("file")
		w.text("name", f.FileName())
		w.number("line", uint64(f.Line))
		w.close()
	}
	if f.IPTraceID != 0 {
		w.open("ip_trace_id")
		w.long("trace_id", f.IPTraceID)
		w.close()
	}
	if f.DropReason != 0 {
		w.enum("drop_reason_desc", DropReasonName(f.DropReason))
	}
	if f.Reply != Unknown {
		w.bool("is_reply", f.Reply == Yes)
	}
	if f.CapturePoint != 0 {
		w.enum("debug_capture_point", nameOf(capturePointNames[:], uint64(f.CapturePoint)))
	}
	if f.InterfaceIndex != 0 {
		w.open("interface")
		w.number("index", uint64(f.InterfaceIndex))
		w.close()
	}
	w.number("proxy_port", uint64(f.ProxyPort))
	if f.Class == ClassSocket {
		if f.Socket.Point != 0 {
			w.enum("sock_xlate_point", nameOf(socketPointNames[:], uint64(f.Socket.Point)))
		}
		w.long("socket_cookie", f.Socket.Cookie)
		w.long("cgroup_id", f.Socket.CgroupID)
	}
	if f.Layer != LayerNone || f.Class == ClassSocket {
		w.key("Summary")
		w.b = append(f.AppendSummary(append(w.b, '"')), '"')
	}
	w.close()
}

// json writes flow.IP, nothing when there is none.
func (ip *IP) json(w *jsonWriter) {
	if ip.Version == 0 {
		return
	}
	w.open("IP")
	w.address("source", ip.Source)
	w.address("source_xlated", ip.SourceXlated)
	w.address("destination", ip.Destination)
	if ip.Version == 6 {
		w.enum("ipVersion", "IPv6")
	} else {
		w.enum("ipVersion", "IPv4")
	}
	if ip.Encrypted {
		w.bool("encrypted", true)
	}
	w.close()
}

// tcpFlagOrder is the order in which flow.TCPFlags declares the flags.
var tcpFlagOrder = [...]struct {
	flag uint16
	name string
}{
	{TCPFin, "FIN"}, {TCPSyn, "SYN"}, {TCPRst, "RST"}, {TCPPsh, "PSH"}, {TCPAck, "ACK"}, {TCPUrg, "URG"}, {TCPEce, "ECE"},
	{TCPCwr, "CWR"}, {TCPNs, "NS"},
}

// sctpChunkNames has flow.SCTPChunkType's names by the chunk's number; chunks without one are UNSUPPORTED, the zero value.
var sctpChunkNames = [...]string{1: "INIT", 2: "INIT_ACK", 6: "ABORT", 7: "SHUTDOWN", 8: "SHUTDOWN_ACK", 14: "SHUTDOWN_COMPLETE"}

// json writes flow.Layer4, nothing when there is none.
func (l *L4) json(w *jsonWriter) {
	if l.Protocol == L4None {
		return
	}
	w.open("l4")
	w.open(l.Protocol.String())
	if l.Protocol.HasPorts() {
		w.number("source_port", uint64(l.SourcePort))
		w.number("destination_port", uint64(l.DestinationPort))
	}
	switch l.Protocol {
	case L4TCP:
		if l.HasFlags {
			w.open("flags")
			for _, f := range tcpFlagOrder {
				if l.Flags&f.flag != 0 {
					w.bool(f.name, true)
				}
			}
			w.close()
		}
	case L4SCTP:
		if l.HasChunk && int(l.Type) < len(sctpChunkNames) && sctpChunkNames[l.Type] != "" {
			w.enum("chunk_type", sctpChunkNames[l.Type])
		}
	case L4ICMPv4, L4ICMPv6:
		w.number("type", uint64(l.Type))
		w.number("code", uint64(l.Code))
	case L4VRRP:
		w.number("type", uint64(l.Type))
		w.number("vrid", uint64(l.RouterID))
		w.number("priority", uint64(l.Priority))
	case L4IGMP:
		w.number("type", uint64(l.Type))
		w.address("group_address", l.Group)
	}
	w.close()
	w.close()
}

// debugJSON writes flow.DebugEvent.
func (f *Flow) debugJSON(w *jsonWriter) {
	w.open("debug_event")
	if f.SubType != 0 {
		w.enum("type", monitor.DebugSubTypeName(uint8(f.SubType)))
	}
	if f.EndpointID != 0 {
		w.open("source")
		w.number("ID", uint64(f.EndpointID))
		w.close()
	}
	for _, v := range [...]struct {
		key   string
		value uint32
	}{{"hash", f.Hash}, {"arg1", f.Debug.Arg1}, {"arg2", f.Debug.Arg2}, {"arg3", f.Debug.Arg3}} {
		w.key(v.key)
		w.b = strconv.AppendUint(w.b, uint64(v.value), 10)
	}
	w.key("message")
	w.b = append(f.Debug.AppendText(append(w.b, '"')), '"')
	w.cpu(f.CPU)
	w.close()
}

// lostJSON writes flow.LostEvent.
func (f *Flow) lostJSON(w *jsonWriter) {
	w.open("lost_events")
	if f.Lost.Source != LostUnknown {
		w.enum("source", f.Lost.Source.String())
	}
	w.long("num_events_lost", f.Lost.Count)
	w.cpu(f.CPU)
	if !f.Lost.First.IsZero() {
		w.time("first", f.Lost.First)
	}
	if !f.Lost.Last.IsZero() {
		w.time("last", f.Lost.Last)
	}
	w.close()
}

// rawJSON writes flow.AgentEvent with an unknown notification.
func (f *Flow) rawJSON(w *jsonWriter) {
	w.open("agent_event")
	w.open("unknown")
	w.text("type", f.Type.String())
	w.key("notification")
	w.b = append(hex.AppendEncode(append(w.b, '"'), f.Raw), '"')
	w.close()
	w.close()
}

// jsonWriter appends the members of JSON objects.
type jsonWriter struct {
	b     []byte
	comma bool // a member precedes
}

func (w *jsonWriter) key(name string) {
	if w.comma {
		w.b = append(w.b, ',')
	}
	w.comma = true
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

func (w *jsonWriter) open(name string) {
	w.key(name)
	w.b = append(w.b, '{')
	w.comma = false
}

func (w *jsonWriter) close() {
	w.b = append(w.b, '}')
	w.comma = true
}

// number writes a 32-bit number, nothing when it is 0, as protojson does.
func (w *jsonWriter) number(name string, v uint64) {
	if v == 0 {
		return
	}
	w.key(name)
	w.b = strconv.AppendUint(w.b, v, 10)
}

// long writes a 64-bit number, which protojson quotes, nothing when it is 0.
func (w *jsonWriter) long(name string, v uint64) {
	if v == 0 {
		return
	}
	w.key(name)
	w.b = append(strconv.AppendUint(append(w.b, '"'), v, 10), '"')
}

func (w *jsonWriter) bool(name string, v bool) {
	w.key(name)
	w.b = strconv.AppendBool(w.b, v)
}

// enum writes an enumeration's name, or its number where the name is one.
func (w *jsonWriter) enum(name, value string) {
	w.key(name)
	if value[0] == '-' || value[0] >= '0' && value[0] <= '9' {
		w.b = append(w.b, value...)
		return
	}
	w.b = append(append(append(w.b, '"'), value...), '"')
}

func (w *jsonWriter) mac(mac [6]byte) {
	w.b = append(AppendMAC(append(w.b, '"'), mac), '"')
}

// address writes an address, nothing when it is not known.
func (w *jsonWriter) address(name string, a netip.Addr) {
	if !a.IsValid() {
		return
	}
	w.key(name)
	w.b = append(a.AppendTo(append(w.b, '"')), '"')
}

// cpu writes a CPU's number, nothing when it is not known.
func (w *jsonWriter) cpu(cpu int32) {
	if cpu < 0 {
		return
	}
	w.key("cpu")
	w.b = strconv.AppendInt(w.b, int64(cpu), 10)
}

// time writes a time with 0, 3, 6 or 9 digits of a second's fraction, as protojson does.
func (w *jsonWriter) time(name string, t time.Time) {
	w.key(name)
	w.b = t.UTC().AppendFormat(append(w.b, '"'), "2006-01-02T15:04:05")
	if ns := t.Nanosecond(); ns != 0 {
		digits, unit := 9, 1
		for ns%(unit*1000) == 0 {
			digits, unit = digits-3, unit*1000
		}
		fraction := [...]byte{'0', '0', '0', '0', '0', '0', '0', '0', '0'}
		for i, v := digits-1, ns/unit; i >= 0; i, v = i-1, v/10 {
			fraction[i] = byte('0' + v%10)
		}
		w.b = append(append(w.b, '.'), fraction[:digits]...)
	}
	w.b = append(w.b, 'Z', '"')
}

// text writes a string of unknown content, nothing when it is empty.
func (w *jsonWriter) text(name, s string) {
	if s == "" {
		return
	}
	w.key(name)
	w.b = append(w.b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.b = append(w.b, '\\', byte(r))
		case r < ' ':
			const digits = "0123456789abcdef"
			w.b = append(w.b, '\\', 'u', '0', '0', digits[r>>4], digits[r&0xf])
		default:
			w.b = utf8.AppendRune(w.b, r)
		}
	}
	w.b = append(w.b, '"')
}
