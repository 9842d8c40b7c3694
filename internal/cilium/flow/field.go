// SPDX-License-Identifier: Apache-2.0

// The fields of a notification that are shown unchanged. Their places in Hubble's JSON, in its line and in a mask follow from the tables
// of package monitor.

package flow

import (
	"slices"
	"strconv"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Field is a field of one type of notification.
type Field struct {
	monitor.Field
	Type  monitor.MessageType
	Value func(*Flow) uint64 // of a flow of that type
}

// ownFields has all of them.
var ownFields = slices.Concat(
	fieldsOf(monitor.TypeDrop, func(f *Flow) *monitor.Drop { return &f.Drop }),
	fieldsOf(monitor.TypeTrace, func(f *Flow) *monitor.Trace { return &f.Trace }),
	fieldsOf(monitor.TypePolicyVerdict, func(f *Flow) *monitor.PolicyVerdict { return &f.Policy }),
	fieldsOf(monitor.TypeTraceSock, func(f *Flow) *monitor.TraceSock { return &f.Sock }),
	fieldsOf(monitor.TypeRecorder, func(f *Flow) *monitor.Recorder { return &f.Recorder }),
	fieldsOf(monitor.TypePacketMonitorDrop, func(f *Flow) *monitor.PacketMonitor { return &f.Pktmon }),
)

func fieldsOf[N interface{ Fields() []monitor.FieldOf[N] }](t monitor.MessageType, of func(*Flow) *N) (fields []Field) {
	var n N
	for _, field := range n.Fields() {
		fields = append(fields, Field{field.Field, t, func(f *Flow) uint64 { return field.Value(of(f)) }})
	}
	return fields
}

// FieldsOf returns the fields that a type of notification has for itself.
func FieldsOf(t monitor.MessageType) (fields []Field) {
	for _, field := range ownFields {
		if field.Type == t {
			fields = append(fields, field)
		}
	}
	return fields
}

// Name returns the name of a value of an enumeration, or its number where it has none.
func (f *Field) Name(value uint64) string { return nameOf(f.Names, value) }

// append appends a value as the line has it.
func (f *Field) append(dst []byte, value uint64) []byte {
	if value < uint64(len(f.Names)) {
		return append(dst, f.Names[value]...)
	}
	return strconv.AppendUint(dst, value, 10)
}

// json writes the field where the flow has it.
func (f *Field) json(flow *Flow, w object, _ export) object {
	if flow.Type != f.Type {
		return w
	}
	value := f.Value(flow)
	if value == 0 {
		return w
	}
	name, inner, nested := strings.Cut(f.Hubble, ".")
	if nested {
		w = w.open(name)
		name = inner
	}
	switch {
	case f.Names != nil:
		w = w.enum(name, f.Name(value))
	case f.Long:
		w = w.long(name, value)
	default:
		w = w.number(name, value)
	}
	if nested {
		w = w.close()
	}
	return w
}

// withOwnFields puts the fields of notifications among the others: each in its place if Hubble's flow is known to have it, otherwise behind the
// one that flow.proto declares before it.
func withOwnFields(fields []field) []field {
	for i := range ownFields {
		own := &ownFields[i]
		if own.Hubble == "" {
			continue
		}
		name, _, nested := strings.Cut(own.Hubble, ".")
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if at < 0 {
			at = 1 + slices.IndexFunc(fields, func(f field) bool { return f.name == own.After })
			fields = slices.Insert(fields, at, field{name: name})
			if nested {
				fields[at].message = name
			}
		}
		if others := fields[at].json; others != nil { // those of other notifications
			fields[at].json = func(f *Flow, w object, e export) object { return own.json(f, others(f, w, e), e) }
		} else {
			fields[at].json = own.json
		}
	}
	return fields
}

// withOwnMessages adds the messages of the fields that withOwnFields adds.
func withOwnMessages(messages map[string]string) map[string]string {
	for i := range ownFields {
		if name, inner, nested := strings.Cut(ownFields[i].Hubble, "."); nested {
			messages[name] = strings.TrimSpace(inner + " " + ownFields[i].Others)
		}
	}
	return messages
}

// lineFields are the fields of notifications that a line shows, by type. The types above the last are not decoded.
type lineFields [monitor.TypePacketMonitorDrop + 1][]*Field

// allLineFields are those of a line without a mask.
var allLineFields = lineFieldsOf(func(string) bool { return true })

// lineFieldsOf returns the fields that are wanted.
func lineFieldsOf(wanted func(path string) bool) (all lineFields) {
	for i := range ownFields {
		if f := &ownFields[i]; (f.Head != "" || f.Tail != "") && wanted(f.Hubble) {
			all[f.Type] = append(all[f.Type], f)
		}
	}
	return all
}

// of returns the fields of a type.
func (l *lineFields) of(t monitor.MessageType) []*Field {
	if int(t) < len(l) {
		return l[t]
	}
	return nil
}
