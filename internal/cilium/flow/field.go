// SPDX-License-Identifier: Apache-2.0

// The fields of a notification that are shown unchanged. Their places in Hubble's JSON, in its line and in a mask follow from the tables
// of package monitor.

package flow

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// Field is a field of one type of notification. It has one of the two functions, and reads flows of that type.
type Field struct {
	monitor.Field
	Type    monitor.MessageType
	Value   func(*Flow) uint64
	Address func(*Flow) *netip.Addr // in the flow
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
		own := Field{Field: field.Field, Type: t}
		if field.Address != nil {
			own.Address = func(f *Flow) *netip.Addr { return field.Address(of(f)) }
		} else {
			own.Value = func(f *Flow) uint64 { return field.Value(of(f)) }
		}
		fields = append(fields, own)
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

// ReplaceOwnAddresses replaces the addresses among the fields that the flow's notification has for itself. An address that is not valid is given
// to the function, too.
func (f *Flow) ReplaceOwnAddresses(with func(netip.Addr) netip.Addr) {
	f.replaceAddresses(ownFields, with)
}

func (f *Flow) replaceAddresses(fields []Field, with func(netip.Addr) netip.Addr) {
	for i := range fields {
		if own := &fields[i]; own.Type == f.Type && own.Address != nil {
			addr := own.Address(f)
			*addr = with(*addr)
		}
	}
}

// Name returns the name of a value of an enumeration, or its number where it has none.
func (f *Field) Name(value uint64) string { return nameOf(f.Names, value) }

// has reports whether a flow of the field's type has a value.
func (f *Field) has(flow *Flow) bool {
	if f.Address != nil {
		return f.Address(flow).IsValid()
	}
	return f.Value(flow) != 0
}

// append appends the value as the line has it.
func (f *Field) append(dst []byte, flow *Flow) []byte {
	if f.Address != nil {
		return appendAddress(dst, *f.Address(flow))
	}
	value := f.Value(flow)
	switch {
	case f.Bool:
		return strconv.AppendBool(dst, value != 0)
	case value < uint64(len(f.Names)):
		return append(dst, f.Names[value]...)
	}
	return strconv.AppendUint(dst, value, 10)
}

// json writes the value under a name.
func (f *Field) json(flow *Flow, w object, name string) object {
	if f.Address != nil {
		return w.address(name, *f.Address(flow))
	}
	value := f.Value(flow)
	switch {
	case f.Bool:
		return w.bool(name, value != 0)
	case f.Names != nil:
		return w.enum(name, f.Name(value))
	case f.Long:
		return w.long(name, value)
	}
	return w.number(name, value)
}

// member is the fields of notifications that share a member of Hubble's flow: the same field of several types, or the fields of one message.
type member struct {
	fields []*Field
	others fieldWriter // writes the fields of the same message that are not of the tables; may be nil
}

// json writes the fields that the flow has. A message is opened once.
func (m *member) json(flow *Flow, w object, e export) object {
	open := false
	if m.others != nil {
		before := len(w)
		if w = m.others(flow, w, e); len(w) > before {
			w, open = w[:len(w)-1], true // without the message's closing brace
		}
	}
	for _, f := range m.fields {
		if flow.Type != f.Type || !f.has(flow) {
			continue
		}
		name, inner, nested := strings.Cut(f.Hubble, ".")
		if nested {
			if !open {
				w, open = w.open(name), true
			}
			name = inner
		}
		w = f.json(flow, w, name)
	}
	if open {
		w = w.close()
	}
	return w
}

// withOwnFields puts the fields of notifications among the others: each in its place if Hubble's flow is known to have it, otherwise behind the
// one that flow.proto declares before it.
func withOwnFields(fields []field, ownFields []Field) []field {
	members := map[string]*member{}
	for i := range ownFields {
		own := &ownFields[i]
		if own.Hubble == "" {
			continue
		}
		name, _, nested := strings.Cut(own.Hubble, ".")
		if m := members[name]; m != nil {
			m.fields = append(m.fields, own)
			continue
		}
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if at < 0 {
			at = 1 + slices.IndexFunc(fields, func(f field) bool { return f.name == own.After })
			fields = slices.Insert(fields, at, field{name: name})
			if nested {
				fields[at].message = name
			}
		}
		members[name] = &member{[]*Field{own}, fields[at].json}
		fields[at].json = members[name].json
	}
	return fields
}

// withOwnMessages adds to the messages the fields of notifications. fields are those of withOwnFields.
func withOwnMessages(messages map[string]string, fields []field, ownFields []Field) map[string]string {
	for i := range ownFields {
		name, inner, nested := strings.Cut(ownFields[i].Hubble, ".")
		if !nested {
			continue
		}
		message := fields[slices.IndexFunc(fields, func(f field) bool { return f.name == name })].message
		known := strings.Fields(messages[message])
		for _, add := range append([]string{inner}, strings.Fields(ownFields[i].Others)...) {
			if !slices.Contains(known, add) {
				known = append(known, add)
			}
		}
		messages[message] = strings.Join(known, " ")
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
