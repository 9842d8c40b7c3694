// SPDX-License-Identifier: Apache-2.0

// Package oracle holds our decoding of Cilium's notifications against Cilium's own: both get the same generated records, and
// the flows that come out are compared field by field. What differs stands in the table Differences, with the reason.
//
// Cilium's parsers bring a thousand packages along, so they live in modules of their own beside this file, one a version
// (cilium118, cilium120), and so does its hubble command (hubble). `make test-oracle` runs them. Nothing here is linked into
// the collector.
package oracle

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
)

// CPU is the number of the processor that every debug message is said to come from: the bytes do not tell.
const CPU = 3

// Parser is Cilium's parser of some version: a record in, protojson (with proto names) of a flow.Flow or, for a debug
// message, of a flow.DebugEvent out.
type Parser func(record []byte) ([]byte, error)

// Case is one record and what we make of it.
type Case struct {
	Record []byte
	Hubble Version

	Notification monitor.Notification
	Flow         flow.Flow
	Refused      error // why we make no flow of it

	theirs  map[string]any // by path
	refused error          // why Hubble makes no flow of it
}

// Version is a version of Cilium whose parser is compared with.
type Version uint8

// The versions.
const (
	Cilium118 Version = 1 << iota
	Cilium120

	both = Cilium118 | Cilium120
)

// release is the version as a wire format.
func (v Version) release() monitor.WireFormat {
	if v == Cilium118 {
		return monitor.WireFormat118
	}
	return monitor.WireFormat120
}

// Fields of a difference that are none of a flow's.
const (
	fieldRefused  = "(Hubble refuses the record)"
	fieldAccepted = "(Hubble takes the record)"
)

// Comparer compares one version's parser with ours.
type Comparer struct {
	version Version
	parser  Parser
	decoder monitor.Decoder
	c       Case
	line    []byte

	// Report is what has been found so far.
	Report Report
}

// Report counts what was compared.
type Report struct {
	Records     int
	Equal       int            // flows without any difference
	BothRefuse  int            // records of which neither makes a flow
	Differences map[string]int // records by the name of the difference
	Unexplained []string       // what no difference in the table covers, in full
}

// NewComparer makes a comparer.
func NewComparer(version Version, parser Parser) *Comparer {
	return &Comparer{version: version, parser: parser, Report: Report{Differences: map[string]int{}}}
}

// Add compares what becomes of a record. An error means that one of the two gives no proper JSON.
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
		c.Notification.Format = o.version.release() // for its names; the layouts are told by the bytes
		c.Flow.Decode(&c.Notification)
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

// judge looks for every field that differs in the table.
func (o *Comparer) judge(ours map[string]any) {
	c := &o.c
	differ := fieldsThatDiffer(c, ours)
	if len(differ) == 0 {
		o.Report.Equal++
		return
	}
	var unexplained []string
	found := map[string]bool{}
	for _, field := range differ {
		name := explain(c, field)
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

// fieldsThatDiffer lists the paths of the fields whose values differ, sorted.
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

// explain gives the name of the difference that a field falls under, "" when there is none.
func explain(c *Case, field string) string {
	for i := range Differences {
		if d := &Differences[i]; d.Versions&c.Hubble != 0 && d.covers(field) && d.When(c) {
			return d.Name
		}
	}
	return ""
}

// Unseen lists the differences that should have been found with this version and were not: the table must not outlive its
// reasons.
func (o *Comparer) Unseen() []string {
	var names []string
	for _, d := range Differences {
		if d.Versions&o.version != 0 && !d.Chance && o.Report.Differences[d.Name] == 0 {
			names = append(names, d.Name)
		}
	}
	return names
}

// flatten gives the fields of a JSON object by their paths, such as IP.source. An object is a field of its own, beside those
// that it has.
func flatten(text []byte) (map[string]any, error) {
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, err
	}
	fields := map[string]any{}
	walk(fields, "", object)
	return fields, nil
}

// flattenLine is flatten of what an exporter's line holds: not of its time and node, nor of those in the flow, which are not
// the parser's.
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
