// SPDX-License-Identifier: Apache-2.0

// The line that `hubble observe` prints for an event in its default (compact) format: hubble/pkg/printer, Cilium 1.20.1.

package flow

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// AppendLine appends the line that `hubble observe` (debug and raw events: `hubble observe debug-events`, `agent-events`)
// prints for the event at a time, in UTC and without the newline.
func (f *Flow) AppendLine(dst []byte, ts time.Time) []byte {
	dst = appendStamp(dst, ts)
	switch f.Class {
	case ClassLost:
		return f.appendLostLine(append(dst, ' '))
	case ClassDebug:
		return f.appendDebugLine(append(dst, ": "...))
	case ClassRaw:
		return f.appendRawLine(append(dst, ": "...))
	}
	return f.appendFlowLine(append(dst, ": "...), f, allLineFields.of(f.Type))
}

// appendStamp appends a time in the form of time.StampMilli, in UTC: "Mar  4 05:06:21.016".
func appendStamp(dst []byte, t time.Time) []byte {
	t = t.UTC()
	_, month, day := t.Date()
	hour, minute, second := t.Clock()
	milli := t.Nanosecond() / 1e6
	two := func(n int) (tens, ones byte) { return byte('0' + n/10), byte('0' + n%10) }
	d1, d0 := two(day)
	if day < 10 {
		d1 = ' '
	}
	h1, h0 := two(hour)
	m1, m0 := two(minute)
	s1, s0 := two(second)
	f1, f0 := two(milli % 100)
	dst = append(dst, month.String()[:3]...)
	return append(dst, ' ', d1, d0, ' ', h1, h0, ':', m1, m0, ':', s1, s0, '.', byte('0'+milli/100), f1, f0)
}

// appendFlowLine appends the line after the time. summary is the flow whose packet it summarizes; under a mask it is not f. fields are the
// fields of the notification that the line shows.
func (f *Flow) appendFlowLine(dst []byte, summary *Flow, fields []*Field) []byte {
	// For a reply Hubble prints the ends in the connection's order and turns the arrow round.
	first, second := end{f, false}, end{f, true}
	arrow := " -> "
	switch f.Reply {
	case Unknown:
		arrow = " <> "
	case Yes:
		first, second = second, first
		arrow = " <- "
	}
	dst = first.append(dst)
	dst = append(dst, arrow...)
	dst = second.append(dst)
	dst = f.AppendType(append(dst, ' '))
	dst = append(append(dst, ' '), f.verdictText()...)
	dst = append(dst, " ("...)
	for _, field := range fields {
		if field.Head != "" && field.has(f) {
			dst = append(field.append(append(dst, field.Head...), f), "; "...)
		}
	}
	dst = summary.AppendSummary(dst)
	for _, field := range fields {
		if field.Tail != "" && field.has(f) {
			dst = field.append(append(dst, field.Tail...), f)
		}
	}
	return append(dst, ')')
}

// end is the source or the destination of a flow.
type end struct {
	flow        *Flow
	destination bool
}

// append appends "10.0.0.1:443 (ID:1001)", with the pod or the service in place of the address where one is known: "shop/cart-7d9f:443". Without
// an IP header it appends the Ethernet address, without that no address.
func (e end) append(dst []byte) []byte {
	f := e.flow
	address, port, mac, identity := f.IP.Source, f.L4.SourcePort, f.Ethernet.Source, f.SourceIdentity
	if e.destination {
		address, port, mac, identity = f.IP.Destination, f.L4.DestinationPort, f.Ethernet.Destination, f.DestinationIdentity
	}
	var namespace, name string
	if f.Ends != (Ends{}) {
		if e.destination {
			namespace, name = f.hidden.destination.name(f.Destination, f.DestinationService)
		} else {
			namespace, name = f.hidden.source.name(f.Source, f.SourceService)
		}
	}
	if !f.L4.Protocol.HasPorts() { // a socket event may have a port and no known protocol
		port = 0
	}
	switch {
	case f.IP.Version != 0 && name != "":
		dst = appendPlace(dst, namespace, name, port)
	case f.IP.Version != 0:
		dst = appendHost(dst, address, port)
	case f.HasEthernet:
		dst = AppendMAC(dst, mac)
	}
	dst = append(dst, " ("...)
	if name, ok := IdentityName(identity); ok {
		dst = append(dst, name...)
	} else {
		dst = strconv.AppendUint(append(dst, "ID:"...), uint64(identity), 10)
	}
	return append(dst, ')')
}

// appendHost appends an address, and the port when there is one. An IPv6 address with a port is in brackets.
func appendHost(dst []byte, address netip.Addr, port uint16) []byte {
	if port == 0 {
		return appendAddress(dst, address)
	}
	if address.Is6() {
		dst = append(appendAddress(append(dst, '['), address), ']')
	} else {
		dst = appendAddress(dst, address)
	}
	return strconv.AppendUint(append(dst, ':'), uint64(port), 10)
}

// appendPlace appends a name in its namespace, and the port when there is one. What could fool a reader is escaped: names may come from a file.
func appendPlace(dst []byte, namespace, name string, port uint16) []byte {
	if namespace != "" {
		dst = append(printable.Append(dst, namespace), '/')
	}
	dst = printable.Append(dst, name)
	if port == 0 {
		return dst
	}
	return strconv.AppendUint(append(dst, ':'), uint64(port), 10)
}

// appendAddress appends an address, nothing when it is not known.
func appendAddress(dst []byte, address netip.Addr) []byte {
	if !address.IsValid() {
		return dst
	}
	return address.AppendTo(dst)
}

// AppendMAC appends a MAC address as colon-separated lower-case hexadecimal.
func AppendMAC(dst []byte, mac [6]byte) []byte {
	const digits = "0123456789abcdef"
	for i, b := range mac {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, digits[b>>4], digits[b&0xf])
	}
	return dst
}

// AppendType appends the flow's type as Hubble prints it: a trace's observation point, a drop's reason, "policy-verdict:L3-L4 INGRESS", the point
// of a capture or a socket translation; UNKNOWN for a type that Hubble does not have.
func (f *Flow) AppendType(dst []byte) []byte {
	switch f.Type {
	case monitor.TypePolicyVerdict:
		dst = append(append(dst, "policy-verdict:"...), f.PolicyMatchName()...)
		return append(append(dst, ' '), f.Direction.String()...)
	case monitor.TypeTraceSock:
		if f.SubType >= uint32(len(socketPointLabels)) {
			return append(dst, socketPointLabels[0]...)
		}
		return append(dst, f.SubTypeName()...)
	case monitor.TypeTrace, monitor.TypeDrop, monitor.TypeCapture:
		return append(dst, f.SubTypeName()...)
	}
	return append(dst, "UNKNOWN"...)
}

// verdictText returns the verdict as Hubble prints it: for a policy verdict ALLOWED, DENIED or AUDITED.
func (f *Flow) verdictText() string {
	if f.Type == monitor.TypePolicyVerdict {
		switch f.Verdict {
		case VerdictForwarded, VerdictRedirected:
			return "ALLOWED"
		case VerdictDropped:
			return "DENIED"
		case VerdictAudit:
			return "AUDITED"
		}
	}
	return f.Verdict.String()
}

// appendDebugLine appends "ID: 10 DBG_CT_VERDICT MARK: 0x1f CPU: 01 (CT verdict: New, revnat=0)".
func (f *Flow) appendDebugLine(dst []byte) []byte {
	if f.EndpointID == 0 {
		dst = append(dst, "N/A"...)
	} else {
		dst = strconv.AppendUint(append(dst, "ID: "...), uint64(f.EndpointID), 10)
	}
	dst = append(append(dst, ' '), f.SubTypeName()...)
	dst = strconv.AppendUint(append(dst, " MARK: 0x"...), uint64(f.Hash), 16)
	dst = append(dst, " CPU: "...)
	switch {
	case f.CPU < 0:
		dst = append(dst, "N/A"...)
	case f.CPU < 10:
		dst = append(dst, '0', byte('0'+f.CPU))
	default:
		dst = strconv.AppendInt(dst, int64(f.CPU), 10)
	}
	dst = f.Debug.AppendText(append(dst, " ("...))
	return append(dst, ')')
}

// appendLostLine appends "EVENTS LOST: PERF_EVENT_RING_BUFFER CPU(0) 7 (first: …, last: …)".
func (f *Flow) appendLostLine(dst []byte) []byte {
	dst = append(append(dst, "EVENTS LOST: "...), f.Lost.Source.String()...)
	dst = strconv.AppendInt(append(dst, " CPU("...), int64(max(f.CPU, 0)), 10)
	dst = strconv.AppendUint(append(dst, ") "...), f.Lost.Count, 10)
	if f.Lost.First.IsZero() || f.Lost.Last.IsZero() {
		return dst
	}
	dst = appendStamp(append(dst, " (first: "...), f.Lost.First)
	dst = appendStamp(append(dst, ", last: "...), f.Lost.Last)
	return append(dst, ')')
}

// appendRawLine appends a record that is not decoded, as Hubble prints an agent event of an unknown type.
func (f *Flow) appendRawLine(dst []byte) []byte {
	dst = append(append(dst, "AGENT_EVENT_UNKNOWN (type: "...), f.Type.String()...)
	dst = hex.AppendEncode(append(dst, ", notification: "...), f.Raw)
	return append(dst, ')')
}
