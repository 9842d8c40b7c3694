// SPDX-License-Identifier: Apache-2.0

// Flows of drops.

package flow

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"

func (f *Flow) drop(n *monitor.Notification) {
	f.Drop = n.Drop
	f.packet(n.Packet, n.Drop.Flags)
	f.Verdict = VerdictDropped
	f.DropReason = uint32(n.SubType)
	f.SourceIdentity, f.DestinationIdentity = n.Drop.SrcLabel, n.Drop.DstLabel
	f.dropDirections(n)
}

// dropDirections sets the directions of a drop. A drop at the endpoint that the packet was for is a drop on its way in; any other
// that a pod's program reports is one of what the pod sent. The host's program does not say which it is. Where the packet does
// not show that it is a reply it is taken for none, as in Hubble.
func (f *Flow) dropDirections(n *monitor.Notification) {
	const programOfPods = 2 // bpf_lxc.c, in every release
	packet := DirectionUnknown
	switch {
	case n.Source == 0:
	case n.Drop.DstID == uint32(n.Source):
		packet = DirectionIngress
	case n.Drop.File == programOfPods:
		packet = DirectionEgress
	}
	reply := f.shownReply()
	if reply == Unknown {
		reply = No
	}
	f.goes(packet, reply)
}
