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

// dropDirections sets the directions of a drop. If the reporting endpoint is the packet's destination, the packet came in. Any other drop
// of a pod's program is of a packet that the pod sent. The host's program does not tell the direction. A packet that does not show that it
// is a reply counts as none, as in Hubble.
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
