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
	f.goesDropped(dropDirection(n))
}

// dropDirection returns the direction of a dropped packet. If the reporting endpoint is the packet's destination, the packet came in. Any other
// drop of a pod's program is of a packet that the pod sent. The host's program does not tell the direction.
func dropDirection(n *monitor.Notification) Direction {
	const programOfPods = 2 // bpf_lxc.c, in every release
	switch {
	case n.Source == 0:
	case n.Drop.DstID == uint32(n.Source):
		return DirectionIngress
	case n.Drop.File == programOfPods:
		return DirectionEgress
	}
	return DirectionUnknown
}

// goesDropped sets the directions of a drop by that of its packet. A packet that does not show that it is a reply counts as none, as in Hubble.
func (f *Flow) goesDropped(packet Direction) {
	reply := f.shownReply()
	if reply == Unknown {
		reply = No
	}
	f.goes(packet, reply)
}
