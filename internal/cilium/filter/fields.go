// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml/ipnet"
)

// rule is a Rule made ready: all conditions must hold.
type rule []condition

// condition is one key of a rule.
type condition func(*flow.Flow) bool

// field is a key of rules: its name, and how its values become a condition, which is how they are read and what of a flow they are
// compared with.
type field struct {
	name    string
	compile func(values []string) (condition, error)
}

// fields are the keys of rules.
func fields() []field {
	return slices.Concat(eventFields(), namedFields(source), namedFields(destination))
}

// eventFields are the keys that an event itself answers. A new key is a row here.
func eventFields() []field {
	return []field{
		{"verdict", oneOf(named(verdicts[:]), func(f *flow.Flow) (flow.Verdict, bool) { return f.Verdict, true })},
		{"event_type", eventTypes},
		{"source_ip", within(func(f *flow.Flow) netip.Addr { return f.IP.Source })},
		{"destination_ip", within(func(f *flow.Flow) netip.Addr { return f.IP.Destination })},
		{"source_ip_xlated", within(func(f *flow.Flow) netip.Addr { return f.IP.SourceXlated })},
		{"source_port", oneOf(number[uint16], func(f *flow.Flow) (uint16, bool) { return f.L4.SourcePort, f.L4.Protocol.HasPorts() })},
		{"destination_port", oneOf(number[uint16], func(f *flow.Flow) (uint16, bool) { return f.L4.DestinationPort, f.L4.Protocol.HasPorts() })},
		{"protocol", oneOf(protocol, func(f *flow.Flow) (flow.L4Protocol, bool) { return f.L4.Protocol, true })},
		{"source_identity", oneOf(number[uint32], func(f *flow.Flow) (uint32, bool) { return f.SourceIdentity, true })},
		{"destination_identity", oneOf(number[uint32], func(f *flow.Flow) (uint32, bool) { return f.DestinationIdentity, true })},
		{"drop_reason_desc", oneOf(dropReason, func(f *flow.Flow) (uint32, bool) { return f.DropReason, f.Verdict == flow.VerdictDropped })},
		{"traffic_direction", oneOf(named(directions[:]), func(f *flow.Flow) (flow.Direction, bool) { return f.Direction, true })},
		// A drop is no reply.
		{"reply", oneOf(truth, func(f *flow.Flow) (bool, bool) {
			return f.Reply == flow.Yes, f.Reply != flow.Unknown || f.Verdict == flow.VerdictDropped
		})},
		{"ip_version", oneOf(named(versions[:]), func(f *flow.Flow) (version, bool) { return version(f.IP.Version), true })},
	}
}

// parseAll reads values, of which each may stand for several.
func parseAll[T any](texts []string, parse func(string) ([]T, error)) ([]T, error) {
	var values []T
	for _, text := range texts {
		some, err := parse(text)
		if err != nil {
			return nil, err
		}
		values = append(values, some...)
	}
	return values, nil
}

// oneOf matches flows that have one of the values. parse reads a value. read gives a flow's value, and reports whether it has one.
func oneOf[T comparable](parse func(string) ([]T, error), read func(*flow.Flow) (T, bool)) func([]string) (condition, error) {
	return func(texts []string) (condition, error) {
		values, err := parseAll(texts, parse)
		return contains(values, read), err
	}
}

// contains is the condition of oneOf. It stands alone since its closure is slower inside another one.
func contains[T comparable](values []T, read func(*flow.Flow) (T, bool)) condition {
	return func(f *flow.Flow) bool {
		v, ok := read(f)
		return ok && isFlow(f) && slices.Contains(values, v)
	}
}

// within matches flows with an address that is one of the list, or in one of its networks. The address is invalid where a flow has none.
func within(read func(*flow.Flow) netip.Addr) func([]string) (condition, error) {
	return func(texts []string) (condition, error) {
		networks, err := parseAll(texts, network)
		return func(f *flow.Flow) bool {
			a := read(f)
			return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(a) })
		}, err
	}
}

// version is an IP version by its name.
type version uint8

func (v version) String() string { return "IPv" + strconv.Itoa(int(v)) }

// The values that have names.
var (
	verdicts = [...]flow.Verdict{
		flow.VerdictUnknown, flow.VerdictForwarded, flow.VerdictDropped, flow.VerdictError, flow.VerdictAudit, flow.VerdictRedirected,
		flow.VerdictTraced, flow.VerdictTranslated,
	}
	directions = [...]flow.Direction{flow.DirectionUnknown, flow.DirectionIngress, flow.DirectionEgress}
	versions   = [...]version{4, 6}
)

// named reads the name of one of the values, in any case.
func named[T fmt.Stringer](known []T) func(string) ([]T, error) {
	return func(name string) ([]T, error) {
		i := slices.IndexFunc(known, func(v T) bool { return strings.EqualFold(v.String(), name) })
		if i < 0 {
			var want []string
			for _, v := range known {
				want = append(want, v.String())
			}
			return nil, fmt.Errorf("%q: want one of %s", name, strings.Join(want, ", "))
		}
		return known[i : i+1], nil
	}
}

// network reads an address or a network.
func network(text string) ([]netip.Prefix, error) {
	n, err := ipnet.Parse(text)
	return []netip.Prefix{n}, err
}

// number reads a decimal number.
func number[T uint16 | uint32](text string) ([]T, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if greatest := ^T(0); err != nil || n > uint64(greatest) {
		return nil, fmt.Errorf("%q is not allowed; want a whole number from 0 to %d", text, greatest)
	}
	return []T{T(n)}, nil
}

// truth reads true or false.
func truth(text string) ([]bool, error) {
	if text != "true" && text != "false" {
		return nil, fmt.Errorf("%q is not allowed; want true or false", text)
	}
	return []bool{text == "true"}, nil
}

// l4Protocols has Hubble's names of protocols.
var l4Protocols = map[string][]flow.L4Protocol{
	"tcp": {flow.L4TCP}, "udp": {flow.L4UDP}, "sctp": {flow.L4SCTP}, "icmp": {flow.L4ICMPv4, flow.L4ICMPv6},
	"icmpv4": {flow.L4ICMPv4}, "icmpv6": {flow.L4ICMPv6}, "vrrp": {flow.L4VRRP}, "igmp": {flow.L4IGMP},
}

// protocol reads the name of a protocol, in any case.
func protocol(name string) ([]flow.L4Protocol, error) {
	p, ok := l4Protocols[strings.ToLower(name)]
	if !ok {
		return nil, fmt.Errorf("%q: want one of tcp, udp, sctp, icmp, icmpv4, icmpv6, vrrp, igmp", name)
	}
	return p, nil
}

// dropReason reads the name of a drop reason, in any case.
func dropReason(name string) ([]uint32, error) {
	for reason := uint32(0); reason < 256; reason++ {
		if strings.EqualFold(flow.DropReasonName(reason), name) {
			return []uint32{reason}, nil
		}
	}
	return nil, fmt.Errorf("%q: want a drop reason of Cilium's, such as POLICY_DENIED", name)
}

// eventType is a message type, with a sub type where the rule has one.
type eventType struct {
	typ    monitor.MessageType
	hasSub bool
	sub    uint32
}

// eventTypes matches a type, or a type and a sub type. Events that are no flows match no other condition, but one that labels are missing.
func eventTypes(texts []string) (condition, error) {
	values, err := parseAll(texts, parseEventType)
	return func(f *flow.Flow) bool {
		return slices.ContainsFunc(values, func(v eventType) bool {
			return v.typ == f.Type && (!v.hasSub || v.sub == f.SubType)
		})
	}, err
}

// parseEventType reads "trace", "trace:to-stack", "drop:133" or "4:3".
func parseEventType(text string) ([]eventType, error) {
	name, sub, hasSub := strings.Cut(text, ":")
	v := eventType{hasSub: hasSub}
	number, err := strconv.ParseUint(name, 10, 8)
	if v.typ = monitor.MessageType(number); err != nil {
		typ := 0
		for ; typ < 256 && !strings.EqualFold(monitor.MessageType(typ).String(), name); typ++ {
		}
		if typ == 256 {
			return nil, fmt.Errorf("%q: want drop, debug, capture, trace, policy-verdict, recorder, trace-sock, pktmon-drop, l7, agent or a number, "+
				"and optionally a colon and a sub type", text)
		}
		v.typ = monitor.MessageType(typ)
	}
	if !hasSub {
		return []eventType{v}, nil
	}
	if number, err := strconv.ParseUint(sub, 10, 32); err == nil {
		v.sub = uint32(number)
		return []eventType{v}, nil
	}
	for v.sub = 0; v.sub < 256; v.sub++ {
		f := flow.Flow{Type: v.typ, SubType: v.sub}
		if name := f.SubTypeName(); name != "" && strings.EqualFold(name, sub) {
			return []eventType{v}, nil
		}
	}
	return nil, fmt.Errorf("%q: %s has no sub type %q; want one such as trace:to-stack, or its number", text, v.typ, sub)
}
