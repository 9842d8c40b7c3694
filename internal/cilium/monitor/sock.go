// SPDX-License-Identifier: Apache-2.0

// Notifications of the socket load balancer: struct trace_sock_notify (bpf/lib/trace_sock.h). They have no version. Cilium 1.19
// reordered their fields and made them 40 bytes long; up to 1.18 they have 38.

package monitor

import "net/netip"

// TraceSock is a notification of the socket load balancer. SubType is the translation point.
type TraceSock struct {
	DstIP      netip.Addr
	DstPort    uint16 // as the datapath wrote it
	L4Proto    uint8  // 0 unknown, 1 TCP, 2 UDP
	IPv6       bool
	SockCookie uint64
	CgroupID   uint64
}

// Fields returns the fields of the notification that are shown unchanged.
func (TraceSock) Fields() []FieldOf[TraceSock] {
	return []FieldOf[TraceSock]{
		{
			Field: Field{Attribute: "cilium.socket.cookie", Hubble: "socket_cookie", After: "sock_xlate_point", Long: true},
			Value: func(s *TraceSock) uint64 { return s.SockCookie },
		},
		{
			Field: Field{Attribute: "cilium.cgroup.id", Hubble: "cgroup_id", After: "socket_cookie", Long: true},
			Value: func(s *TraceSock) uint64 { return s.CgroupID },
		},
	}
}

// Lengths of the notification, in bytes.
const (
	sockLen118 = 38
	sockLen119 = 40
)

func (n *Notification) decodeTraceSock(data []byte, format WireFormat) error {
	if len(data) < sockLen118 {
		return truncated(n.Type, sockLen118, len(data))
	}
	n.SubType = data[1]
	n.VersionUnknown = goesOn(data, sockLen119)
	switch {
	case n.VersionUnknown && !looksLikeSock119(data):
		return &Error{Reason: ReasonVersion, Type: n.Type, Want: sockLen119, Have: len(data)}
	case n.VersionUnknown || sockIs119(data, format):
		n.Sock = TraceSock{
			L4Proto:    data[2],
			IPv6:       data[3]&1 != 0,
			DstPort:    le16(data, 4),
			SockCookie: le64(data, 8),
			CgroupID:   le64(data, 16),
		}
		n.Sock.DstIP = address16(data[24:40], n.Sock.IPv6)
		n.HeaderLen = sockLen119
	default:
		n.Sock = TraceSock{
			DstPort:    le16(data, 18),
			SockCookie: le64(data, 20),
			CgroupID:   le64(data, 28),
			L4Proto:    data[36],
			IPv6:       data[37]&1 != 0,
		}
		n.Sock.DstIP = address16(data[2:18], n.Sock.IPv6)
		n.HeaderLen = sockLen118
	}
	return nil
}

// sockIs119 reports whether a socket trace of at least 38 bytes has the layout of Cilium 1.19. A ring buffer keeps a record's exact
// length, which then decides. A perf ring pads both layouts to the same length.
func sockIs119(data []byte, format WireFormat) bool {
	switch {
	case len(data) < sockLen119:
		return false
	case len(data) == sockLen119:
		return true
	case format != WireFormatAuto:
		return format.long()
	}
	return looksLikeSock119(data) && !plausibleSock(data[36], data[37])
}

// looksLikeSock119 reports whether data, of at least 40 bytes, can be the layout of Cilium 1.19.
func looksLikeSock119(data []byte) bool {
	return plausibleSock(data[2], data[3]) && data[6] == 0 && data[7] == 0
}

func plausibleSock(l4, flags byte) bool { return (l4 == 1 || l4 == 2) && flags <= 1 }
