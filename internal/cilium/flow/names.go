// SPDX-License-Identifier: Apache-2.0

// Cilium's names for the numbers in a flow: identities, drop reasons, match types, points.

package flow

import (
	"strconv"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	monitorapi "github.com/cilium/cilium/pkg/monitor/api"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// reservedIdentities is indexed by the security identities that Cilium reserves for peers that are no workloads (bpf/lib/identity.h; the last
// four are from Cilium 1.20). Higher identities have labels that only the agent knows.
var reservedIdentities = [...]string{
	"unknown", "host", "world", "unmanaged", "health", "init", "remote-node", "kube-apiserver", "ingress", "world-ipv4",
	"world-ipv6", "aggregate-cluster", "aggregate-cluster-mesh", "aggregate-world", "aggregate-remote-node",
}

// IdentityName returns the name of a reserved security identity and whether it is reserved. 0 is reserved and named "unknown".
func IdentityName(identity uint32) (string, bool) {
	if identity < uint32(len(reservedIdentities)) {
		return reservedIdentities[identity], true
	}
	return "", false
}

// DropReasonName returns the reason's name in flow.proto, such as POLICY_DENIED, or its number when it has none.
func DropReasonName(reason uint32) string {
	if name := dropReasonName(reason); name != "" {
		return name
	}
	return strconv.Itoa(int(int32(reason)))
}

// DropReasonNamed reports whether the reason has a name in flow.proto.
func DropReasonNamed(reason uint32) bool { return dropReasonName(reason) != "" }

func dropReasonName(reason uint32) string {
	if reason == 207 { // Cilium 1.20
		return "DROP_FRAG_NOT_FOUND_WORLD"
	}
	return flowpb.DropReason_name[int32(reason)]
}

// PolicyMatchName returns how a policy matched, such as L3-L4, as Cilium prints it.
func (f *Flow) PolicyMatchName() string { return PolicyMatchText(f.PolicyMatch) }

// PolicyMatchText is PolicyMatchName for Cilium's number.
func PolicyMatchText(match uint8) string { return monitorapi.PolicyMatchType(match).String() }

// tracePointNames is indexed by the sub-type of a trace.
var tracePointNames = [...]string{
	"to-endpoint", "to-proxy", "to-host", "to-stack", "to-overlay", "from-endpoint", "from-proxy", "from-host", "from-stack",
	"from-overlay", "from-network", "to-network", "from-crypto", "to-crypto",
}

// capturePointNames is indexed by the sub-type of a debug capture (flow.proto, DebugCapturePoint).
var capturePointNames = [...]string{
	0: "DBG_CAPTURE_POINT_UNKNOWN", 1: "1", 2: "2", 3: "3", 4: "DBG_CAPTURE_DELIVERY", 5: "DBG_CAPTURE_FROM_LB",
	6: "DBG_CAPTURE_AFTER_V46", 7: "DBG_CAPTURE_AFTER_V64", 8: "DBG_CAPTURE_PROXY_PRE", 9: "DBG_CAPTURE_PROXY_POST",
	10: "DBG_CAPTURE_SNAT_PRE", 11: "DBG_CAPTURE_SNAT_POST",
}

// socketPointNames and socketPointLabels are indexed by the translation point: flow.proto's name and what Hubble prints.
var (
	socketPointNames = [...]string{
		"SOCK_XLATE_POINT_UNKNOWN", "SOCK_XLATE_POINT_PRE_DIRECTION_FWD", "SOCK_XLATE_POINT_POST_DIRECTION_FWD",
		"SOCK_XLATE_POINT_PRE_DIRECTION_REV", "SOCK_XLATE_POINT_POST_DIRECTION_REV",
	}
	socketPointLabels = [...]string{
		"SOCK_XLATE_POINT_UNKNOWN", "pre-xlate-fwd", "post-xlate-fwd", "pre-xlate-rev", "post-xlate-rev",
	}
)

// SubTypeName returns the event's sub-type as Hubble prints it: a drop's reason, a trace's observation point, the point of a capture or a socket
// translation, a debug message's name. It is empty for events whose sub-types have no names.
func (f *Flow) SubTypeName() string {
	switch f.Type {
	case monitor.TypeDrop:
		return monitor.DropReasonText(uint8(f.SubType))
	case monitor.TypeTrace:
		return nameOf(tracePointNames[:], uint64(f.SubType))
	case monitor.TypeCapture:
		return nameOf(capturePointNames[:], uint64(f.SubType))
	case monitor.TypeTraceSock:
		if f.SubType < uint32(len(socketPointLabels)) {
			return socketPointLabels[f.SubType]
		}
		return strconv.FormatUint(uint64(f.SubType), 10)
	case monitor.TypeDebug:
		return monitor.DebugSubTypeName(uint8(f.SubType))
	}
	return ""
}

// DropReasonText returns Cilium's sentence for the event's drop reason, empty when the event has none.
func (f *Flow) DropReasonText() string {
	if f.Verdict != VerdictDropped || f.Type == monitor.TypePacketMonitorDrop {
		return ""
	}
	if f.DropReason > 255 {
		return strconv.FormatUint(uint64(f.DropReason), 10)
	}
	return monitor.DropReasonText(uint8(f.DropReason))
}
