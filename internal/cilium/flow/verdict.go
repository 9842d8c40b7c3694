// SPDX-License-Identifier: Apache-2.0

// Flows of policy verdicts.

package flow

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"

func (f *Flow) policyVerdict(n *monitor.Notification) {
	v := &n.Verdict
	f.Policy = n.Verdict
	var flags monitor.PacketFlags
	if v.IPv6 {
		flags |= monitor.FlagIPv6
	}
	if v.L3Device {
		flags |= monitor.FlagL3Device
	}
	f.packet(n.Packet, flags)
	f.PolicyMatch = v.MatchType
	switch {
	case v.Verdict < 0:
		f.Verdict = VerdictDropped
		f.DropReason = uint32(-v.Verdict)
	case v.Verdict > 0:
		f.Verdict = VerdictRedirected
	case v.Audited:
		f.Verdict = VerdictAudit
	default:
		f.Verdict = VerdictForwarded
	}
	if v.Verdict >= 0 {
		f.Reply = No // the datapath reports verdicts for the first packet of a connection
	}
	// A policy judges the packet that opens a connection, never a reply. So both directions are the same.
	if v.Direction == 1 {
		f.goes(DirectionIngress, No)
		f.SourceIdentity = v.RemoteLabel
	} else {
		f.goes(DirectionEgress, No)
		f.DestinationIdentity = v.RemoteLabel
	}
}
