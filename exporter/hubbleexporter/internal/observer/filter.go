// SPDX-License-Identifier: Apache-2.0

// Hubble's filters, with those that came after the release of Cilium's packages that the project uses.

package observer

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	v1 "github.com/cilium/cilium/pkg/hubble/api/v1"
	"github.com/cilium/cilium/pkg/hubble/filters"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/convert"
)

// Field numbers of FlowFilter in Cilium 1.20.1.
const (
	filterIPTraceID = 39
	filterEncrypted = 40
)

// filterList returns all filters but those by expressions. Those that a filter has no value for are left out when it is built.
func filterList() (list []filters.OnBuildFilter) {
	for _, f := range filters.DefaultFilters(slog.New(slog.DiscardHandler)) {
		switch f.(type) {
		case *filters.ProtocolFilter:
			list = append(list, filters.OnBuildFilterFunc(protocolFilter))
		case *filters.CELExpressionFilter:
		default:
			list = append(list, f)
		}
	}
	return append(list, filters.OnBuildFilterFunc(newerFilters))
}

// protocolFilter is Hubble's filter by protocol, with VRRP and IGMP.
func protocolFilter(ctx context.Context, ff *flowpb.FlowFilter) ([]filters.FilterFunc, error) {
	var newer []protowire.Number
	known := &flowpb.FlowFilter{}
	for _, protocol := range ff.GetProtocol() {
		switch strings.ToLower(protocol) {
		case "vrrp":
			newer = append(newer, convert.FieldVRRP)
		case "igmp":
			newer = append(newer, convert.FieldIGMP)
		default:
			known.Protocol = append(known.Protocol, protocol)
		}
	}
	list, err := (&filters.ProtocolFilter{}).OnBuildFilter(ctx, known)
	if err != nil || len(newer) == 0 {
		return list, err
	}
	return []filters.FilterFunc{func(e *v1.Event) bool {
		if len(known.Protocol) > 0 && filters.FilterFuncs(list).MatchAll(e) {
			return true
		}
		l4 := e.GetFlow().GetL4()
		return l4 != nil && slices.ContainsFunc(newer, func(n protowire.Number) bool { _, ok := unknownField(l4, n); return ok })
	}}, nil
}

// newerFilters are the filters of FlowFilter's fields that this release does not know. One that is not known here is refused: without it more
// would pass than the client has asked for.
func newerFilters(_ context.Context, ff *flowpb.FlowFilter) (list []filters.FilterFunc, err error) {
	if name := unknownInside(ff.ProtoReflect()); name != "" {
		return nil, status.Errorf(codes.InvalidArgument, "this server does not know a field of %s", name)
	}
	var ids, encrypted []uint64
	for rest := []byte(ff.ProtoReflect().GetUnknown()); len(rest) > 0; {
		number, typ, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return nil, status.Error(codes.InvalidArgument, "malformed filter")
		}
		size := protowire.ConsumeFieldValue(number, typ, rest[n:])
		if size < 0 {
			return nil, status.Error(codes.InvalidArgument, "malformed filter")
		}
		value := rest[n : n+size]
		rest = rest[n+size:]
		switch number {
		case filterIPTraceID:
			ids = appendNumbers(ids, typ, value)
		case filterEncrypted:
			encrypted = appendNumbers(encrypted, typ, value)
		default:
			return nil, status.Error(codes.InvalidArgument, fmt.Sprintf("this server does not know field %d of FlowFilter", number))
		}
	}
	if ids != nil {
		list = append(list, func(e *v1.Event) bool {
			var id uint64
			if f := e.GetFlow(); f != nil {
				id = ipTraceID(f)
			}
			return slices.Contains(ids, id)
		})
	}
	if encrypted != nil {
		list = append(list, func(e *v1.Event) bool {
			f := e.GetFlow()
			return f != nil && slices.ContainsFunc(encrypted, func(n uint64) bool { return n != 0 == f.GetIP().GetEncrypted() })
		})
	}
	return list, nil
}

// unknownInside returns the name of a message within a message that has a field that its type does not have, "" if there is none.
func unknownInside(m protoreflect.Message) (name protoreflect.FullName) {
	look := func(inner protoreflect.Message) {
		if name = cmp.Or(name, unknownInside(inner)); len(inner.GetUnknown()) > 0 {
			name = inner.Descriptor().FullName()
		}
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				look(value.List().Get(i).Message())
			}
		default:
			look(value.Message())
		}
		return name == ""
	})
	return name
}

// appendNumbers appends the numbers of a repeated field, packed or not.
func appendNumbers(to []uint64, typ protowire.Type, value []byte) []uint64 {
	if typ == protowire.BytesType {
		value, _ = protowire.ConsumeBytes(value)
	} else if typ != protowire.VarintType {
		return to
	}
	for len(value) > 0 {
		v, n := protowire.ConsumeVarint(value)
		if n < 0 {
			break
		}
		to, value = append(to, v), value[n:]
	}
	return to
}

// ipTraceID returns the trace id of a flow, 0 for none.
func ipTraceID(f *flowpb.Flow) uint64 {
	field, ok := unknownField(f, convert.FieldIPTraceID)
	if !ok {
		return 0
	}
	message, _ := protowire.ConsumeBytes(field)
	for len(message) > 0 {
		number, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			break
		}
		if number == 1 && typ == protowire.VarintType {
			v, _ := protowire.ConsumeVarint(message[n:])
			return v
		}
		size := protowire.ConsumeFieldValue(number, typ, message[n:])
		if size < 0 {
			break
		}
		message = message[n+size:]
	}
	return 0
}

// unknownField returns the value of a field that a message's type does not have, without its tag.
func unknownField(m proto.Message, want protowire.Number) ([]byte, bool) {
	for rest := []byte(m.ProtoReflect().GetUnknown()); len(rest) > 0; {
		number, typ, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return nil, false
		}
		size := protowire.ConsumeFieldValue(number, typ, rest[n:])
		if size < 0 {
			return nil, false
		}
		if number == want {
			return rest[n : n+size], true
		}
		rest = rest[n+size:]
	}
	return nil, false
}

// lostEvent returns the events that a client has missed. The times are fields of a later release.
func lostEvent(count uint64, first, last time.Time) *flowpb.LostEvent {
	lost := &flowpb.LostEvent{Source: flowpb.LostEventSource_HUBBLE_RING_BUFFER, NumEventsLost: count}
	var times []byte
	for i, t := range []time.Time{first, last} {
		raw, err := proto.Marshal(timestamppb.New(t))
		if err != nil {
			return lost
		}
		times = protowire.AppendBytes(protowire.AppendTag(times, protowire.Number(4+i), protowire.BytesType), raw)
	}
	lost.ProtoReflect().SetUnknown(times)
	return lost
}
