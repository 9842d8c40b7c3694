// SPDX-License-Identifier: Apache-2.0

// Flows of the packet monitor's drops.

package flow

import "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"

// packetMonitor decodes a drop of Windows' packet monitor. The reason is the packet monitor's, not one of Cilium's. As in Retina, bit 30 of
// the sub-type says so.
func (f *Flow) packetMonitor(n *monitor.Notification) {
	const reasonIsPacketMonitors = 1 << 30
	switch n.Pktmon.PacketType {
	case monitor.PacketMonitorEthernet:
		f.packet(n.Packet, 0)
	case monitor.PacketMonitorIP:
		flags := monitor.FlagL3Device
		if len(n.Packet) > 0 && n.Packet[0]>>4 == 6 {
			flags |= monitor.FlagIPv6
		}
		f.packet(n.Packet, flags)
	}
	f.Pktmon = n.Pktmon
	f.Verdict = VerdictDropped
	f.SubType = n.Pktmon.DropReason | reasonIsPacketMonitors
}
