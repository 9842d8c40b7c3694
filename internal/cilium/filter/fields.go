// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
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

// compile makes the rule ready. Its error names the key.
func (r *Rule) compile() (rule, error) {
	var compiled rule
	var errs []error
	add := func(key string, c condition, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		} else if c != nil {
			compiled = append(compiled, c)
		}
	}
	c, err := anyOf(r.Verdict, verdicts[:], func(f *flow.Flow) (flow.Verdict, bool) { return f.Verdict, true })
	add("verdict", c, err)
	c, err = eventTypes(r.EventType)
	add("event_type", c, err)
	c, err = addresses(r.SourceIP, func(f *flow.Flow) netip.Addr { return f.IP.Source })
	add("source_ip", c, err)
	c, err = addresses(r.DestinationIP, func(f *flow.Flow) netip.Addr { return f.IP.Destination })
	add("destination_ip", c, err)
	c, err = addresses(r.SourceIPXlated, func(f *flow.Flow) netip.Addr { return f.IP.SourceXlated })
	add("source_ip_xlated", c, err)
	add("source_port", numbers(r.SourcePort, func(f *flow.Flow) (uint16, bool) { return f.L4.SourcePort, f.L4.Protocol.HasPorts() }), nil)
	add("destination_port", numbers(r.DestinationPort, func(f *flow.Flow) (uint16, bool) { return f.L4.DestinationPort, f.L4.Protocol.HasPorts() }), nil)
	c, err = protocols(r.Protocol)
	add("protocol", c, err)
	add("source_identity", numbers(r.SourceIdentity, func(f *flow.Flow) (uint32, bool) { return f.SourceIdentity, true }), nil)
	add("destination_identity", numbers(r.DestinationIdentity, func(f *flow.Flow) (uint32, bool) { return f.DestinationIdentity, true }), nil)
	c, err = dropReasons(r.DropReasonDesc)
	add("drop_reason_desc", c, err)
	c, err = anyOf(r.TrafficDirection, directions[:], func(f *flow.Flow) (flow.Direction, bool) { return f.Direction, true })
	add("traffic_direction", c, err)
	add("reply", numbers(r.Reply, func(f *flow.Flow) (bool, bool) {
		return f.Reply == flow.Yes, f.Reply != flow.Unknown || f.Verdict == flow.VerdictDropped
	}), nil)
	c, err = anyOf(r.IPVersion, versions[:], func(f *flow.Flow) (version, bool) { return version(f.IP.Version), true })
	add("ip_version", c, err)
	if len(compiled) == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("it has no key; a rule wants one at least"))
	}
	return compiled, errors.Join(errs...)
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

// numbers matches one of the values; nil where there is none. of reports whether the event has the value at all.
func numbers[T comparable](values []T, of func(*flow.Flow) (T, bool)) condition {
	if len(values) == 0 {
		return nil
	}
	return func(f *flow.Flow) bool {
		v, ok := of(f)
		return ok && isFlow(f) && slices.Contains(values, v)
	}
}

// anyOf matches one of the values with these names, in any case.
func anyOf[T interface {
	comparable
	fmt.Stringer
}](names []string, known []T, of func(*flow.Flow) (T, bool)) (condition, error) {
	var values []T
	for _, name := range names {
		i := slices.IndexFunc(known, func(v T) bool { return strings.EqualFold(v.String(), name) })
		if i < 0 {
			var want []string
			for _, v := range known {
				want = append(want, v.String())
			}
			return nil, fmt.Errorf("%q: want one of %s", name, strings.Join(want, ", "))
		}
		values = append(values, known[i])
	}
	return numbers(values, of), nil
}

// addresses matches an address that is one of the list, or in one of its networks.
func addresses(list []string, of func(*flow.Flow) netip.Addr) (condition, error) {
	if len(list) == 0 {
		return nil, nil
	}
	var networks []netip.Prefix
	for _, text := range list {
		network, err := ipnet.Parse(text)
		if err != nil {
			return nil, err
		}
		networks = append(networks, network)
	}
	return func(f *flow.Flow) bool {
		a := of(f)
		return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(a) })
	}, nil
}

// l4Protocols has Hubble's names of protocols.
var l4Protocols = map[string][]flow.L4Protocol{
	"tcp": {flow.L4TCP}, "udp": {flow.L4UDP}, "sctp": {flow.L4SCTP}, "icmp": {flow.L4ICMPv4, flow.L4ICMPv6},
	"icmpv4": {flow.L4ICMPv4}, "icmpv6": {flow.L4ICMPv6}, "vrrp": {flow.L4VRRP}, "igmp": {flow.L4IGMP},
}

func protocols(names []string) (condition, error) {
	var values []flow.L4Protocol
	for _, name := range names {
		p, ok := l4Protocols[strings.ToLower(name)]
		if !ok {
			return nil, fmt.Errorf("%q: want one of tcp, udp, sctp, icmp, icmpv4, icmpv6, vrrp, igmp", name)
		}
		values = append(values, p...)
	}
	return numbers(values, func(f *flow.Flow) (flow.L4Protocol, bool) { return f.L4.Protocol, true }), nil
}

func dropReasons(names []string) (condition, error) {
	var values []uint32
	for _, name := range names {
		reason := uint32(0)
		for ; reason < 256 && !strings.EqualFold(flow.DropReasonName(reason), name); reason++ {
		}
		if reason == 256 {
			return nil, fmt.Errorf("%q: want a drop reason of Cilium's, such as POLICY_DENIED", name)
		}
		values = append(values, reason)
	}
	return numbers(values, func(f *flow.Flow) (uint32, bool) { return f.DropReason, f.Verdict == flow.VerdictDropped }), nil
}

// eventType is a message type, with a sub type where one is meant.
type eventType struct {
	typ    monitor.MessageType
	hasSub bool
	sub    uint32
}

// eventTypes matches a type, or a type and a sub type. It is the one condition that events match which are no flows.
func eventTypes(names []string) (condition, error) {
	if len(names) == 0 {
		return nil, nil
	}
	var values []eventType
	for _, name := range names {
		v, err := parseEventType(name)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return func(f *flow.Flow) bool {
		return slices.ContainsFunc(values, func(v eventType) bool {
			return v.typ == f.Type && (!v.hasSub || v.sub == f.SubType)
		})
	}, nil
}

// parseEventType reads "trace", "trace:to-stack", "drop:133" or "4:3".
func parseEventType(text string) (eventType, error) {
	name, sub, hasSub := strings.Cut(text, ":")
	v := eventType{hasSub: hasSub}
	number, err := strconv.ParseUint(name, 10, 8)
	if v.typ = monitor.MessageType(number); err != nil {
		typ := 0
		for ; typ < 256 && !strings.EqualFold(monitor.MessageType(typ).String(), name); typ++ {
		}
		if typ == 256 {
			return v, fmt.Errorf("%q: want drop, debug, capture, trace, policy-verdict, recorder, trace-sock, pktmon-drop, l7, agent or a number, "+
				"and after a colon a sub type where one is meant", text)
		}
		v.typ = monitor.MessageType(typ)
	}
	if !hasSub {
		return v, nil
	}
	if number, err := strconv.ParseUint(sub, 10, 32); err == nil {
		v.sub = uint32(number)
		return v, nil
	}
	for v.sub = 0; v.sub < 256; v.sub++ {
		f := flow.Flow{Type: v.typ, SubType: v.sub}
		if name := f.SubTypeName(); name != "" && strings.EqualFold(name, sub) {
			return v, nil
		}
	}
	return v, fmt.Errorf("%q: %s has no sub type %q; want one such as trace:to-stack, or its number", text, v.typ, sub)
}
