// SPDX-License-Identifier: Apache-2.0

// The fields of a flow that a client asks for.

package observer

import (
	"fmt"
	"slices"
	"strings"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"github.com/cilium/cilium/pkg/hubble/parser/fieldmask"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/convert"
)

// newerPaths are the paths to fields that came after the release of Cilium's API packages that the project uses, by the message that has them.
var newerPaths = map[string][]string{
	"":        {"ip_trace_id", "ip_trace_id.trace_id", "ip_trace_id.ip_option_type"},
	"l4":      {"l4.VRRP", "l4.VRRP.type", "l4.VRRP.vrid", "l4.VRRP.priority", "l4.IGMP", "l4.IGMP.type", "l4.IGMP.group_address"},
	"l4.SCTP": {"l4.SCTP.chunk_type"},
	"tunnel":  {"tunnel.vni"},
}

// emptyPaths are such paths to fields that no flow here has.
var emptyPaths = []string{"emitter", "emitter.name", "emitter.version", "aggregate"}

// mask has the fields that a client asks for.
type mask struct {
	known fieldmask.FieldMask
	newer map[string]bool // messages whose unknown fields are asked for
}

// newMask makes a mask, nil for none.
func newMask(paths *fieldmaskpb.FieldMask) (*mask, error) {
	if len(paths.GetPaths()) == 0 {
		return nil, nil
	}
	m := &mask{newer: map[string]bool{}}
	known := &fieldmaskpb.FieldMask{}
	for _, path := range paths.GetPaths() {
		is := slices.Contains(emptyPaths, path)
		for message, newer := range newerPaths {
			if slices.Contains(newer, path) {
				m.newer[message], is = true, true
			}
		}
		if !is {
			known.Paths = append(known.Paths, path)
		}
	}
	for message := range m.newer { // who asks for the whole message gets its unknown fields, and the message is the ring's
		if slices.ContainsFunc(known.Paths, func(path string) bool { return path == message || strings.HasPrefix(message, path+".") }) {
			delete(m.newer, message)
		}
	}
	var err error
	if m.known, err = fieldmask.New(known); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.Join(known.Paths, ", "))
	}
	return m, nil
}

// apply returns a flow with the fields that are asked for. It shares memory with f, which it does not change.
func (m *mask) apply(f *flowpb.Flow) *flowpb.Flow {
	to := &flowpb.Flow{}
	project(to.ProtoReflect(), f.ProtoReflect(), m.known)
	if m.newer[""] {
		if id, ok := unknownField(f, convert.FieldIPTraceID); ok {
			to.ProtoReflect().SetUnknown(append(protowire.AppendTag(nil, convert.FieldIPTraceID, protowire.BytesType), id...))
		}
	}
	if t := f.GetTunnel(); m.newer["tunnel"] && t != nil {
		if to.Tunnel == nil {
			to.Tunnel = &flowpb.Tunnel{}
		}
		unknown(to.Tunnel.ProtoReflect(), t.ProtoReflect())
	}
	if l4 := f.GetL4(); m.newer["l4"] && l4 != nil {
		if to.L4 == nil {
			to.L4 = &flowpb.Layer4{}
		}
		unknown(to.L4.ProtoReflect(), l4.ProtoReflect())
	}
	if sctp := f.GetL4().GetSCTP(); m.newer["l4.SCTP"] && sctp != nil {
		if to.L4 == nil {
			to.L4 = &flowpb.Layer4{}
		}
		if to.L4.GetSCTP() == nil {
			to.L4.Protocol = &flowpb.Layer4_SCTP{SCTP: &flowpb.SCTP{}}
		}
		unknown(to.L4.GetSCTP().ProtoReflect(), sctp.ProtoReflect())
	}
	return to
}

// unknown copies the unknown fields of a message.
func unknown(to, from protoreflect.Message) { to.SetUnknown(from.GetUnknown()) }

// project copies fields. As in Hubble, a message that is asked for in part is there even if it is empty. But one of several alternatives, such as
// the header of a protocol, is there only in a flow that has it.
func project(to, from protoreflect.Message, fields fieldmask.FieldMask) {
	descriptors := from.Descriptor().Fields()
	for name, inner := range fields {
		d := descriptors.ByName(protoreflect.Name(name))
		switch {
		case len(inner) == 0:
			if from.Has(d) {
				to.Set(d, from.Get(d))
			}
		case d.ContainingOneof() == nil || from.Has(d):
			project(to.Mutable(d).Message(), from.Get(d).Message(), inner)
		}
	}
}
