// SPDX-License-Identifier: Apache-2.0

package flow_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// Observation points, by bpf/lib/trace.h.
const (
	toEndpoint, toProxy, toHost, toStack, toOverlay                               = 0, 1, 2, 3, 4
	fromEndpoint, fromProxy, fromHost, fromStack, fromOverlay, fromNetwork, toNet = 5, 6, 7, 8, 9, 10, 11
	fromCrypto, toCrypto                                                          = 12, 13
	reasonNew, reasonEstablished, reasonReply, reasonUnknown, reasonSRv6          = 0, 1, 2, 5, 6
)

// both are the directions of an event, the packet's and the connection's.
type both struct{ packet, connection flow.Direction }

const none, in, out = flow.DirectionUnknown, flow.DirectionIngress, flow.DirectionEgress

// The endpoint that reports is 10 throughout; a pod's identity is 1001, the world's 2.
func TestATraceSaysWhichWayThePacketAndItsConnectionGo(t *testing.T) {
	tests := map[string]struct {
		trace mt.Trace
		want  both
	}{
		"from the endpoint":                    {mt.Trace{Point: fromEndpoint, Reason: reasonNew}, both{out, out}},
		"reply from the endpoint":              {mt.Trace{Point: fromEndpoint, Reason: reasonReply}, both{out, in}},
		"from the endpoint, unknown reason":    {mt.Trace{Point: fromEndpoint, Reason: reasonUnknown}, both{out, none}},
		"to the endpoint":                      {mt.Trace{Point: toEndpoint, Reason: reasonEstablished, DstID: 10}, both{in, in}},
		"reply to the endpoint":                {mt.Trace{Point: toEndpoint, Reason: reasonReply, DstID: 10}, both{in, out}},
		"to another endpoint":                  {mt.Trace{Point: toEndpoint, Reason: reasonEstablished, DstID: 11}, both{none, none}},
		"to the endpoint, its original source": {mt.Trace{Version: 1, Point: toEndpoint, Reason: reasonNew, DstID: 10, OrigIP: src4}, both{in, in}},
		"to the stack":                         {mt.Trace{Point: toStack, Reason: reasonNew, SrcLabel: 1001, DstLabel: 2}, both{out, out}},
		"reply to the stack":                   {mt.Trace{Point: toStack, Reason: reasonReply, SrcLabel: 1001, DstLabel: 2}, both{out, in}},
		"to the host's stack":                  {mt.Trace{Point: toStack, Reason: reasonNew, SrcLabel: 2, IfIndex: 4}, both{none, none}},
		"to the overlay":                       {mt.Trace{Point: toOverlay, Reason: reasonEstablished, SrcLabel: 1001}, both{out, out}},
		"reply to the overlay":                 {mt.Trace{Point: toOverlay, Reason: reasonReply, SrcLabel: 1001}, both{out, in}},
		"to the overlay, unknown reason":       {mt.Trace{Point: toOverlay, Reason: reasonUnknown, SrcLabel: 1001}, both{out, none}},
		"to the network":                       {mt.Trace{Point: toNet, Reason: reasonNew}, both{out, out}},
		"reply to the network":                 {mt.Trace{Point: toNet, Reason: reasonReply}, both{out, in}},
		"to the host":                          {mt.Trace{Point: toHost, Reason: reasonNew, DstLabel: 1}, both{out, out}},
		"reply to the host":                    {mt.Trace{Point: toHost, Reason: reasonReply, DstLabel: 1}, both{out, in}},
		"to encryption":                        {mt.Trace{Point: toCrypto, Reason: reasonNew}, both{out, out}},
		"to the proxy of who sent it":          {mt.Trace{Version: 1, Point: toProxy, Reason: reasonNew, DstID: 15001, SrcLabel: 1001}, both{out, out}},
		"reply to the proxy of who sent it":    {mt.Trace{Version: 1, Point: toProxy, Reason: reasonReply, SrcLabel: 1001}, both{out, in}},
		"to the proxy of whom it is for":       {mt.Trace{Version: 1, Point: toProxy, Reason: reasonNew, SrcLabel: 2, DstLabel: 1001, OrigIP: src4}, both{in, in}},
		"to a proxy of one of the two":         {mt.Trace{Point: toProxy, Reason: reasonNew, SrcLabel: 2, DstLabel: 1001}, both{none, none}},
		"to the host's proxy":                  {mt.Trace{Version: 1, Point: toProxy, Reason: reasonNew, SrcLabel: 2, IfIndex: 4}, both{none, none}},
		"from the stack":                       {mt.Trace{Point: fromStack, Reason: reasonEstablished, DstID: 10}, both{in, in}},
		"from the proxy to the endpoint":       {mt.Trace{Point: fromProxy, Reason: reasonReply, DstID: 10}, both{in, out}},
		"from the proxy":                       {mt.Trace{Point: fromProxy, Reason: reasonUnknown}, both{none, none}},
		"from the host":                        {mt.Trace{Point: fromHost, Reason: reasonUnknown}, both{none, none}},
		"from the overlay":                     {mt.Trace{Point: fromOverlay, Reason: reasonUnknown}, both{none, none}},
		"from the network":                     {mt.Trace{Point: fromNetwork, Reason: reasonNew}, both{none, none}},
		"from decryption":                      {mt.Trace{Point: fromCrypto, Reason: reasonUnknown}, both{none, none}},
		"at a point of the future":             {mt.Trace{Point: 99, Reason: reasonNew}, both{none, none}},
		"translated on its way out":            {mt.Trace{Version: 1, Point: toNet, Reason: reasonReply, OrigIP: src4}, both{out, out}},
		"translated, unknown reason":           {mt.Trace{Version: 1, Point: toStack, Reason: reasonUnknown, OrigIP: src4}, both{none, none}},
		"into SRv6":                            {mt.Trace{Point: toStack, Reason: reasonSRv6, DstLabel: 2}, both{out, out}},
		"reserved reason 8 of 1.19":            {mt.Trace{Version: 2, Point: toStack, Reason: 8}, both{none, none}},
		"encrypted overlay of up to 1.18":      {mt.Trace{Version: 1, Point: toStack, Reason: 8}, both{none, out}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.trace.Capture = mt.Capture{Source: 10, Packet: tcp4(mt.ACK)}
			f := decode(t, tt.trace.Bytes())
			assert.Equal(t, tt.want, both{f.PacketDirection, f.Direction})
			tt.trace.Source = 0
			assert.Equal(t, none, decode(t, tt.trace.Bytes()).Direction, "no endpoint reports")
		})
	}
}

// A trace from an endpoint is taken before connection tracking. What opens a connection, and what answers that, shows it.
func TestAPacketMayShowThatItIsAReply(t *testing.T) {
	icmp := func(typ uint8) []byte {
		return mt.Ethernet(mt.EtherIPv4, mt.IPv4(src4, dst4, mt.ProtoICMP, mt.ICMP(typ, 0, nil)))
	}
	icmp6 := func(typ uint8) []byte {
		return mt.Ethernet(mt.EtherIPv6, mt.IPv6(src6, dst6, 58, mt.ICMP(typ, 0, nil)))
	}
	sctp := func(chunk uint8) []byte {
		return mt.Ethernet(mt.EtherIPv4, mt.IPv4(src4, dst4, mt.ProtoSCTP, mt.SCTP(1, 2, chunk)))
	}
	for name, tt := range map[string]struct {
		packet []byte
		want   flow.Direction
	}{
		"SYN": {tcp4(mt.SYN), out}, "SYN, ACK": {tcp4(mt.SYN | mt.ACK), in}, "ACK": {tcp4(mt.ACK), none}, "RST": {tcp4(mt.RST), none},
		"echo": {icmp(8), out}, "echo reply": {icmp(0), in}, "unreachable": {icmp(3), none},
		"echo of IPv6": {icmp6(128), out}, "echo reply of IPv6": {icmp6(129), in}, "neighbour": {icmp6(135), none},
		"INIT": {sctp(1), out}, "INIT ACK": {sctp(2), in}, "DATA": {sctp(0), none},
		"UDP":     {mt.Ethernet(mt.EtherIPv4, mt.IPv4(src4, dst4, mt.ProtoUDP, mt.UDP(5353, 53, nil))), none},
		"nothing": {nil, none},
	} {
		c := mt.Capture{Source: 10, Packet: tt.packet}
		from := decode(t, mt.Trace{Capture: c, Point: fromEndpoint, Reason: reasonUnknown}.Bytes())
		assert.Equal(t, both{out, tt.want}, both{from.PacketDirection, from.Direction}, name)
		assert.Equal(t, flow.Unknown, from.Reply, "%s: is_reply is connection tracking's", name)
		known := decode(t, mt.Trace{Capture: c, Point: fromEndpoint, Reason: reasonReply}.Bytes())
		assert.Equal(t, in, known.Direction, "%s: connection tracking knows better", name)
	}
}

func TestADropSaysWhichWayThePacketWent(t *testing.T) {
	const host, pods, library = 1, 2, 104
	for name, tt := range map[string]struct {
		drop  mt.Drop
		flags uint16
		want  both
	}{
		"at whom it was for":            {mt.Drop{DstID: 10, File: library}, mt.ACK, both{in, in}},
		"a reply at whom it was for":    {mt.Drop{DstID: 10, File: pods}, mt.SYN | mt.ACK, both{in, out}},
		"at the pod that sent it":       {mt.Drop{File: pods}, mt.SYN, both{out, out}},
		"for a pod beside it":           {mt.Drop{File: pods, DstID: 11}, mt.ACK, both{out, out}},
		"a reply at the pod that sent":  {mt.Drop{File: pods}, mt.SYN | mt.ACK, both{out, in}},
		"in the host's program":         {mt.Drop{File: host}, mt.SYN, both{none, none}},
		"in what all programs share":    {mt.Drop{File: library}, mt.SYN, both{none, none}},
		"without a known file, version": {mt.Drop{Version: 3, File: 0}, mt.SYN, both{none, none}},
	} {
		tt.drop.Capture = mt.Capture{Source: 10, Packet: tcp4(tt.flags)}
		f := decode(t, tt.drop.Bytes())
		assert.Equal(t, tt.want, both{f.PacketDirection, f.Direction}, name)
		tt.drop.Source = 0
		f = decode(t, tt.drop.Bytes())
		assert.Equal(t, both{none, none}, both{f.PacketDirection, f.Direction}, "%s, no endpoint", name)
	}
}

func TestTheDirectionsOfOtherEvents(t *testing.T) {
	c := mt.Capture{Source: 10, Packet: tcp4(mt.SYN | mt.ACK)}
	for name, tt := range map[string]struct {
		record []byte
		want   both
	}{
		"verdict on what comes in":   {mt.PolicyVerdict{Capture: c, Direction: 1}.Bytes(), both{in, in}},
		"denial of what goes out":    {mt.PolicyVerdict{Capture: c, Direction: 2, Verdict: -133}.Bytes(), both{out, out}},
		"recorder, ingress":          {mt.Recorder{Ingress: true, Packet: tcp4(mt.ACK)}.Bytes(), both{in, in}},
		"recorder, egress":           {mt.Recorder{Packet: tcp4(mt.ACK)}.Bytes(), both{out, out}},
		"capture":                    {mt.DebugCapture{Capture: c, Point: 4}.Bytes(), both{none, none}},
		"debug message":              {mt.Debug{Source: 10, SubType: 14}.Bytes(), both{none, none}},
		"drop of the packet monitor": {mt.PacketMonitor{Packet: tcp4(mt.SYN), PacketType: 1, Direction: 1}.Bytes(), both{none, none}},
		"socket":                     {mt.TraceSock{Point: 2, DstIP: dst4}.Bytes(), both{none, none}},
	} {
		f := decode(t, tt.record)
		assert.Equal(t, tt.want, both{f.PacketDirection, f.Direction}, name)
	}
}
