// SPDX-License-Identifier: Apache-2.0

// The attributes of a record, as the receiver writes them.

package convert

import (
	"strconv"
	"unique"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// values are the attributes of a record that say something about its event. A number is 0 and a text empty where the record has none. Texts are
// the record's own memory.
type values struct {
	size int // of all texts, bytes

	product, schema, eventType string
	id                         string
	device, deviceAddress      string

	typ, slimType     string // Cilium's name of the message type, and the same of a slim record
	subType, slimSub  string
	verdict, original string
	action, details   string
	dropReason        string
	dropCode          uint64
	observation       string
	traceReason       string
	policyMatch       string
	file              string
	line              uint64
	authType          string
	isReply, hasReply bool
	encrypted         bool
	interfaceIndex    uint64
	proxyPort         uint64
	socketCookie      uint64
	cgroup            uint64
	traceID           uint64
	endpoint          uint64
	cpu               uint64
	hasCPU            bool
	pktmonReason      uint64

	direction, protocol, version string
	icmpType                     string
	icmpCode                     uint64
	hasICMP                      bool
	flags                        tcpFlags
	hasFlags                     bool

	source, destination end
	sourceXlated        string
	vlan                bool
	problem             string

	tunnel             string
	vni                uint64
	outer, outerTo     string
	outerPort, outerTP uint64

	message      string
	hash         uint64
	arguments    [3]uint64
	hasArguments [3]bool
	lostCount    uint64
	lostSource   string
	body         string
}

// end is one end of a flow.
type end struct {
	address, mac           string
	port                   uint64
	identity               uint64
	cluster, pod           string
	namespace              string
	workload, workloadKind string
	host, app              string // of a slim record, in place of pod and workload
	labels                 pcommon.Slice
	hasLabels              bool
	service                named
}

// named is a service.
type named struct{ namespace, name string }

// read reads a record.
func (v *values) read(record plog.LogRecord) {
	*v = values{}
	if body := record.Body(); body.Type() == pcommon.ValueTypeStr {
		v.body = body.Str()
		v.size += len(v.body)
	}
	for key, value := range record.Attributes().All() {
		if value.Type() == pcommon.ValueTypeStr {
			v.size += len(value.Str())
		}
		v.take(key, value)
	}
}

// take reads an attribute.
func (v *values) take(key string, value pcommon.Value) {
	switch key {
	case "EventProduct":
		v.product = text(value)
	case "EventSchema":
		v.schema = text(value)
	case "EventType":
		v.eventType = text(value)
	case "EventOriginalUid":
		v.id = text(value)
	case "Dvc":
		v.device = text(value)
	case "DvcIpAddr":
		v.deviceAddress = text(value)
	case "cilium.event.type":
		v.typ = text(value)
	case "EventOriginalType":
		v.slimType = text(value)
	case "cilium.event.sub_type":
		v.subType = text(value)
	case "EventOriginalSubType":
		v.slimSub = text(value)
	case "cilium.verdict":
		v.verdict = text(value)
	case "DvcOriginalAction":
		v.original = text(value)
	case "DvcAction":
		v.action = text(value)
	case "EventOriginalResultDetails":
		v.details = text(value)
	case "cilium.drop_reason":
		v.dropReason = text(value)
	case "cilium.drop_reason_code":
		v.dropCode = number(value)
	case "cilium.trace.observation_point":
		v.observation = text(value)
	case "cilium.trace.reason":
		v.traceReason = text(value)
	case "cilium.policy.match_type":
		v.policyMatch = text(value)
	case "cilium.file":
		v.file = text(value)
	case "cilium.line":
		v.line = number(value)
	case "cilium.auth_type":
		v.authType = text(value)
	case "cilium.is_reply":
		v.isReply, v.hasReply = is(value), true
	case "cilium.encrypted":
		v.encrypted = is(value)
	case "cilium.interface.index":
		v.interfaceIndex = number(value)
	case "cilium.proxy_port":
		v.proxyPort = number(value)
	case "cilium.socket.cookie":
		v.socketCookie = number(value)
	case "cilium.cgroup.id":
		v.cgroup = number(value)
	case "cilium.ip_trace_id":
		v.traceID = number(value)
	case "cilium.endpoint.id":
		v.endpoint = number(value)
	case "cilium.cpu":
		v.cpu, v.hasCPU = number(value), true
	case "cilium.pktmon.drop_reason":
		v.pktmonReason = number(value)
	case "NetworkDirection":
		v.direction = text(value)
	case "NetworkProtocol":
		v.protocol = text(value)
	case "NetworkProtocolVersion":
		v.version = text(value)
	case "NetworkIcmpType":
		v.icmpType = text(value)
	case "NetworkIcmpCode":
		v.icmpCode, v.hasICMP = number(value), true
	case "SrcHostname":
		v.source.host = text(value)
	case "SrcAppName":
		v.source.app = text(value)
	case "DstHostname":
		v.destination.host = text(value)
	case "DstAppName":
		v.destination.app = text(value)
	case "SrcIpAddr":
		v.source.address = text(value)
	case "SrcNatIpAddr":
		v.sourceXlated = text(value)
	case "SrcPortNumber":
		v.source.port = number(value)
	case "SrcMacAddr":
		v.source.mac = text(value)
	case "DstIpAddr":
		v.destination.address = text(value)
	case "DstPortNumber":
		v.destination.port = number(value)
	case "DstMacAddr":
		v.destination.mac = text(value)
	case "SrcZone", "cilium.source.identity":
		v.source.identity = number(value)
	case "DstZone", "cilium.destination.identity":
		v.destination.identity = number(value)
	case "SrcVlanId":
		v.vlan = true
	case "cilium.packet.problem":
		v.problem = text(value)
	case "cilium.tunnel.protocol":
		v.tunnel = text(value)
	case "cilium.tunnel.vni":
		v.vni = number(value)
	case "cilium.tunnel.source.ip":
		v.outer = text(value)
	case "cilium.tunnel.destination.ip":
		v.outerTo = text(value)
	case "cilium.tunnel.source.port":
		v.outerPort = number(value)
	case "cilium.tunnel.destination.port":
		v.outerTP = number(value)
	case "EventMessage":
		v.message = text(value)
	case "cilium.debug.hash":
		v.hash = number(value)
	case "cilium.debug.arg1":
		v.arguments[0], v.hasArguments[0] = number(value), true
	case "cilium.debug.arg2":
		v.arguments[1], v.hasArguments[1] = number(value), true
	case "cilium.debug.arg3":
		v.arguments[2], v.hasArguments[2] = number(value), true
	case "cilium.lost.count":
		v.lostCount = number(value)
	case "cilium.lost.source":
		v.lostSource = text(value)
	default:
		v.takeFlag(key, value)
		v.takeName(key, value)
	}
}

// takeFlag reads a flag of TCP's header.
func (v *values) takeFlag(key string, value pcommon.Value) {
	if flag, ok := flagAttributes[key]; ok {
		v.hasFlags = true
		if is(value) {
			v.flags |= flag
		}
	}
}

// text returns a text, empty for a value of another type. What could fool a reader is escaped, since the hubble command prints texts as they are.
// Protobuf takes no text that is not UTF-8; neither is any left.
func text(v pcommon.Value) string {
	if v.Type() != pcommon.ValueTypeStr {
		return ""
	}
	return printable.String(v.Str())
}

// number returns a number, or a text that is one; 0 for anything else and for a negative number.
func number(v pcommon.Value) uint64 {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		return uint64(max(v.Int(), 0))
	case pcommon.ValueTypeStr:
		n, err := strconv.ParseUint(v.Str(), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return 0
}

// is reports whether a value is true.
func is(v pcommon.Value) bool {
	return v.Type() == pcommon.ValueTypeBool && v.Bool()
}

// intern returns a text that many events have, once in memory.
func intern(s string) string {
	if s == "" {
		return ""
	}
	return unique.Make(s).Value()
}
