// SPDX-License-Identifier: Apache-2.0

// The message types in the events map, by Cilium's numbers and names, and the event kinds of the configuration that they belong to.

package monitor

import (
	"fmt"
	"strconv"
	"strings"
)

// MessageType is byte 0 of a record. It says how to read the rest.
type MessageType uint8

// Message types (bpf/lib/common.h; agent and access log: pkg/monitor/api/types.go; 100: Retina, Windows only).
const (
	TypeUnspecified       MessageType = 0
	TypeDrop              MessageType = 1
	TypeDebug             MessageType = 2
	TypeCapture           MessageType = 3
	TypeTrace             MessageType = 4
	TypePolicyVerdict     MessageType = 5
	TypeRecorder          MessageType = 6
	TypeTraceSock         MessageType = 7
	TypePacketMonitorDrop MessageType = 100
	TypeAccessLog         MessageType = 129
	TypeAgent             MessageType = 130
)

// String returns Cilium's name of the type, "pktmon-drop" for the packet monitor's, and "unknown(<number>)" for an undefined type.
func (t MessageType) String() string {
	switch t {
	case TypeDrop:
		return "drop"
	case TypeDebug:
		return "debug"
	case TypeCapture:
		return "capture"
	case TypeTrace:
		return "trace"
	case TypePolicyVerdict:
		return "policy-verdict"
	case TypeRecorder:
		return "recorder"
	case TypeTraceSock:
		return "trace-sock"
	case TypePacketMonitorDrop:
		return "pktmon-drop"
	case TypeAccessLog:
		return "l7"
	case TypeAgent:
		return "agent"
	}
	return "unknown(" + strconv.Itoa(int(t)) + ")"
}

// Known reports whether Cilium or Retina defines the type.
func (t MessageType) Known() bool {
	return t >= TypeDrop && t <= TypeTraceSock || t == TypePacketMonitorDrop || t == TypeAccessLog || t == TypeAgent
}

// Kind is a group of message types that the configuration enables together.
type Kind uint8

// The kinds, in the order in which the configuration documents them. A type of KindNone cannot be disabled.
const (
	KindNone Kind = iota
	KindDrop
	KindTrace
	KindPolicyVerdict
	KindDebug
	KindCapture
)

// kindNames is indexed by Kind.
var kindNames = [...]string{"", "DROP", "TRACE", "POLICY_VERDICT", "DEBUG", "CAPTURE"}

// Kinds returns every kind that the configuration may name.
func Kinds() []Kind {
	return []Kind{KindDrop, KindTrace, KindPolicyVerdict, KindDebug, KindCapture}
}

// String returns the kind's name in the configuration, such as POLICY_VERDICT. KindNone has an empty name.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// ParseKind returns the kind with that name, in any case. The error names the value and the allowed names.
func ParseKind(name string) (Kind, error) {
	for _, k := range Kinds() {
		if strings.EqualFold(name, kindNames[k]) {
			return k, nil
		}
	}
	return KindNone, fmt.Errorf("event %q: want one of %s", name, strings.Join(kindNames[1:], ", "))
}

// Kind returns the type's kind. The packet monitor's drops are DROP, the socket load balancer's traces TRACE, the recorder's packets CAPTURE.
// Agent, access-log and unknown messages have KindNone: they always pass.
func (t MessageType) Kind() Kind {
	switch t {
	case TypeDrop, TypePacketMonitorDrop:
		return KindDrop
	case TypeTrace, TypeTraceSock:
		return KindTrace
	case TypePolicyVerdict:
		return KindPolicyVerdict
	case TypeDebug:
		return KindDebug
	case TypeCapture, TypeRecorder:
		return KindCapture
	}
	return KindNone
}
