// SPDX-License-Identifier: Apache-2.0

package flowmetrics

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"

// transport is the protocol that a packet carries above IP, as an index into transports.
type transport uint8

const (
	transportNone  transport = iota // there is no IP header
	transportOther                  // none of those below
	firstTransport
)

// transports are the protocols that Hubble names, with IANA's numbers, in OpenTelemetry's spelling: IANA's keywords in lower case.
var transports = [...]struct {
	number uint8
	name   string
}{
	transportOther: {name: "other"},
	firstTransport: {1, "icmp"}, {2, "igmp"}, {6, "tcp"}, {17, "udp"}, {58, "ipv6-icmp"}, {112, "vrrp"}, {132, "sctp"},
}

// transportOf returns the protocol of a packet; for a tunnel, of the packet inside. A socket event has one only if the event names
// it.
func transportOf(f *flow.Flow) transport {
	if f.IP.Version == 0 || f.Class == flow.ClassSocket && f.L4.Protocol == flow.L4None {
		return transportNone
	}
	for t := firstTransport; int(t) < len(transports); t++ {
		if transports[t].number == f.IP.Protocol {
			return t
		}
	}
	return transportOther
}

func (t transport) String() string { return transports[t].name }
