// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml/ipnet"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// The fields of rules, which are columns of the ASIM DNS schema.
const (
	fieldEventOriginalType  = "EventOriginalType"
	fieldEventResultDetails = "EventResultDetails"
	fieldDvcIPAddr          = "DvcIpAddr"
	fieldSrcIPAddr          = "SrcIpAddr"
	fieldDNSQuery           = "DnsQuery"
	fieldDNSQueryTypeName   = "DnsQueryTypeName"
	fieldSrcProcessName     = "SrcProcessName"
	fieldEventType          = "EventType"
	fieldEventResult        = "EventResult"
	fieldDNSRole            = "DnsRole" // of AdditionalFields

	misspeltDvcIPAddr = "DvcIpAdrr" // as the connector has it
)

func fieldNames() string {
	return strings.Join([]string{
		fieldEventOriginalType, fieldEventType, fieldEventResult, fieldEventResultDetails, fieldDNSRole, fieldDvcIPAddr, fieldSrcIPAddr,
		fieldDNSQuery, fieldDNSQueryTypeName, fieldSrcProcessName,
	}, ", ")
}

// rule is what is asked of an event, by field; nil is nothing.
type rule struct {
	ids       map[uint16]bool
	results   *results
	dvc, src  *addresses
	names     *names
	types     map[uint16]bool
	processes []string
	kind      *kinds
}

// kinds is what is asked of an event's kind; 0 and nil are nothing.
type kinds struct {
	outcomes   uint8    // by bit, the dns.Result
	roles      uint16   // by bit, the dns.Role
	eventTypes []string // as dns.View gives them
}

func (k *kinds) has(x *facts) bool {
	return (k.outcomes == 0 || k.outcomes&(1<<x.outcome) != 0) &&
		(k.roles == 0 || k.roles&(1<<x.role) != 0) &&
		(k.eventTypes == nil || slices.Contains(k.eventTypes, x.eventType))
}

// matches reports whether the event has, in each field that is asked, one of the values.
func (r *rule) matches(x *facts) bool {
	return (r.ids == nil || r.ids[x.id]) &&
		(r.types == nil || x.hasType && r.types[x.qtype]) &&
		(r.results == nil || r.results.has(x)) &&
		(r.dvc == nil || r.dvc.has(x.dvc)) &&
		(r.src == nil || r.src.has(x.src)) &&
		(r.names == nil || x.hasName && r.names.has(x.name)) &&
		(r.processes == nil || hasProcess(r.processes, x.process)) &&
		(r.kind == nil || r.kind.has(x))
}

// add adds the values of a field, and gives an error for each that is not allowed.
func (r *rule) add(field string, values []string) (errs []error) {
	var one func(value string) error
	switch field {
	case fieldEventOriginalType:
		one = r.addID
	case fieldEventResultDetails:
		one = r.addResult
	case fieldDvcIPAddr:
		one = func(v string) error { return addAddress(&r.dvc, v) }
	case fieldSrcIPAddr:
		one = func(v string) error { return addAddress(&r.src, v) }
	case fieldDNSQuery:
		one = r.addName
	case fieldDNSQueryTypeName:
		one = r.addType
	case fieldSrcProcessName:
		one = r.addProcess
	case fieldEventType:
		one = r.addEventType
	case fieldEventResult:
		one = r.addOutcome
	case fieldDNSRole:
		one = r.addRole
	default:
		return []error{fmt.Errorf("there is no such field; want one or more of %s", fieldNames())}
	}
	if len(values) == 0 {
		return []error{errors.New("the field has no value; want one or a list")}
	}
	for _, v := range values {
		if err := one(v); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func (r *rule) addID(value string) error {
	id, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		return fmt.Errorf("%q is not an event id; want a number of 0 to 65535, such as 257", value)
	}
	r.addEventID(uint16(id))
	return nil
}

func (r *rule) addEventID(id uint16) {
	if r.ids == nil {
		r.ids = map[uint16]bool{}
	}
	r.ids[id] = true
}

func (r *rule) addType(value string) error {
	code, ok := dns.TypeCode(value)
	if !ok {
		return fmt.Errorf("%q is not the name of a query type; want one such as A, AAAA, PTR or HTTPS, or TYPE and a number", value)
	}
	if r.types == nil {
		r.types = map[uint16]bool{}
	}
	r.types[code] = true
	return nil
}

func (r *rule) addName(value string) error {
	if err := checkDomain(value); err != nil {
		return err
	}
	if r.names == nil {
		r.names = &names{}
	}
	r.names.add(value)
	return nil
}

func (r *rule) addProcess(value string) error {
	if value == "" {
		return errors.New(`"" is not the name of a process; want one such as chrome.exe, or a path`)
	}
	r.processes = append(r.processes, value)
	return nil
}

// kinds gives the place for what is asked of the kind.
func (r *rule) kinds() *kinds {
	if r.kind == nil {
		r.kind = &kinds{}
	}
	return r.kind
}

func (r *rule) addEventType(value string) error {
	known := dns.EventTypes()
	i := slices.IndexFunc(known, func(t string) bool { return strings.EqualFold(t, value) })
	if i < 0 {
		return fmt.Errorf("%q is not a type of events; want one of %s", value, strings.Join(known, ", "))
	}
	k := r.kinds()
	k.eventTypes = append(k.eventTypes, known[i])
	return nil
}

func (r *rule) addOutcome(value string) error {
	result, ok := dns.FindResult(value)
	if !ok {
		return fmt.Errorf("%q is not a result; want one of %s", value, strings.Join(dns.ResultNames(), ", "))
	}
	r.kinds().outcomes |= 1 << result
	return nil
}

func (r *rule) addRole(value string) error {
	role, ok := dns.ParseRole(value)
	if !ok {
		return fmt.Errorf("%q is not a role; want one of %s", value, strings.Join(dns.RoleNames(), ", "))
	}
	r.kinds().roles |= 1 << role
	return nil
}

// hasProcess reports whether the list has the process by its path or by its file's name, in any case.
func hasProcess(list []string, path string) bool {
	file := path[strings.LastIndexByte(path, '\\')+1:]
	for _, name := range list {
		if path != "" && (strings.EqualFold(name, path) || strings.EqualFold(name, file)) {
			return true
		}
	}
	return false
}

// results is a set of response codes, and of "NA", which is every event without one to tell of.
type results struct {
	codes map[uint64]bool
	na    bool
}

func (r *rule) addResult(value string) error {
	code, ok := dns.FindResponseCode(value)
	na := strings.EqualFold(value, "NA")
	if !ok && !na {
		return fmt.Errorf("%q is not the name of a DNS response code; want NA or one of %s", value, strings.Join(dns.ResponseNames(), ", "))
	}
	if r.results == nil {
		r.results = &results{codes: map[uint64]bool{}}
	}
	if na {
		r.results.na = true
	} else {
		r.results.codes[code] = true
	}
	return nil
}

func (s *results) has(x *facts) bool {
	if !x.hasResult {
		return s.na
	}
	return s.codes[x.result]
}

// addresses is a set of addresses and networks.
type addresses struct {
	single   map[netip.Addr]bool
	networks []netip.Prefix
}

func addAddress(set **addresses, value string) error {
	network, err := ipnet.Parse(value)
	if err != nil {
		return err
	}
	if *set == nil {
		*set = &addresses{single: map[netip.Addr]bool{}}
	}
	if network.IsSingleIP() {
		(*set).single[network.Addr()] = true
	} else if !slices.Contains((*set).networks, network) {
		(*set).networks = append((*set).networks, network)
	}
	return nil
}

// has reports whether the set has the address; an invalid one is unknown.
func (s *addresses) has(addr netip.Addr) bool {
	if !addr.IsValid() {
		return false
	}
	addr = addr.WithZone("")
	if s.single[addr] {
		return true
	}
	for _, n := range s.networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}
