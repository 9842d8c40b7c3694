// SPDX-License-Identifier: Apache-2.0

// Fields of Hubble's flow that came after the release of Cilium's API packages that the project uses. They are written in protobuf's wire form,
// as fields that the packages do not know: they send them on unchanged. The numbers are those of flow.proto in Cilium 1.20.1.

package convert

import (
	flowpb "github.com/cilium/cilium/api/v1/flow"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Field numbers.
const (
	FieldIPTraceID = 40 // of Flow
	FieldVRRP      = 6  // of Layer4
	FieldIGMP      = 7
	fieldVNI       = 4 // of Tunnel
	fieldChunk     = 3 // of SCTP
)

// add adds a field to those that a message does not know.
func add(m proto.Message, field []byte) {
	r := m.ProtoReflect()
	r.SetUnknown(append(r.GetUnknown(), field...))
}

// varint appends a number, nothing when it is 0.
func varint(to []byte, field protowire.Number, n uint64) []byte {
	if n == 0 {
		return to
	}
	return protowire.AppendVarint(protowire.AppendTag(to, field, protowire.VarintType), n)
}

// message returns a message as a field.
func message(field protowire.Number, inner []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), inner)
}

func setIPTraceID(f *flowpb.Flow, id uint64) { add(f, message(FieldIPTraceID, varint(nil, 1, id))) }

func setVNI(t *flowpb.Tunnel, vni uint32) { add(t, varint(nil, fieldVNI, uint64(vni))) }

func setVRRP(f *flowpb.Flow, typ, router, priority uint32) {
	f.L4 = &flowpb.Layer4{}
	add(f.L4, message(FieldVRRP, varint(varint(varint(nil, 1, uint64(typ)), 2, uint64(router)), 3, uint64(priority))))
}

func setIGMP(f *flowpb.Flow, typ uint32, group string) {
	f.L4 = &flowpb.Layer4{}
	inner := varint(nil, 1, uint64(typ))
	if group != "" {
		inner = protowire.AppendString(protowire.AppendTag(inner, 2, protowire.BytesType), group)
	}
	add(f.L4, message(FieldIGMP, inner))
}

// chunks has the numbers of flow.proto's SCTPChunkType.
var chunks = map[string]uint64{"INIT": 1, "INIT_ACK": 2, "SHUTDOWN": 3, "SHUTDOWN_ACK": 4, "SHUTDOWN_COMPLETE": 5, "ABORT": 6}

func setChunk(s *flowpb.SCTP, name string) { add(s, varint(nil, fieldChunk, chunks[name])) }
