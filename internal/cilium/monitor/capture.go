// SPDX-License-Identifier: Apache-2.0

// Debug captures: struct debug_capture_msg (bpf/lib/dbg.h).

package monitor

// DebugCapture is a captured packet. SubType is the capture point.
type DebugCapture struct {
	Arg1, Arg2 uint32
}

// captureLengths has the length of the header, in bytes, by version.
var captureLengths = [...]int{0: 24, 1: 24}

func (n *Notification) decodeCapture(data []byte) error {
	if len(data) < captureLengths[0] {
		return truncated(n.Type, captureLengths[0], len(data))
	}
	n.captureHeader(data)
	length := n.versionLength(captureLengths[:])
	if len(data) < length {
		return n.tooShort(data, captureLengths[:])
	}
	n.Capture = DebugCapture{Arg1: le32(data, 16), Arg2: le32(data, 20)}
	n.setPacket(data, length)
	return nil
}

// Debug capture points, the SubType of a debug capture.
const (
	CaptureDelivery  = 4
	CaptureFromLB    = 5
	CaptureAfterV46  = 6
	CaptureAfterV64  = 7
	CaptureProxyPre  = 8
	CaptureProxyPost = 9
	CaptureSNATPre   = 10
	CaptureSNATPost  = 11
)
