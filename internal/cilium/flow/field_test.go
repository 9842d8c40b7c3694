// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	mt "github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// A field of a notification stands behind the field that its table names, and no place is left to chance.
func TestAFieldOfANotificationHasItsPlaceInHubblesFlow(t *testing.T) {
	place := func(name string) int {
		return slices.IndexFunc(flowFields, func(f field) bool { return f.name == name })
	}
	for _, own := range ownFields {
		if own.Hubble == "" {
			require.Empty(t, own.After+own.Others+own.Head+own.Tail, own.Attribute)
			continue
		}
		name, _, _ := strings.Cut(own.Hubble, ".")
		require.GreaterOrEqual(t, place(own.After), 0, own.Hubble)
		require.Equal(t, place(own.After)+1, place(name), own.Hubble)
		require.NoError(t, checkPath(own.Hubble))
		for other := range strings.FieldsSeq(own.Others) {
			require.NoError(t, checkPath(name+"."+other))
		}
	}
	require.ErrorContains(t, checkPath("ip_trace_id.no"), "want one of trace_id, ip_option_type")
}

// Two kinds of notifications have the field. Each writes it, and the mask's path selects it in JSON and in the line.
func TestAFieldOfTwoNotificationsIsOneFieldOfTheFlow(t *testing.T) {
	at := time.Unix(1, 0)
	for name, b := range map[string][]byte{
		"drop":  mt.Drop{Version: 3, Reason: 133, IPTraceID: 7}.Bytes(),
		"trace": mt.Trace{Version: 2, Point: 3, IPTraceID: 7}.Bytes(),
	} {
		var n monitor.Notification
		require.NoError(t, monitor.Decoder{}.Decode(b, &n))
		var f Flow
		f.Decode(&n)
		for path, has := range map[string]bool{"ip_trace_id": true, "ip_trace_id.trace_id": true, "ip_trace_id.ip_option_type": false, "verdict": false} {
			m, err := NewMask([]string{path})
			require.NoError(t, err)
			require.Equal(t, has, strings.Contains(string(m.AppendHubbleJSON(nil, &f, "", at)), `"ip_trace_id":{"trace_id":"7"}`), "%s, %s", name, path)
			require.Equal(t, has, strings.Contains(string(m.AppendLine(nil, &f, at)), "(IP Trace ID: 7; )"), "%s, %s", name, path)
		}
		require.Equal(t, 1, strings.Count(string(f.AppendHubbleJSON(nil, "", at)), "ip_trace_id"))
	}
}

// laterDrop is a drop with fields that a later version might add.
type laterDrop monitor.Drop

func (laterDrop) Fields() []monitor.FieldOf[laterDrop] {
	line := func(d *laterDrop) uint64 { return uint64(d.Line) }
	return []monitor.FieldOf[laterDrop]{
		{Field: monitor.Field{Hubble: "new.value", After: "file", Others: "agent", Head: "New: "}, Value: line},
		{Field: monitor.Field{Hubble: "new.second", After: "file", Others: "agent other"}, Value: func(d *laterDrop) uint64 { return uint64(d.IfIndex) }},
		{Field: monitor.Field{Hubble: "new.yes", After: "file", Bool: true, Head: "Yes: "}, Value: func(d *laterDrop) uint64 { return uint64(d.File) }},
		{Field: monitor.Field{Hubble: "new.from", After: "file", Tail: "; From: "}, Address: func(d *laterDrop) *netip.Addr {
			if d.Flags == 0 {
				return &netip.Addr{}
			}
			addr := netip.AddrFrom4([4]byte{10, 0, 0, byte(d.Flags)})
			return &addr
		}},
		{Field: monitor.Field{Hubble: "file.extra", After: "trace_reason"}, Value: line}, // of a message that is written without it
	}
}

// addressedTrace is a trace whose address has a row.
type addressedTrace monitor.Trace

func (addressedTrace) Fields() []monitor.FieldOf[addressedTrace] {
	return []monitor.FieldOf[addressedTrace]{{Address: func(t *addressedTrace) *netip.Addr { return &t.OrigIP }}}
}

func TestAnAddressWithARowIsReplaced(t *testing.T) {
	own := fieldsOf(monitor.TypeTrace, func(f *Flow) *addressedTrace { return (*addressedTrace)(&f.Trace) })
	one, other := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	for kind, want := range map[monitor.MessageType]netip.Addr{monitor.TypeTrace: other, monitor.TypeDrop: one} {
		f := &Flow{Type: kind, Trace: monitor.Trace{OrigIP: one}}
		f.replaceAddresses(own, func(netip.Addr) netip.Addr { return other })
		require.Equal(t, want, f.Trace.OrigIP)
	}
}

func TestTwoFieldsOfOneMessageAreOneMessageOfTheFlow(t *testing.T) {
	own := fieldsOf(monitor.TypeDrop, func(f *Flow) *laterDrop { return (*laterDrop)(&f.Drop) })
	fields := withOwnFields([]field{
		{name: "trace_reason"},
		{name: "file", message: "FileInfo", json: func(f *Flow, w object, _ export) object {
			if f.Drop.ExtError != 0 {
				return w
			}
			return w.open("file").text("name", "bpf_lxc.c").close()
		}},
	}, own)
	written := func(f *Flow) string {
		w := object("{")
		for _, field := range fields {
			if field.json != nil {
				w = field.json(f, w, export{})
			}
		}
		w = w.close()
		require.True(t, json.Valid(w), "%s", w)
		return string(w)
	}
	drop := func(d monitor.Drop) *Flow { return &Flow{Type: monitor.TypeDrop, Drop: d} }
	for want, d := range map[string]monitor.Drop{
		`{"file":{"name":"bpf_lxc.c","extra":5},"new":{"value":5,"second":6,"yes":true,"from":"10.0.0.9"}}`: {Line: 5, IfIndex: 6, File: 1, Flags: 9},
		`{"file":{"name":"bpf_lxc.c"},"new":{"second":6}}`:                                                  {IfIndex: 6},
		`{"file":{"extra":5},"new":{"value":5}}`:                                                            {Line: 5, ExtError: 1},
		`{"file":{"name":"bpf_lxc.c"},"new":{"from":"10.0.0.9"}}`:                                           {Flags: 9},
		`{}`: {ExtError: 1},
	} {
		require.Equal(t, want, written(drop(d)))
	}
	require.Equal(t, `{"file":{"name":"bpf_lxc.c"}}`, written(&Flow{Type: monitor.TypeTrace, Drop: monitor.Drop{Line: 5}}))

	require.Equal(t, map[string]string{"FileInfo": "name line extra", "new": "value agent second other yes from"},
		withOwnMessages(map[string]string{"FileInfo": "name line"}, fields, own))

	var shown []*Field
	for i := range own {
		shown = append(shown, &own[i])
	}
	f := drop(monitor.Drop{Line: 5, File: 1, Flags: 9})
	line := string(f.appendFlowLine(nil, f, shown))
	require.Contains(t, line, "(New: 5; Yes: true; ")
	require.Contains(t, line, "; From: 10.0.0.9)")
}
