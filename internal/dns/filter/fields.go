// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// field is a field of rules: a column of the ASIM DNS schema, and how the filter reads it.
type field struct {
	// name is the field's, and alias another name that is taken for it.
	name, alias string
	// ask gives a condition without values.
	ask func() condition
	// read reads the field of an event into the facts. It is nil if the facts always have the field.
	read func(f *Filter, e *dns.Event)
	// alike marks a field whose values are all equally likely: Idle looks at one only.
	alike bool
}

// condition is what a rule asks of a field: a set of values, of which an event must have one.
type condition interface {
	// add adds a value. The error says what is allowed instead.
	add(value string) error
	// matches reports whether an event with the facts has one of the values.
	matches(x *facts) bool
	// possible reports whether an event of the occurrence may have one.
	possible(o *occurrence) bool
}

// Names of fields that other keys than the rules use.
const (
	fieldEventOriginalType = "EventOriginalType"
	fieldDNSQuery          = "DnsQuery"
	fieldDNSQueryTypeName  = "DnsQueryTypeName"
	fieldSrcProcessName    = "SrcProcessName"
)

// table has the fields of rules, in the order in which an event is compared with them. A new field is a row here.
var table = [...]field{
	{name: fieldEventOriginalType, ask: func() condition { return ids{} }},
	{name: "EventType", ask: func() condition { return &eventTypes{} },
		read: func(f *Filter, e *dns.Event) { f.facts.eventType = f.view.EventType(e) }},
	{name: "EventResult", ask: func() condition { return new(outcomes) },
		read: func(f *Filter, e *dns.Event) { f.facts.outcome = f.view.Outcome(e).Result }},
	{name: "EventResultDetails", ask: func() condition { return &results{codes: map[uint64]bool{}} }, read: readResult},
	{name: "DnsRole", ask: func() condition { return new(roles) }, // of AdditionalFields
		read: func(f *Filter, e *dns.Event) { f.facts.role = e.Role() }},
	{name: "DvcIpAddr", alias: "DvcIpAdrr", // as the connector spells it
		ask: func() condition {
			return newAddresses(func(x *facts) netip.Addr { return x.dvc }, (*occurrence).hasDvc)
		}, read: readDvc, alike: true},
	{name: "SrcIpAddr",
		ask: func() condition {
			return newAddresses(func(x *facts) netip.Addr { return x.src }, (*occurrence).hasSrc)
		}, read: readSrc, alike: true},
	{name: fieldDNSQuery, ask: func() condition { return &names{} }, read: readName, alike: true},
	{name: fieldDNSQueryTypeName, ask: func() condition { return types{} }, read: readType},
	{name: fieldSrcProcessName, ask: func() condition { return &processes{} }, read: readProcess},
}

// find returns the index of the field with the name or alias, or -1.
func find(name string) int {
	return slices.IndexFunc(table[:], func(f field) bool { return f.name == name || f.alias != "" && f.alias == name })
}

// fieldNames lists the names of the fields, for errors.
func fieldNames() string {
	var list []string
	for _, f := range table {
		list = append(list, f.name)
	}
	return strings.Join(list, ", ")
}

// facts are an event's values of the fields that a filter asks for, as its record has them.
type facts struct {
	id        uint16
	qtype     uint16
	hasType   bool
	hasName   bool
	hasResult bool       // else EventResultDetails is NA
	result    uint64     // the response code
	name      []byte     // folded
	dvc, src  netip.Addr // invalid when not known
	process   string     // empty when not known
	outcome   dns.Result
	role      dns.Role
	eventType string

	text []byte // reused for name
}

// ids are event ids.
type ids map[uint16]bool

func (s ids) add(value string) error {
	id, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		return fmt.Errorf("%q is not an event id; want a number of 0 to 65535, such as 257", value)
	}
	s[uint16(id)] = true
	return nil
}

func (s ids) matches(x *facts) bool { return s[x.id] }

func (s ids) possible(o *occurrence) bool {
	if o.others == nil {
		return s[o.event.ID]
	}
	for id := range s {
		if !o.others[id] {
			return true
		}
	}
	return false
}

// eventTypes are values of EventType, spelled as dns.View gives them.
type eventTypes []string

func (s *eventTypes) add(value string) error {
	known := dns.EventTypes()
	i := slices.IndexFunc(known, func(t string) bool { return strings.EqualFold(t, value) })
	if i < 0 {
		return fmt.Errorf("%q is not a type of events; want one of %s", value, strings.Join(known, ", "))
	}
	*s = append(*s, known[i])
	return nil
}

func (s *eventTypes) matches(x *facts) bool { return slices.Contains(*s, x.eventType) }
func (s *eventTypes) possible(o *occurrence) bool {
	return slices.Contains(*s, o.view.EventType(o.event))
}

// outcomes are values of EventResult, a bit for each dns.Result.
type outcomes uint8

func (s *outcomes) add(value string) error {
	result, ok := dns.FindResult(value)
	if !ok {
		return fmt.Errorf("%q is not a result; want one of %s", value, strings.Join(dns.ResultNames(), ", "))
	}
	*s |= 1 << result
	return nil
}

func (s *outcomes) matches(x *facts) bool       { return *s&(1<<x.outcome) != 0 }
func (s *outcomes) possible(o *occurrence) bool { return *s&(1<<o.result) != 0 }

// results are response codes, and "NA" for an event without one.
type results struct {
	codes map[uint64]bool
	na    bool
}

func (s *results) add(value string) error {
	code, ok := dns.FindResponseCode(value)
	switch {
	case ok:
		s.codes[code] = true
	case strings.EqualFold(value, "NA"):
		s.na = true
	default:
		return fmt.Errorf("%q is not the name of a DNS response code; want NA or one of %s", value, strings.Join(dns.ResponseNames(), ", "))
	}
	return nil
}

func readResult(f *Filter, e *dns.Event) {
	outcome := f.view.Outcome(e)
	f.facts.result, f.facts.hasResult = outcome.Code, outcome.HasCode && e.Phase == dns.Response
}

func (s *results) matches(x *facts) bool {
	if !x.hasResult {
		return s.na
	}
	return s.codes[x.result]
}

func (s *results) possible(o *occurrence) bool {
	switch o.details {
	case detailsNA:
		return s.na
	case detailsNoError:
		return s.codes[0]
	case detailsError:
		return len(s.codes) > 1 || len(s.codes) == 1 && !s.codes[0]
	}
	return false
}

// roles are values of DnsRole, a bit for each dns.Role.
type roles uint16

func (s *roles) add(value string) error {
	role, ok := dns.ParseRole(value)
	if !ok {
		return fmt.Errorf("%q is not a role; want one of %s", value, strings.Join(dns.RoleNames(), ", "))
	}
	*s |= 1 << role
	return nil
}

func (s *roles) matches(x *facts) bool       { return *s&(1<<x.role) != 0 }
func (s *roles) possible(o *occurrence) bool { return *s&(1<<o.event.Role()) != 0 }

func readDvc(f *Filter, e *dns.Event) {
	var ok bool
	if f.facts.dvc, ok = e.LocalAddr(); !ok {
		f.facts.dvc = f.device
	}
}

func readSrc(f *Filter, e *dns.Event) {
	src, ok := e.AskerAddr()
	switch {
	case ok:
	case f.view.DeviceAsks(e) && e.Reaches(f.device):
		src = f.device
	default:
		src = netip.Addr{}
	}
	f.facts.src = src
}

// add adds a domain name, or all names below one.
func (n *names) add(value string) error {
	if err := checkDomain(value); err != nil {
		return err
	}
	n.domains.add(value)
	return nil
}

func readName(f *Filter, e *dns.Event) {
	x := &f.facts
	x.text = e.LowerQName(x.text[:0])
	x.hasName = len(x.text) > 0
	x.name = dns.WithoutFinalDot(x.text)
}

func (n *names) matches(x *facts) bool       { return x.hasName && n.has(x.name) }
func (n *names) possible(o *occurrence) bool { return o.hasName() }

// types are query types.
type types map[uint16]bool

func (s types) add(value string) error {
	code, ok := dns.TypeCode(value)
	if !ok {
		return fmt.Errorf("%q is not the name of a query type; want one such as A, AAAA, PTR or HTTPS, or TYPE and a number", value)
	}
	s[code] = true
	return nil
}

func readType(f *Filter, e *dns.Event) {
	code, typed := e.QType()
	f.facts.qtype, f.facts.hasType = uint16(code), typed
}

func (s types) matches(x *facts) bool { return x.hasType && s[x.qtype] }

func (s types) possible(o *occurrence) bool {
	implied := o.event.Meaning.QueryType
	return o.hasType() && (implied == 0 || s[implied])
}

// processes are paths of programs, or the names of their files.
type processes []string

func (s *processes) add(value string) error {
	if value == "" {
		return errors.New(`"" is not the name of a process; want one such as chrome.exe, or a path`)
	}
	*s = append(*s, value)
	return nil
}

func readProcess(f *Filter, e *dns.Event) {
	if f.Process != nil {
		f.facts.process = f.Process(e)
	}
}

// matches reports whether a name is the process or its file, in any case.
func (s *processes) matches(x *facts) bool {
	if x.process == "" {
		return false
	}
	file := x.process[strings.LastIndexByte(x.process, '\\')+1:]
	return slices.ContainsFunc(*s, func(name string) bool { return strings.EqualFold(name, x.process) || strings.EqualFold(name, file) })
}

// possible returns true: no manifest says which programs cause an event.
func (s *processes) possible(*occurrence) bool { return true }
