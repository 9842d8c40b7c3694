// SPDX-License-Identifier: Apache-2.0

// Policy verdict notifications: struct policy_verdict_notify (bpf/lib/policy_log.h). The header grew from 32 bytes (up to Cilium 1.18)
// to 40 (from 1.19 on) while its version stayed 1. The record's length decides where it can, then the WireFormat setting, and with
// "auto" a look at the bytes at either place.

package monitor

// PolicyVerdict is a policy verdict notification.
type PolicyVerdict struct {
	RemoteLabel uint32 // security identity of the other side: the source on ingress, the destination on egress
	Verdict     int32  // below 0: minus the drop reason; 0: allowed; above 0: redirected to this proxy port
	DstPort     uint16 // host byte order
	Proto       uint8  // IP protocol
	Direction   uint8  // 1 ingress, 2 egress
	MatchType   uint8  // how the policy matched, see Cilium's api.PolicyMatchType
	IPv6        bool
	Audited     bool   // would have been denied, had audit mode been off
	L3Device    bool   // Cilium 1.17 and later
	AuthType    uint8  // the authentication that the policy requires
	Cookie      uint32 // of the policy's log entry, 40-byte layout only
}

// Fields returns the fields of a policy verdict that are shown unchanged.
func (PolicyVerdict) Fields() []FieldOf[PolicyVerdict] {
	return []FieldOf[PolicyVerdict]{
		{Field: Field{Attribute: "cilium.policy.cookie", Long: true}, Value: func(v *PolicyVerdict) uint64 { return uint64(v.Cookie) }},
		{Field: Field{
			Attribute: "cilium.auth_type",
			Hubble:    "auth_type", After: "drop_reason",
			Tail:  "; Auth: ",
			Names: AuthTypeNames,
		}, Value: func(v *PolicyVerdict) uint64 { return uint64(v.AuthType) }},
	}
}

// AuthTypeNames are the names of the values of PolicyVerdict.AuthType, in flow.proto.
var AuthTypeNames = []string{"DISABLED", "SPIRE", "TEST_ALWAYS_FAIL"}

// Lengths of the header, in bytes.
const (
	verdictLen118 = 32
	verdictLen119 = 40

	verdictVersion = 1 // the newest known; both layouts have it
)

// Bits of the flags byte.
const (
	verdictDirection = 0x03
	verdictIPv6      = 0x04
	verdictMatchType = 0x38
	verdictAudited   = 0x40
	verdictL3Device  = 0x80

	verdictMatchTypeShift = 3
)

func (n *Notification) decodePolicyVerdict(data []byte, format WireFormat) error {
	if len(data) < verdictLen118 {
		return truncated(n.Type, verdictLen118, len(data))
	}
	n.captureHeader(data)
	flags := data[27]
	n.Verdict = PolicyVerdict{
		RemoteLabel: le32(data, 16),
		Verdict:     int32(le32(data, 20)),
		DstPort:     le16(data, 24),
		Proto:       data[26],
		Direction:   flags & verdictDirection,
		MatchType:   flags & verdictMatchType >> verdictMatchTypeShift,
		IPv6:        flags&verdictIPv6 != 0,
		Audited:     flags&verdictAudited != 0,
		L3Device:    flags&verdictL3Device != 0,
		AuthType:    data[28],
	}
	length := n.verdictLen(data, format)
	if length == verdictLen119 {
		n.Verdict.Cookie = le32(data, 32)
	}
	n.setPacket(data, length)
	return nil
}

// verdictLen returns the length of the header: 32 or 40, never more than the record's.
func (n *Notification) verdictLen(data []byte, format WireFormat) int {
	n.VersionUnknown = n.Version > verdictVersion
	switch {
	case len(data) < verdictLen119:
		return verdictLen118
	case n.VersionUnknown, n.ExtVersion != 0: // later versions keep what is known, and extensions came with 1.19
		return verdictLen119
	}
	if n.CapLen > 0 || len(data) <= verdictLen119+perfPadding { // behind the shorter header there is then no packet
		switch rest := len(data) - int(n.CapLen); {
		case rest == verdictLen119 && len(data) == verdictLen118+paddedPacketLen:
			// 120 captured bytes: the new header and its packet, or the old one and its padded packet.
			at118, at119 := n.looksLikePacket(data[verdictLen118:]), n.looksLikePacket(data[verdictLen119:])
			if at118 && !at119 || at118 == at119 && format.short() {
				return verdictLen118
			}
			return verdictLen119
		case rest == verdictLen118 || rest == verdictLen119:
			return rest
		case len(data) <= verdictLen119+perfPadding: // the record lacks the packet
			return verdictLen119
		case len(data) == verdictLen118+paddedPacketLen:
			return verdictLen118
		case len(data) == verdictLen119+paddedPacketLen:
			return verdictLen119
		case rest > verdictLen118 && rest <= verdictLen118+perfPadding:
			return verdictLen118
		case rest > verdictLen119 && rest <= verdictLen119+perfPadding:
			return verdictLen119
		}
	}
	switch {
	case format.short():
		return verdictLen118
	case format.long():
		return verdictLen119
	}
	at118 := n.looksLikePacket(data[verdictLen118:])
	at119 := n.looksLikePacket(data[verdictLen119:])
	if at119 && !at118 {
		return verdictLen119
	}
	return verdictLen118
}
