// SPDX-License-Identifier: Apache-2.0

// Packets of Cilium's recorder: struct capture_msg with its pcap header (bpf/lib/pcap.h, up to Cilium 1.18). They have no version.

package monitor

// Recorder is a packet of the recorder. SubType 1 is ingress, every other one egress.
type Recorder struct {
	RuleID   uint16
	TimeBoot uint64 // nanoseconds since boot
}

// Fields returns the fields of the notification that are shown unchanged.
func (Recorder) Fields() []FieldOf[Recorder] {
	return []FieldOf[Recorder]{{Field: Field{Attribute: "cilium.recorder.rule_id", Always: true}, Value: func(r *Recorder) uint64 { return uint64(r.RuleID) }}}
}

const recorderLen = 24 // bytes

func (n *Notification) decodeRecorder(data []byte) error {
	if len(data) < recorderLen {
		return truncated(n.Type, recorderLen, len(data))
	}
	n.SubType = data[1]
	n.Record = Recorder{RuleID: le16(data, 2), TimeBoot: le64(data, 8)}
	n.CapLen = le32(data, 16)
	n.OrigLen = le32(data, 20)
	n.setPacket(data, recorderLen)
	return nil
}
