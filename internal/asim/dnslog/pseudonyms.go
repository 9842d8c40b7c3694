// SPDX-License-Identifier: Apache-2.0

// Pseudonyms in place of the values that identify someone. They replace values in the finished record, so that none is forgotten, whatever code
// wrote it. A table says what each attribute holds. A field of AdditionalFields without an entry is searched for names and addresses.

package dnslog

import (
	"slices"
	"strconv"
	"strings"

	mdns "github.com/miekg/dns"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
)

// Pseudonymize sets the Pseudonymizer that replaces values that identify someone. Records then have no fields with bytes that are not decoded.
// Call it before the first event.
func (m *Mapper) Pseudonymize(p *pseudonym.Pseudonymizer) {
	if p != nil {
		m.pseudonyms = &pseudonyms{Pseudonymizer: p}
	}
}

// holding is what the text of an attribute holds.
type holding uint8

const (
	holdsNothing holding = iota // a constant, a number or a time
	holdsHost                   // the name of a host, or an address
	holdsLabel                  // the first label of the device's name
	holdsName                   // a name of the DNS
	holdsData                   // names and addresses among other words
	holdsUser
	holdsProcess
	holdsID   // a hash of the event
	holdsWord // one of a few words of this package
	isGone    // a spelling of a name
)

// mainHoldings has the attributes of records and of their resource that identify someone. Every other one of dnsAttributes and auditEventAttributes
// holds nothing.
var mainHoldings = map[string]holding{
	"Dvc": holdsHost, "DvcHostname": holdsLabel, "DvcDomain": holdsName, "DvcFQDN": holdsName, "DvcIpAddr": holdsHost,
	"Src": holdsHost, "SrcIpAddr": holdsHost, "SrcHostname": holdsLabel, "SrcDomain": holdsName,
	"Dst": holdsHost, "DstIpAddr": holdsHost,
	"TargetHostname": holdsLabel, "TargetDomain": holdsName, "TargetFQDN": holdsName, "TargetIpAddr": holdsHost,
	"SrcUserId": holdsUser, "SrcUsername": holdsUser, "ActorUserId": holdsUser, "ActorUsername": holdsUser,
	"SrcProcessName": holdsProcess, eventOriginalUID: holdsID,
	"DnsQuery": holdsName, auditObject: holdsData, auditOldValue: holdsData, auditNewValue: holdsData,
	"host.name": holdsHost,
}

// additionalHoldings has the fields of AdditionalFields that hold something else than data. The values of those that hold nothing come from
// Windows. They are still searched for the values that were replaced in other fields: the object of an event may be a setting or a GUID.
var additionalHoldings = func() map[string]holding {
	known := map[string]holding{targetProcessName: holdsProcess, dnsQueryOriginal: isGone, answerName: holdsName}
	for _, name := range []string{
		dnsRole, queryTime, auditOperation, auditObjectType, auditKind, "Keyword", "DnsQueryTypeName", answerType, updateOperation,
	} {
		known[name] = holdsWord
	}
	for _, name := range []string{
		activityID, "GUID", "QueryGUID", "EDNSCorrelationTag", "AdapterName", "StaleRecordsPresent",
		// Audit events
		"Action", "CryptoAlgorithm", "CurrentRolloverStatus", "CurrentState", "DSRecordGenerationAlgorithm", "DenialOfExistence", "DigestType",
		"DistributeTrustAnchor", "EnableRfc5011KeyRollover", "IsEnabled", "IsKeyMasterServer", "KeyProtocol", "KeyType", "KskOrZsk", "Lookup", "Mode",
		"NSec3OptOut", "NextRolloverAction", "ParentHasSecureDelegation", "PropertyKey", "RolloverType", "SeizedOrTransfered", "Setting", "SubTreeAging",
		"WithNewKeys", "WithWithout",
	} {
		known[name] = holdsNothing
	}
	return known
}()

// keepWord reports whether a word in the data of a record, or of a field, belongs to its form.
func keepWord(word string) bool {
	switch word {
	case "NULL", "Default", "NA", cacheZone, "..RootHints", "VirtualizationInstance:.",
		"alpn", "dohpath", "ech", "ipv4hint", "ipv6hint", "mandatory", "no-default-alpn", "port": // of SVCB (RFC 9460 section 14.3.2)
		return true
	}
	if _, ok := mdns.StringToType[word]; ok {
		return true
	}
	number, ok := strings.CutPrefix(word, "TYPE") // RFC 3597 section 5
	if _, err := strconv.ParseUint(number, 10, 16); ok && err == nil {
		return true
	}
	return false
}

// pseudonyms replaces the values of records, one after the other.
type pseudonyms struct {
	*pseudonym.Pseudonymizer
	device string // its name
	text   []byte
	host   []byte
	// found are the values that were replaced, to find them in texts of another kind: a host's name in that of its account.
	found []pseudonym.Pair
	// changes are the object of an audit event and its values, as they were: another field may repeat them, or a part of them.
	changes []string
	// others are texts in which found is looked for, and wholes are texts that may be one of found as a whole.
	others, wholes []pcommon.Value
}

// record replaces the values in the attributes of a record or a resource. device is the device's name.
func (p *pseudonyms) record(attributes pcommon.Map, device string, answers bool) {
	if p == nil {
		return
	}
	p.device, p.found, p.changes, p.others, p.wholes = device, p.found[:0], p.changes[:0], p.others[:0], p.wholes[:0]
	host, _ := asim.SplitHostname(device)
	if p.Has(pseudonym.Names) && host != "" {
		p.found = append(p.found, pseudonym.Pair{Value: host, To: string(p.label(nil))})
	}
	for name, v := range attributes.All() {
		switch {
		case name == attrs.AdditionalFields && v.Type() == pcommon.ValueTypeMap:
			p.additional(v.Map())
		case name == "DnsResponseName" && answers:
			p.main(name, v, holdsData)
		default:
			p.main(name, v, mainHoldings[name])
		}
	}
	for _, v := range p.others {
		p.sweep(v)
	}
	for _, v := range p.wholes {
		p.sweepWhole(v)
	}
}

// main replaces the values in an attribute. What remains of it may still be a value of a field of another kind, such as the name of a user.
func (p *pseudonyms) main(name string, v pcommon.Value, holds holding) {
	p.named(name, v, holds)
	switch {
	case v.Type() != pcommon.ValueTypeStr:
	case name == "DnsSessionId": // a GUID, which may be the object of an audit event
		p.wholes = append(p.wholes, v)
	case p.Has(pseudonym.Names):
	case holds == holdsData:
		p.others = append(p.others, v)
	case holds == holdsHost || holds == holdsLabel || holds == holdsName:
		p.wholes = append(p.wholes, v)
	}
}

// named replaces the values in the text of a field, and keeps the object of an audit event and its values.
func (p *pseudonyms) named(name string, v pcommon.Value, holds holding) {
	text := ""
	if name == auditObject || name == auditOldValue || name == auditNewValue {
		text = v.AsString()
	}
	p.value(v, holds)
	if text != "" && v.AsString() != text {
		p.changes = append(p.changes, text)
		p.found = append(p.found, pseudonym.Pair{Value: text, To: v.AsString()})
	}
}

// additional replaces the values in AdditionalFields, or in a map within it.
func (p *pseudonyms) additional(m pcommon.Map) {
	m.RemoveIf(func(name string, _ pcommon.Value) bool {
		return additionalHoldings[name] == isGone && p.Has(pseudonym.Names)
	})
	for name, v := range m.All() {
		holds, known := additionalHoldings[name]
		if !known {
			holds = holdsData
		}
		p.any(name, v, holds)
	}
}

// any replaces the values in a text, a list or a map.
func (p *pseudonyms) any(name string, v pcommon.Value, holds holding) {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		p.additional(v.Map())
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			p.any("", e, holds)
		}
	case pcommon.ValueTypeStr:
		if holds == holdsWord {
			return
		}
		p.named(name, v, holds)
		p.others = append(p.others, v)
	}
}

// label appends the pseudonym of the first label of the device's name.
func (p *pseudonyms) label(dst []byte) []byte {
	p.host = p.Host(p.host[:0], []byte(p.device))
	host, _ := asim.SplitHostname(string(p.host))
	return append(dst, host...)
}

// value replaces a text.
func (p *pseudonyms) value(v pcommon.Value, holds holding) {
	if v.Type() != pcommon.ValueTypeStr || v.Str() == "" {
		return
	}
	text := v.Str()
	to := p.text[:0]
	switch holds {
	case holdsHost:
		to = p.Host(to, []byte(text))
	case holdsLabel:
		if host, _ := asim.SplitHostname(p.device); host == text && p.Has(pseudonym.Names) {
			to = p.label(to)
		} else {
			to = p.Host(to, []byte(text))
		}
	case holdsName:
		if p.Has(pseudonym.Names) {
			to = p.Name(to, []byte(text))
		} else {
			to = p.Text(to, []byte(text), keepWord)
		}
	case holdsData:
		to = p.Text(to, []byte(text), keepWord)
	case holdsUser, holdsProcess:
		kind := pseudonym.Users
		if holds == holdsProcess {
			kind = pseudonym.Processes
		}
		if !p.Has(kind) {
			p.others = append(p.others, v)
			return
		}
		to = p.Opaque(to, []byte(text))
		if _, account, ok := strings.Cut(text, `\`); ok && holds == holdsUser {
			p.found = append(p.found, pseudonym.Pair{Value: account, To: string(p.Opaque(nil, []byte(account)))})
		}
	case holdsID:
		v.SetStr(p.EventIDText(text))
		return
	default:
		return
	}
	p.text = to
	if string(to) != text {
		if holds != holdsData {
			p.found = append(p.found, pseudonym.Pair{Value: text, To: string(to)})
		}
		v.SetStr(string(to))
	}
}

// sweep replaces values that were found elsewhere in the record, and a text that is a part of a change.
func (p *pseudonyms) sweep(v pcommon.Value) {
	text := v.Str()
	to := pseudonym.ReplaceWords(text, p.found)
	if to == text && slices.ContainsFunc(p.changes, func(c string) bool { return pseudonym.HasWord(c, text) }) {
		p.text = p.Text(p.text[:0], []byte(text), keepWord)
		to = string(p.text)
	}
	if to != text {
		v.SetStr(to)
	}
}

// sweepWhole replaces a text that is a value found elsewhere in the record.
func (p *pseudonyms) sweepWhole(v pcommon.Value) {
	text := v.Str()
	for _, one := range p.found {
		if len(text) == len(one.Value) && strings.EqualFold(text, one.Value) {
			v.SetStr(one.To)
			return
		}
	}
}
