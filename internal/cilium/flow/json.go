// SPDX-License-Identifier: Apache-2.0

// The JSON line that Hubble's exporter writes for an event: api/v1/observer's ExportEvent as protojson renders it with proto names,
// without its random spaces. The code writes it without protojson, which takes ten times as long. Cilium 1.18's types also lack the
// fields of 1.20 (tunnel VNI, IP trace id, VRRP, IGMP, SCTP chunk type). A test holds it against protojson.

package flow

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// AppendHubbleJSON appends the exporter's line for the event, without the newline. A flow has no uuid, because the agent makes it up.
// A raw event takes the form of an agent event of an unknown type, with the record in hexadecimal.
func (f *Flow) AppendHubbleJSON(dst []byte, nodeName string, ts time.Time) []byte {
	return f.appendJSON(dst, flowWriters, export{nodeName, ts})
}

// appendJSON appends the exporter's line, with the fields of the flow that the writers write.
func (f *Flow) appendJSON(dst []byte, writers []fieldWriter, e export) []byte {
	w := object(append(dst, '{'))
	switch f.Class {
	case ClassLost:
		w = f.lostJSON(w)
	case ClassDebug:
		w = f.debugJSON(w)
	case ClassRaw:
		w = f.rawJSON(w)
	default:
		w = w.open("flow")
		for _, write := range writers {
			w = write(f, w, e)
		}
		w = w.close()
	}
	return w.text("node_name", e.node).time("time", e.at).close()
}

// fieldWriter appends a field of a flow where the flow has it.
type fieldWriter func(f *Flow, w object, e export) object

// flowWriters are the functions that write flow.Flow.
var flowWriters = writersOf(func(string) bool { return true })

// writersOf returns the functions that write the fields that are wanted.
func writersOf(wanted func(name string) bool) (writers []fieldWriter) {
	for _, f := range flowFields {
		if f.json != nil && wanted(f.name) {
			writers = append(writers, f.json)
		}
	}
	return writers
}

// json writes flow.IP, nothing when there is none.
func (ip *IP) json(w object) object {
	if ip.Version == 0 {
		return w
	}
	w = w.open("IP").address("source", ip.Source).address("source_xlated", ip.SourceXlated).address("destination", ip.Destination)
	if ip.Version == 6 {
		w = w.enum("ipVersion", "IPv6")
	} else {
		w = w.enum("ipVersion", "IPv4")
	}
	if ip.Encrypted {
		w = w.bool("encrypted", true)
	}
	return w.close()
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
func (l *L4) json(w object) object {
	if l.Protocol == L4None {
		return w
	}
	w = w.open("l4").open(l.Protocol.String())
	if l.Protocol.HasPorts() {
		w = w.number("source_port", uint64(l.SourcePort)).number("destination_port", uint64(l.DestinationPort))
	}
	switch l.Protocol {
	case L4TCP:
		if l.HasFlags {
			w = w.open("flags")
			for _, f := range tcpFlagOrder {
				if l.Flags&f.flag != 0 {
					w = w.bool(f.name, true)
				}
			}
			w = w.close()
		}
	case L4SCTP:
		if l.HasChunk && int(l.Type) < len(sctpChunkNames) && sctpChunkNames[l.Type] != "" {
			w = w.enum("chunk_type", sctpChunkNames[l.Type])
		}
	case L4ICMPv4, L4ICMPv6:
		w = w.number("type", uint64(l.Type)).number("code", uint64(l.Code))
	case L4VRRP:
		w = w.number("type", uint64(l.Type)).number("vrid", uint64(l.RouterID)).number("priority", uint64(l.Priority))
	case L4IGMP:
		w = w.number("type", uint64(l.Type)).address("group_address", l.Group)
	}
	return w.close().close()
}

// debugJSON writes flow.DebugEvent.
func (f *Flow) debugJSON(w object) object {
	w = w.open("debug_event")
	if f.SubType != 0 {
		w = w.enum("type", monitor.DebugSubTypeName(uint8(f.SubType)))
	}
	if f.EndpointID != 0 {
		w = w.open("source").number("ID", uint64(f.EndpointID)).close()
	}
	for _, v := range [...]struct {
		key   string
		value uint32
	}{{"hash", f.Hash}, {"arg1", f.Debug.Arg1}, {"arg2", f.Debug.Arg2}, {"arg3", f.Debug.Arg3}} {
		if !f.Debug.Hidden || v.key == "hash" {
			w = strconv.AppendUint(w.key(v.key), uint64(v.value), 10)
		}
	}
	w = append(f.Debug.AppendText(append(w.key("message"), '"')), '"')
	return w.cpu(f.CPU).close()
}

// lostJSON writes flow.LostEvent.
func (f *Flow) lostJSON(w object) object {
	w = w.open("lost_events")
	if f.Lost.Source != LostUnknown {
		w = w.enum("source", f.Lost.Source.String())
	}
	w = w.long("num_events_lost", f.Lost.Count).cpu(f.CPU)
	if !f.Lost.First.IsZero() {
		w = w.time("first", f.Lost.First)
	}
	if !f.Lost.Last.IsZero() {
		w = w.time("last", f.Lost.Last)
	}
	return w.close()
}

// rawJSON writes flow.AgentEvent with an unknown notification.
func (f *Flow) rawJSON(w object) object {
	w = w.open("agent_event").open("unknown").text("type", f.Type.String())
	w = append(hex.AppendEncode(append(w.key("notification"), '"'), f.Raw), '"')
	return w.close().close()
}

// object is JSON up to somewhere in an object. Each method appends a member and returns what it appended to.
type object []byte

func (w object) key(name string) object {
	if w[len(w)-1] != '{' {
		w = append(w, ',')
	}
	w = append(w, '"')
	w = append(w, name...)
	return append(w, '"', ':')
}

// open begins a member that is an object. close ends it.
func (w object) open(name string) object { return append(w.key(name), '{') }

func (w object) close() object { return append(w, '}') }

// number writes a 32-bit number, nothing when it is 0, as protojson does.
func (w object) number(name string, v uint64) object {
	if v == 0 {
		return w
	}
	return strconv.AppendUint(w.key(name), v, 10)
}

// long writes a 64-bit number, which protojson quotes, nothing when it is 0.
func (w object) long(name string, v uint64) object {
	if v == 0 {
		return w
	}
	return append(strconv.AppendUint(append(w.key(name), '"'), v, 10), '"')
}

func (w object) bool(name string, v bool) object { return strconv.AppendBool(w.key(name), v) }

// enum writes an enumeration's name, or its number where the name is one.
func (w object) enum(name, value string) object {
	w = w.key(name)
	if value[0] == '-' || value[0] >= '0' && value[0] <= '9' {
		return append(w, value...)
	}
	return append(append(append(w, '"'), value...), '"')
}

func (w object) mac(name string, mac [6]byte) object {
	return append(AppendMAC(append(w.key(name), '"'), mac), '"')
}

// address writes an address, nothing when it is not known.
func (w object) address(name string, a netip.Addr) object {
	if !a.IsValid() {
		return w
	}
	return append(a.AppendTo(append(w.key(name), '"')), '"')
}

// escape writes an escape of a character below U+10000.
func (w object) escape(r rune) object {
	const digits = "0123456789abcdef"
	return append(w, '\\', 'u', digits[r>>12&0xf], digits[r>>8&0xf], digits[r>>4&0xf], digits[r&0xf])
}

// cpu writes a CPU's number, nothing when it is not known.
func (w object) cpu(cpu int32) object {
	if cpu < 0 {
		return w
	}
	return strconv.AppendInt(w.key("cpu"), int64(cpu), 10)
}

// time writes a time with 0, 3, 6 or 9 digits of a second's fraction, as protojson does.
func (w object) time(name string, t time.Time) object {
	w = t.UTC().AppendFormat(append(w.key(name), '"'), "2006-01-02T15:04:05")
	if ns := t.Nanosecond(); ns != 0 {
		digits, unit := 9, 1
		for ns%(unit*1000) == 0 {
			digits, unit = digits-3, unit*1000
		}
		fraction := [...]byte{'0', '0', '0', '0', '0', '0', '0', '0', '0'}
		for i, v := digits-1, ns/unit; i >= 0; i, v = i-1, v/10 {
			fraction[i] = byte('0' + v%10)
		}
		w = append(append(w, '.'), fraction[:digits]...)
	}
	return append(w, 'Z', '"')
}

// text writes a string of unknown content, nothing when it is empty.
func (w object) text(name, s string) object {
	if s == "" {
		return w
	}
	return w.key(name).quoted(s)
}

// quoted writes a string of unknown content. What could fool a reader is escaped.
func (w object) quoted(s string) object {
	w = append(w, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w = append(w, '\\', byte(r))
		case r < ' ' || r >= 0x7f && printable.Hides(r):
			if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
				w, r = w.escape(high), low
			}
			w = w.escape(r)
		default:
			w = utf8.AppendRune(w, r)
		}
	}
	return append(w, '"')
}
