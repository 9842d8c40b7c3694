// SPDX-License-Identifier: Apache-2.0

// Pseudonyms in place of the values that identify someone. They replace values in the finished record, so that none is forgotten, whatever code
// wrote it. A table says what each attribute holds. A field of AdditionalFields without an entry is searched for names and addresses.

package dnslog

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

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
	holdsID // a hash of the event
	isGone  // a spelling of a name
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

// additionalHoldings has the fields of AdditionalFields that are not searched as data. The values of those that hold nothing come from Windows
// or from this package.
var additionalHoldings = func() map[string]holding {
	known := map[string]holding{targetProcessName: holdsProcess, dnsQueryOriginal: isGone, answerName: holdsName}
	for _, name := range []string{
		dnsRole, activityID, queryTime, auditOperation, auditObjectType, auditKind, "GUID", "QueryGUID", "EDNSCorrelationTag", "Keyword",
		"DnsQueryTypeName", "AdapterName", "StaleRecordsPresent", "VirtualizationID", "EDNSVirtualizationInstance",
		answerType, updateOperation,
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
	// found has the replaced values with their pseudonyms. They are then replaced in texts of other kinds, too: a host's name in that of its
	// account.
	found [][2]string
	// others are the texts in which the values of found are replaced at the end.
	others []pcommon.Value
}

// record replaces the values in the attributes of a record or a resource. device is the device's name.
func (p *pseudonyms) record(attributes pcommon.Map, device string, answers bool) {
	if p == nil {
		return
	}
	p.device, p.found, p.others = device, p.found[:0], p.others[:0]
	host, _ := asim.SplitHostname(device)
	if p.Has(pseudonym.Names) && host != "" {
		p.found = append(p.found, [2]string{host, string(p.label(nil))})
	}
	for name, v := range attributes.All() {
		switch {
		case name == attrs.AdditionalFields && v.Type() == pcommon.ValueTypeMap:
			p.additional(v.Map())
		case name == "DnsResponseName" && answers:
			p.value(v, holdsData)
		default:
			p.value(v, mainHoldings[name])
		}
	}
	for _, v := range p.others {
		p.sweep(v)
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
		p.any(v, holds)
	}
}

// any replaces the values in a text, a list or a map.
func (p *pseudonyms) any(v pcommon.Value, holds holding) {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		p.additional(v.Map())
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			p.any(e, holds)
		}
	case pcommon.ValueTypeStr:
		p.value(v, holds)
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
			p.found = append(p.found, [2]string{account, string(p.Opaque(nil, []byte(account)))})
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
			p.found = append(p.found, [2]string{text, string(to)})
		}
		v.SetStr(string(to))
	}
}

// sweep replaces, in a text, the values that were replaced elsewhere in the record. It finds whole words, in any case.
func (p *pseudonyms) sweep(v pcommon.Value) {
	const shortest = 2 // bytes
	text := []byte(v.Str())
	changed := false
	for _, pair := range p.found {
		value, to := []byte(pair[0]), pair[1]
		if len(value) < shortest {
			continue
		}
		for at := 0; at+len(value) <= len(text); at++ {
			end := at + len(value)
			if !bytes.EqualFold(text[at:end], value) || at > 0 && isWord(text[at-1]) || end < len(text) && isWord(text[end]) {
				continue
			}
			text = append(append(append([]byte(nil), text[:at]...), to...), text[end:]...)
			at += len(to) - 1
			changed = true
		}
	}
	if changed {
		v.SetStr(string(text))
	}
}

// isWord reports whether a byte belongs to a word.
func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= utf8.RuneSelf
}
