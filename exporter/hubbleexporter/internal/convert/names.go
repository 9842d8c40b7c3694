// SPDX-License-Identifier: Apache-2.0

// The names of a flow's ends, and the numbers of the names that the receiver writes.

package convert

import (
	"cmp"
	"strconv"
	"strings"
	"sync"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	monitorapi "github.com/cilium/cilium/pkg/monitor/api"
	"github.com/gopacket/gopacket/layers"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Message types of Cilium's datapath, and that of the packet monitor's drops (Retina's).
const (
	typeDrop          = monitorapi.MessageTypeDrop
	typeCapture       = monitorapi.MessageTypeCapture
	typeTrace         = monitorapi.MessageTypeTrace
	typePolicyVerdict = monitorapi.MessageTypePolicyVerdict
	typeTraceSock     = monitorapi.MessageTypeTraceSock
	typeRecorder      = 6
	typePacketMonitor = 100
)

// messageTypes has the messages that Hubble shows as flows, by the receiver's name.
var messageTypes = map[string]int32{
	"drop": typeDrop, "capture": typeCapture, "trace": typeTrace, "policy-verdict": typePolicyVerdict, "recorder": typeRecorder,
	"trace-sock": typeTraceSock, "pktmon-drop": typePacketMonitor,
}

// enum returns the number of a name, or the number that a name without one is; 0 for anything else.
func enum(numbers map[string]int32, name string) int32 {
	if n, ok := numbers[name]; ok {
		return n
	}
	n, _ := strconv.ParseInt(name, 10, 32)
	return int32(n)
}

// directions has Hubble's directions, by ASIM's name.
var directions = map[string]flowpb.TrafficDirection{"Inbound": flowpb.TrafficDirection_INGRESS, "Outbound": flowpb.TrafficDirection_EGRESS}

// policyMatches has how a policy matched, by Cilium's name.
var policyMatches = func() map[string]uint32 {
	all := map[string]uint32{}
	for match := uint32(monitorapi.PolicyMatchNone); match <= monitorapi.PolicyMatchProtoOnly; match++ {
		all[monitorapi.PolicyMatchType(match).String()] = match
	}
	return all
}()

// dropReasons has the code of a drop's reason, by the sentence for it. The last three are of releases other than that of the API package.
var dropReasons = sync.OnceValue(func() map[string]uint32 {
	all := map[string]uint32{"MTU error message": 15, "No device": 206, "First logical datagram fragment not found from world": 207}
	for code := range 256 {
		if _, named := flowpb.DropReason_name[int32(code)]; named {
			all[monitorapi.DropReason(uint8(code))] = uint32(code)
		}
	}
	return all
})

// dropReasonCode returns the code of a sentence, 0 for none. The datapath's error may follow it.
func dropReasonCode(details string) uint32 {
	if code, ok := dropReasons()[details]; ok {
		return code
	}
	if at := strings.LastIndex(details, ", "); at >= 0 {
		return dropReasons()[details[:at]]
	}
	return 0
}

// socketPoints has flow.proto's numbers of the translation points.
var socketPoints = map[string]int32{"pre-xlate-fwd": 1, "post-xlate-fwd": 2, "pre-xlate-rev": 3, "post-xlate-rev": 4}

// icmpType returns the number of a type of ICMP message, by IANA's name or by itself.
func icmpType(names map[string]uint8, name string) (uint8, bool) {
	if t, ok := names[name]; ok {
		return t, true
	}
	n, err := strconv.ParseUint(name, 10, 8)
	return uint8(n), err == nil
}

// IANA's names of ICMP types (icmp-parameters, icmpv6-parameters), as the receiver writes them.
var (
	icmpv4Types = map[string]uint8{
		"Echo Reply": 0, "Destination Unreachable": 3, "Source Quench": 4, "Redirect": 5, "Echo": 8, "Router Advertisement": 9,
		"Router Solicitation": 10, "Time Exceeded": 11, "Parameter Problem": 12, "Timestamp": 13, "Timestamp Reply": 14,
		"Information Request": 15, "Information Reply": 16, "Address Mask Request": 17, "Address Mask Reply": 18, "Traceroute": 30,
		"Photuris": 40, "Extended Echo Request": 42, "Extended Echo Reply": 43,
	}
	icmpv6Types = map[string]uint8{
		"Destination Unreachable": 1, "Packet Too Big": 2, "Time Exceeded": 3, "Parameter Problem": 4, "Echo Request": 128, "Echo Reply": 129,
		"Multicast Listener Query": 130, "Multicast Listener Report": 131, "Multicast Listener Done": 132, "Router Solicitation": 133,
		"Router Advertisement": 134, "Neighbor Solicitation": 135, "Neighbor Advertisement": 136, "Redirect Message": 137,
		"Router Renumbering": 138, "Inverse Neighbor Discovery Solicitation Message": 141, "Inverse Neighbor Discovery Advertisement Message": 142,
		"Version 2 Multicast Listener Report": 143, "Home Agent Address Discovery Request Message": 144,
		"Home Agent Address Discovery Reply Message": 145, "Mobile Prefix Solicitation": 146, "Mobile Prefix Advertisement": 147,
		"Multicast Router Advertisement": 151, "Multicast Router Solicitation": 152, "Multicast Router Termination": 153,
		"RPL Control Message": 155, "Extended Echo Request": 160, "Extended Echo Reply": 161,
	}
)

// Hubble's own words for an ICMP message are gopacket's.
func icmpv4Summary(typ, code uint8) string {
	return intern("ICMPv4 " + layers.CreateICMPv4TypeCode(typ, code).String())
}

func icmpv6Summary(typ, code uint8) string {
	return intern("ICMPv6 " + layers.CreateICMPv6TypeCode(typ, code).String())
}

// tcpFlags are the flags of a TCP header, by the place in flagNames.
type tcpFlags uint16

// flagNames is in the order in which Hubble lists the flags.
var flagNames = [...]string{"SYN", "ACK", "RST", "FIN", "PSH", "URG", "ECE", "CWR", "NS"}

const (
	flagSYN tcpFlags = 1 << iota
	flagACK
	flagRST
	flagFIN
	flagPSH
	flagURG
	flagECE
	flagCWR
	flagNS
)

var flagAttributes = map[string]tcpFlags{
	"TcpFlagsSyn": flagSYN, "TcpFlagsAck": flagACK, "TcpFlagsRst": flagRST, "TcpFlagsFin": flagFIN, "TcpFlagsPsh": flagPSH, "TcpFlagsUrg": flagURG,
}

// tcpFlags returns the flags, if the header has been read so far. The schema has six of the nine; the line that `hubble observe` prints, the
// body of a record, has all of them.
func (v *values) tcpFlags() (tcpFlags, bool) {
	flags, ok := v.flags, v.hasFlags
	_, line, found := strings.Cut(v.body, "(TCP Flags: ")
	if !found {
		return flags, ok
	}
	line, _, _ = strings.Cut(line, ")")
	line, _, _ = strings.Cut(line, ";")
	for name := range strings.SplitSeq(line, ", ") {
		for i, n := range flagNames {
			if n == name {
				flags |= 1 << i
			}
		}
	}
	return flags, true
}

// summaries has the summary of each set of flags.
var summaries = func() (all [1 << len(flagNames)]string) {
	for set := range all {
		var names []string
		for i, n := range flagNames {
			if set&(1<<i) != 0 {
				names = append(names, n)
			}
		}
		all[set] = "TCP Flags: " + strings.Join(names, ", ")
	}
	return all
}()

func (f tcpFlags) summary() string { return summaries[f] }

func (f tcpFlags) proto() *flowpb.TCPFlags {
	return &flowpb.TCPFlags{
		SYN: f&flagSYN != 0, ACK: f&flagACK != 0, RST: f&flagRST != 0, FIN: f&flagFIN != 0, PSH: f&flagPSH != 0, URG: f&flagURG != 0,
		ECE: f&flagECE != 0, CWR: f&flagCWR != 0, NS: f&flagNS != 0,
	}
}

// takeName reads the attribute of a name of one of the two ends.
func (v *values) takeName(key string, value pcommon.Value) {
	rest, ok := strings.CutPrefix(key, "cilium.source.")
	e := &v.source
	if !ok {
		if rest, ok = strings.CutPrefix(key, "cilium.destination."); !ok {
			return
		}
		e = &v.destination
	}
	switch rest {
	case "cluster":
		e.cluster = text(value)
	case "namespace":
		e.namespace = text(value)
	case "pod":
		e.pod = text(value)
	case "workload.name":
		e.workload = text(value)
	case "workload.kind":
		e.workloadKind = text(value)
	case "labels":
		if value.Type() == pcommon.ValueTypeSlice {
			e.labels, e.hasLabels = value.Slice(), true
			for _, label := range e.labels.All() {
				v.size += 16 + len(text(label)) // an empty text takes memory, too
			}
		}
	case "service.name":
		e.service.name = text(value)
	case "service.namespace":
		e.service.namespace = text(value)
	}
}

// name writes the names into Hubble's endpoint.
func (e *end) name(to *flowpb.Endpoint) {
	to.ClusterName, to.Namespace, to.PodName = intern(e.cluster), intern(e.namespace), intern(cmp.Or(e.pod, e.host))
	if workload := cmp.Or(e.workload, e.app); workload != "" || e.workloadKind != "" {
		to.Workloads = []*flowpb.Workload{{Name: intern(workload), Kind: intern(e.workloadKind)}}
	}
	if e.hasLabels {
		to.Labels = make([]string, 0, e.labels.Len())
		for _, label := range e.labels.All() {
			to.Labels = append(to.Labels, intern(text(label)))
		}
	}
}

// proto returns Hubble's service, nil for none.
func (n named) proto() *flowpb.Service {
	if n == (named{}) {
		return nil
	}
	return &flowpb.Service{Name: intern(n.name), Namespace: intern(n.namespace)}
}
