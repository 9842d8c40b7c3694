// SPDX-License-Identifier: Apache-2.0

// A field mask selects the fields of a flow that are written, as in Hubble's exporter (pkg/hubble/parser/fieldmask, Cilium 1.20.1). As there,
// it applies to flows only: debug messages, losses and raw events are written whole.
//
// It differs from Hubble's in one point. Hubble reuses one flow: if a packet's protocol has no field in the mask, the flow keeps the
// protocol of the packet before. Here such a packet has no protocol.

package flow

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Mask is a set of fields. It does not change, so that any number of goroutines may share one. A nil Mask has all fields.
type Mask struct {
	line *maskNode // the fields of an exporter's line; the flow is one of them
	flow *maskNode

	writers []fieldWriter             // write the fields that are in the mask, whole or in part
	fields  lineFields                // the fields of notifications that a line shows
	hidden  [L4IGMP + 1][]func(*Flow) // by the packet's protocol: take out the parts that a line does not show
}

// maskNode is a field in the mask. Without fields below it, the whole field is in the mask.
type maskNode struct {
	name   string
	oneOf  bool
	fields []*maskNode
}

// NewMask makes a mask of paths such as verdict, IP.source and l4.TCP.destination_port. It returns nil for no paths. The error names every path
// that is not a field, and the fields that are allowed in its place.
func NewMask(paths []string) (*Mask, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	m := &Mask{line: &maskNode{}, flow: &maskNode{name: "flow"}}
	var errs []error
	for _, path := range paths {
		if err := checkPath(path); err != nil {
			errs = append(errs, err)
			continue
		}
		m.flow.add(path)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	m.line.fields = []*maskNode{m.flow}
	for _, name := range []string{"node_name", "time"} { // the line repeats them
		if m.Has(name) {
			m.line.fields = append(m.line.fields, &maskNode{name: name})
		}
	}
	m.writers = writersOf(m.Has)
	m.fields = lineFieldsOf(m.Has)
	for protocol := range m.hidden {
		m.hidden[protocol] = m.notShown(L4Protocol(protocol))
	}
	return m, nil
}

// checkPath returns an error for a path that is not a field's.
func checkPath(path string) error {
	message, at := "Flow", ""
	for name := range strings.SplitSeq(path, ".") {
		if message == "" {
			return fmt.Errorf("%q: %s is taken whole; want %s", path, at, at)
		}
		inner, ok := fieldOf(message, name)
		if !ok {
			where := "a flow"
			if at != "" {
				where = at
			}
			return fmt.Errorf("%q: %q is no field of %s; want one of %s", path, name, where, fieldNames(message))
		}
		message, at = inner, strings.TrimPrefix(at+"."+name, ".")
	}
	return nil
}

// add adds the path of a field. A field that is in the mask whole stays whole.
func (n *maskNode) add(path string) {
	message := "Flow"
	for rest, more := path, true; more; {
		var name string
		name, rest, more = strings.Cut(rest, ".")
		next := n.field(name)
		if next != nil && len(next.fields) == 0 {
			return
		}
		if next == nil {
			next = &maskNode{name: name, oneOf: isOneOf(message, name)}
			n.fields = append(n.fields, next)
		}
		if !more {
			next.fields = nil
		}
		n = next
		message, _ = fieldOf(message, name)
	}
}

// field returns the field with that name, nil when it is not in the mask.
func (n *maskNode) field(name string) *maskNode {
	for _, f := range n.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// Has reports whether the mask has the field at a path, or a field below it.
func (m *Mask) Has(path string) bool {
	n := m.flow
	for name := range strings.SplitSeq(path, ".") {
		if n = n.field(name); n == nil {
			return false
		}
		if len(n.fields) == 0 {
			return true
		}
	}
	return true
}

// masks reports whether the mask applies to the event.
func (m *Mask) masks(f *Flow) bool {
	return m != nil && (f.Class == ClassPacket || f.Class == ClassSocket)
}

// AppendHubbleJSON appends the exporter's line for the event with the fields of the mask, see Flow.AppendHubbleJSON.
func (m *Mask) AppendHubbleJSON(dst []byte, f *Flow, nodeName string, ts time.Time) []byte {
	if !m.masks(f) {
		return f.AppendHubbleJSON(dst, nodeName, ts)
	}
	begun := len(dst)
	dst = f.appendJSON(dst, m.writers, export{nodeName, ts})
	whole := dst[begun:]
	dst, _ = m.line.appendJSON(dst, whole)
	n := copy(dst[begun:], dst[begun+len(whole):])
	return dst[:begun+n]
}

// appendJSON appends an object with the fields of the mask and returns the bytes after the object. As in Hubble, a field that is in the mask in
// part is written even if the flow has nothing of it.
func (n *maskNode) appendJSON(dst, object []byte) (masked, rest []byte) {
	dst = append(dst, '{')
	begun := len(dst)
	var seen uint64 // a bit for each of n.fields
	rest = object[1:]
	for rest[0] != '}' {
		if rest[0] == ',' {
			rest = rest[1:]
		}
		colon := bytes.IndexByte(rest, ':') // a name has no colon
		name := rest[1 : colon-1]
		rest = rest[colon+1:]
		i := slices.IndexFunc(n.fields, func(f *maskNode) bool { return f.name == string(name) })
		if i < 0 {
			rest = rest[jsonValue(rest):]
			continue
		}
		seen |= 1 << i
		dst = appendName(dst, begun, n.fields[i].name)
		if f := n.fields[i]; len(f.fields) > 0 {
			dst, rest = f.appendJSON(dst, rest)
		} else {
			end := jsonValue(rest)
			dst, rest = append(dst, rest[:end]...), rest[end:]
		}
	}
	for i, f := range n.fields {
		if seen&(1<<i) == 0 && len(f.fields) > 0 && !f.oneOf {
			dst = appendName(dst, begun, f.name)
			dst, _ = f.appendJSON(dst, []byte("{}"))
		}
	}
	return append(dst, '}'), rest[1:]
}

// appendName appends a member's name, with a comma before it unless it is the first.
func appendName(dst []byte, begun int, name string) []byte {
	if len(dst) > begun {
		dst = append(dst, ',')
	}
	return append(append(append(dst, '"'), name...), '"', ':')
}

// jsonValue returns the length of the JSON value at the beginning of b, which is well-formed and has no spaces.
func jsonValue(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']', ',':
			if depth == 0 {
				return i
			}
			if b[i] != ',' {
				depth--
			}
		}
	}
	return len(b)
}

// AppendLine appends the line that `hubble observe` prints for the event with only the fields of the mask.
func (m *Mask) AppendLine(dst []byte, f *Flow, ts time.Time) []byte {
	if !m.masks(f) {
		return f.AppendLine(dst, ts)
	}
	if m.Has("time") {
		dst = appendStamp(dst, ts)
	} else {
		dst = append(dst, "N/A"...)
	}
	masked := m.apply(*f)
	summary := f
	if !m.Has("Summary") {
		summary = &Flow{}
	}
	return masked.appendFlowLine(append(dst, ": "...), summary, m.fields.of(f.Type))
}

// apply returns the flow without the parts that a line shows and the mask does not have.
func (m *Mask) apply(f Flow) Flow {
	for _, hide := range m.hidden[f.L4.Protocol] {
		hide(&f)
	}
	if f.IP.Version == 0 && m.inPart("IP") { // an IP header of which nothing is known
		f.IP.Version = 4
	}
	f.hidden.source.emptyService = m.inPart("source_service")
	f.hidden.destination.emptyService = m.inPart("destination_service")
	return f
}

// notShown returns the functions that take out the parts that a line shows and the mask does not have, for packets of a protocol.
func (m *Mask) notShown(protocol L4Protocol) (hide []func(*Flow)) {
	for _, f := range flowFields {
		for _, p := range f.shown {
			path := strings.ReplaceAll(strings.TrimSuffix(f.name+"."+p.path, "."), "*", protocol.String())
			if !m.Has(path) {
				hide = append(hide, p.hide)
			}
		}
	}
	return hide
}

// inPart reports whether the mask has a part of a field only.
func (m *Mask) inPart(name string) bool {
	n := m.flow.field(name)
	return n != nil && len(n.fields) > 0
}
