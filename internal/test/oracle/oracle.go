// SPDX-License-Identifier: Apache-2.0

// Package oracle compares this project's decoding of Cilium's notifications with Cilium's own: both get the same
// generated records, and the resulting flows are compared field by field. The table Differences lists the intended
// differences, with reasons.
//
// Cilium's parsers have a thousand dependencies, so they are in modules of their own in subfolders, one for each
// version (cilium118, cilium120), as is its hubble command (hubble). `make test-oracle` runs them. The collector links
// nothing of this package.
package oracle

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// CPU is the processor number assumed for every debug message: the bytes do not contain it.
const CPU = 3

// Parser is Cilium's parser of some version. It parses a record to protojson (with proto names) of a flow.Flow or, for
// a debug message, of a flow.DebugEvent.
type Parser func(record []byte) ([]byte, error)

// Case is one record and this project's result for it.
type Case struct {
	Record []byte
	Hubble Version

	Notification monitor.Notification
	Flow         flow.Flow
	Refused      error // why this project makes no flow of it

	owner   func(netip.Addr) (Holder, bool)
	theirs  map[string]any // by path
	refused error          // why Hubble makes no flow of it
	differ  []string       // the paths of the fields that differ
}

// Version is a version of Cilium whose parser is compared with this project's.
type Version uint8

// The versions.
const (
	Cilium118 Version = 1 << iota
	Cilium120

	both = Cilium118 | Cilium120
)

// release returns the version as a wire format.
func (v Version) release() monitor.WireFormat {
	if v == Cilium118 {
		return monitor.WireFormat118
	}
	return monitor.WireFormat120
}

// Knowledge is what is known of ends.
type Knowledge struct {
	Names flow.Names // nil for no names
	// Owner returns who has an address. It is nil if Names never prefer the event's identity to the owner's.
	Owner func(netip.Addr) (h Holder, ok bool)
}

// Holder is who has an address.
type Holder struct {
	Identity uint32
	Local    bool // an endpoint of the node
}

// From is where names come from.
type From uint8

// The sources of names.
const (
	noNames  From = 1 << iota
	aTable        // of this package, with Hubble's rules
	theStore      // of the extension k8s_names
)

func (k Knowledge) from() From {
	switch {
	case k.Names == nil:
		return noNames
	case k.Owner == nil:
		return aTable
	}
	return theStore
}

// Fields of a difference that are not fields of a flow.
const (
	fieldRefused  = "(Hubble refuses the record)"
	fieldAccepted = "(Hubble takes the record)"
)

// Comparer compares one version's parser with this project's.
type Comparer struct {
	version Version
	parser  Parser
	known   Knowledge
	decoder monitor.Decoder
	c       Case
	line    []byte

	// Report is the result so far.
	Report Report
}

// Report counts what was compared.
type Report struct {
	Records     int
	Equal       int            // flows without any difference
	BothRefuse  int            // records of which neither makes a flow
	Differences map[string]int // records by the name of the difference
	Unexplained []string       // differences that the table does not cover, in full
}

// NewComparer returns a comparer. The parser knows the same ends as the knowledge.
func NewComparer(version Version, parser Parser, known Knowledge) *Comparer {
	return &Comparer{version: version, parser: parser, known: known, c: Case{owner: known.Owner}, Report: Report{Differences: map[string]int{}}}
}

// Add compares the results for a record. An error means that one of the two returns invalid JSON.
func (o *Comparer) Add(record []byte) error {
	c := &o.c
	c.Record, c.Hubble = record, o.version
	c.theirs, c.refused = nil, nil
	text, err := o.parser(record)
	if err != nil {
		c.refused = err
	} else if c.theirs, err = flatten(text); err != nil {
		return fmt.Errorf("Hubble's JSON: %w: %s", err, text)
	}
	if c.Refused = o.decoder.Decode(record, &c.Notification); c.Refused == nil {
		c.Notification.Format = o.version.release() // for its names; the bytes determine the layouts
		c.Flow.Decode(&c.Notification)
		if o.known.Names != nil {
			c.Flow.Resolve(o.known.Names, 0)
		}
		if c.Flow.Class == flow.ClassDebug {
			c.Flow.CPU = CPU
		}
		o.line = c.Flow.AppendHubbleJSON(o.line[:0], "", time.Unix(0, 0))
	}
	o.Report.Records++
	if c.Refused != nil && c.refused != nil {
		o.Report.BothRefuse++
		return nil
	}
	ours := map[string]any{}
	if c.Refused == nil {
		if ours, err = flattenLine(o.line); err != nil {
			return fmt.Errorf("our JSON: %w: %s", err, o.line)
		}
	}
	o.judge(ours)
	return nil
}

// judge looks up every differing field in the table.
func (o *Comparer) judge(ours map[string]any) {
	c := &o.c
	differ := fieldsThatDiffer(c, ours)
	c.differ = differ
	if len(differ) == 0 {
		o.Report.Equal++
		return
	}
	var unexplained []string
	found := map[string]bool{}
	for _, field := range differ {
		name := o.explain(c, field)
		if name == "" {
			unexplained = append(unexplained, field)
		}
		found[name] = true
	}
	for name := range found {
		if name != "" {
			o.Report.Differences[name]++
		}
	}
	if len(unexplained) == 0 {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "record %x: %s v%d, header %d bytes, packet %d bytes, problem %q at %s, we refuse: %v, Hubble refuses: %v", c.Record,
		c.Notification.Type, c.Notification.Version, c.Notification.HeaderLen, len(c.Notification.Packet), c.Flow.Problem, c.Flow.ProblemAt,
		c.Refused, c.refused)
	for _, field := range unexplained {
		fmt.Fprintf(&b, "\n  %s: ours %v, Hubble's %v", field, ours[field], c.theirs[field])
	}
	o.Report.Unexplained = append(o.Report.Unexplained, b.String())
}

// fieldsThatDiffer returns the paths of the fields whose values differ, sorted.
func fieldsThatDiffer(c *Case, ours map[string]any) []string {
	switch {
	case c.refused != nil:
		return []string{fieldRefused}
	case c.Refused != nil:
		return []string{fieldAccepted}
	}
	var differ []string
	for path, value := range ours {
		if other, ok := c.theirs[path]; !ok || !reflect.DeepEqual(value, other) {
			differ = append(differ, path)
		}
	}
	for path := range c.theirs {
		if _, ok := ours[path]; !ok {
			differ = append(differ, path)
		}
	}
	slices.Sort(differ)
	return differ
}

// explain returns the name of the difference that covers a field, or "".
func (o *Comparer) explain(c *Case, field string) string {
	if o.known.Names != nil && isName(field) {
		// Who reads other addresses or ports in a packet finds other names.
		for _, read := range c.differ {
			if isEnd(read) {
				return o.explain(c, read)
			}
		}
	}
	for i := range Differences {
		if d := &Differences[i]; d.Versions&c.Hubble != 0 && d.from()&o.known.from() != 0 && d.covers(field) && d.When(c) {
			return d.Name
		}
	}
	return ""
}

// isEnd reports whether a field is an address or a port by which names are found.
func isEnd(field string) bool {
	return strings.HasPrefix(field, "IP.") && field != "IP.encrypted" || strings.HasPrefix(field, "l4.") && strings.HasSuffix(field, "_port")
}

// isName reports whether a field depends on the names of the ends.
func isName(field string) bool {
	name, _, _ := strings.Cut(field, ".")
	switch name {
	case "source", "destination", "source_service", "destination_service", "traffic_direction":
		return true
	}
	return false
}

// Unseen returns the differences that this version should have shown and did not: the table must not outlive its
// reasons.
func (o *Comparer) Unseen() []string {
	var names []string
	for _, d := range Differences {
		if d.Versions&o.version != 0 && d.from()&o.known.from() != 0 && !d.Chance && o.Report.Differences[d.Name] == 0 {
			names = append(names, d.Name)
		}
	}
	return names
}

// flatten returns the fields of a JSON object by path, such as IP.source. An object is a field too, in addition to its
// own fields.
func flatten(text []byte) (map[string]any, error) {
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, err
	}
	fields := map[string]any{}
	walk(fields, "", object)
	return fields, nil
}

// flattenLine is flatten for an exporter's line. It leaves out the line's time and node, and those in the flow, which
// do not come from the parser.
func flattenLine(line []byte) (map[string]any, error) {
	var object map[string]any
	if err := json.Unmarshal(line, &object); err != nil {
		return nil, err
	}
	fields := map[string]any{}
	for _, name := range []string{"flow", "debug_event", "agent_event"} {
		if event, ok := object[name].(map[string]any); ok {
			delete(event, "time")
			walk(fields, "", event)
		}
	}
	return fields, nil
}

func walk(fields map[string]any, path string, object map[string]any) {
	for name, value := range object {
		inner, ok := value.(map[string]any)
		if !ok {
			fields[path+name] = value
			continue
		}
		fields[path+name] = true
		walk(fields, path+name+".", inner)
	}
}
