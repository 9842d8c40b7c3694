// SPDX-License-Identifier: Apache-2.0

// Flows of debug captures, and of the packets of the recorder.

package flow

import (
	"math/bits"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

func (f *Flow) capture(n *monitor.Notification) {
	f.packet(n.Packet, 0)
	f.CapturePoint = n.SubType
	switch n.SubType {
	case monitor.CaptureDelivery, monitor.CaptureFromLB, monitor.CaptureAfterV46, monitor.CaptureAfterV64,
		monitor.CaptureSNATPre, monitor.CaptureSNATPost:
		f.InterfaceIndex = n.Capture.Arg1
	case monitor.CaptureProxyPre, monitor.CaptureProxyPost:
		f.ProxyPort = bits.ReverseBytes32(n.Capture.Arg1) // network byte order, all 32 bits, as in Hubble
	}
}

func (f *Flow) recorded(n *monitor.Notification) {
	f.packet(n.Packet, 0)
	f.Recorder = n.Record
	if n.SubType == 1 {
		f.goes(DirectionIngress, No)
	} else {
		f.goes(DirectionEgress, No)
	}
}
