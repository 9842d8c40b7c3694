// SPDX-License-Identifier: Apache-2.0

// Slim records: without the attributes that say nothing which the rest of the record does not say. Minimal records also lack what is the same
// in all records of a host, and what few questions need. The README has the tables of them.

package dnslog

import (
	"bytes"
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// slimming is what a mapper of slim records knows besides.
type slimming struct {
	joined  bool              // exchanges are joined, so what ties their events is left out
	minimal bool              // records are minimal, too
	names   map[uint16]string // of the events in the embedded manifest
}

// Slim makes slim records. joined is set if the events of an exchange become one record. Profile documented has no slim records. Call it
// before the first event.
func (m *Mapper) Slim(joined bool) {
	m.slim = &slimming{joined: joined, names: map[uint16]string{}}
	for _, t := range dns.NewDecoder(m.provider).Templates() {
		m.slim.names[t.ID] = t.Name
	}
}

// Minimize makes minimal records of the slim ones. Call it after Slim and before the first event.
func (m *Mapper) Minimize() {
	m.slim.minimal = true
	m.device = m.device.texts(true)
}

// minimal reports whether records are minimal.
func (m *Mapper) minimal() bool { return m.slim != nil && m.slim.minimal }

// PutDevice sets where the attributes of the device are. Call it before the first event.
func (m *Mapper) PutDevice(where asim.DevicePlace) {
	m.deviceInResource = where == asim.DeviceInResource
}

// slims reports whether attributes of the event are left out. Audit events and events of an unknown layout keep theirs.
func (r *dnsRecord) slims() bool {
	return r.slim != nil && !r.Audit && !r.LayoutUnknown() && r.Template != nil
}

// slimsTies reports whether attributes that only tie events are left out.
func (r *dnsRecord) slimsTies() bool { return r.slims() && r.slim.joined }

// isMinimal reports whether the record is minimal.
func (r *dnsRecord) isMinimal() bool { return r.minimal() && r.slims() }

// isMinimalRow reports whether the record is minimal and of exchanges that are summed. It then lacks what only one of several would have.
func (r *dnsRecord) isMinimalRow() bool { return r.merged.Row && r.isMinimal() }

// xidLength is the length of TransactionIdHex.
const xidLength = 4

// omitsOwnAddress reports whether a minimal record leaves the destination out: it is the DNS Server itself, with the address of DvcIpAddr.
func (r *dnsRecord) omitsOwnAddress(dst endpoint) bool {
	own := r.local.addr
	if !own.IsValid() {
		own = r.device.Addr
	}
	if !dst.own || dst.addr != own || !own.IsValid() || !r.isServer() || !r.isMinimal() {
		return false
	}
	size := int(r.local.To - r.local.From)
	if size == 0 {
		size = len(r.device.addr)
	}
	r.omit(2 * size) // Dst and DstIpAddr
	return true
}

// putUnlessMinimal puts a number into AdditionalFields, unless the record is minimal.
func (r *dnsRecord) putUnlessMinimal(m attrs.Attributes, name string, n int64) {
	if r.isMinimal() {
		r.omit(len(name) + len(`"":,`) + asim.DecimalLength(n))
		return
	}
	m.PutInt(name, n)
}

// omit counts the size of an attribute that is left out.
func (r *dnsRecord) omit(size int) { r.omitted += int64(size) }

// ordinaryValue is a value of a field that a slim record leaves out: a text, or a number up to most.
type ordinaryValue struct {
	texts    []string
	most     uint64
	number   bool
	anything bool // any value is left out
	ties     bool // only if exchanges are joined
}

// ordinary lists the fields whose ordinary value says nothing, by their names in the manifests. The receiver's README has the reasons.
func ordinary() map[string]ordinaryValue {
	const datagram = 512 // octets of a message over UDP without EDNS (RFC 1035 section 2.3.4)
	text := func(texts ...string) ordinaryValue { return ordinaryValue{texts: texts} }
	upTo := func(most uint64) ordinaryValue { return ordinaryValue{most: most, number: true} }
	tie := ordinaryValue{anything: true, ties: true}
	return map[string]ordinaryValue{
		// DNS Server
		"Scope": text("Default", "."), "CacheScope": text("Default"), "ServerScope": text("Default"), "ZoneScope": text("Default"),
		"EDNSScopeName": text("Default"), "RecursionScope": text("."), "EDNSVirtualizationInstance": text("."),
		"AdditionalInfo": text(".", "VirtualizationInstance:."), "PolicyName": text("NULL"), "Zone": text("NULL"),
		"DNSSEC": upTo(0), "QueriesAttached": upTo(0), "RecursionDepth": upTo(1), "EDNSExtendedRCodeBits": upTo(0), "EDNSFlags": upTo(0),
		"BufferSize": upTo(datagram),
		// These tie events of one exchange. No source gives a meaning of the two tags of data.
		"EDNSCorrelationTag": tie, "DataTag": tie, "EDNSDataTag": tie,

		// DNS Client
		"NetworkQueryIndex": upTo(0), "NetworkIndex": upTo(0), "InterfaceIndex": upTo(0), "IsNetworkQuery": upTo(0), "IsAsyncQuery": upTo(0),
		// Addresses in the memory of the service, which tie events of one look-up.
		"QueryBlob": tie, "ParentBlob": tie, "SendBlob": tie, "SendBlobContext": tie,
	}
}

// cacheZone is the zone of answers that do not come from a zone of the server's own.
const cacheZone = "..Cache"

// omission is an ordinaryValue for one field of a template.
type omission struct {
	ordinaryValue
	encoded [][]byte // the texts in the form of the field
}

// omissions are the fields of a template that slim records may leave out, by index; nil for the others.
func (m *Mapper) omissions(t *schema.Template) []*omission {
	if m.slim == nil || t == nil {
		return nil
	}
	known, list := ordinary(), make([]*omission, len(t.Fields))
	for i, f := range t.Fields {
		v, ok := known[f.Name]
		if !ok || v.ties && !m.slim.joined {
			continue
		}
		o := &omission{ordinaryValue: v}
		texts := v.texts
		if f.Name == "Zone" && m.slim.minimal {
			texts = append(texts, cacheZone)
		}
		for _, text := range texts {
			switch f.Type {
			case schema.ANSI:
				o.encoded = append(o.encoded, []byte(text))
			case schema.UTF16:
				o.encoded = append(o.encoded, utf16(text))
			}
		}
		list[i] = o
	}
	return list
}

// utf16 gives a text of ASCII characters in 16-bit units.
func utf16(text string) (units []byte) {
	for i := range len(text) {
		units = append(units, text[i], 0)
	}
	return units
}

// omits reports whether a value is left out.
func (o *omission) omits(v *schema.Value) bool {
	return o.anything || o.number && v.Num <= o.most || slices.ContainsFunc(o.encoded, func(text []byte) bool { return bytes.Equal(text, v.Bytes) })
}

// optionsOrdinary are the options of a query that getaddrinfo makes (windns.h): DNS_QUERY_ADDRCONFIG, DNS_QUERY_DUAL_ADDR, and a bit
// that the service sets.
const optionsOrdinary = 0x4000_6000

// omitsField reports whether the i-th field is left out of a slim record's AdditionalFields.
func (r *dnsRecord) omitsField(kind *dnsKind, i int) bool {
	v := &r.Values[i]
	switch r.FieldAt(i) {
	case dns.Flags:
		return v.Num == r.flagsSaid()
	case dns.QueryOptions:
		return v.Num&^optionTCPOnly == optionsOrdinary // NetworkProtocol says TCP
	}
	return kind.omissions[i] != nil && kind.omissions[i].omits(v)
}

// flagsSaid returns the flags word of the DNS header as the other attributes say it: EventSubType or the id for the bit QR, EventType for the
// opcode, DnsFlags for the flags, and the response code.
func (r *dnsRecord) flagsSaid() uint64 {
	const flagQR, opcodeShift = 0x8000, 11
	word := uint64(0)
	for i := range dnsFlags {
		if r.flagsSet&(1<<i) != 0 {
			word |= dnsFlags[i].bit
		}
	}
	switch r.Role() {
	case dns.RoleUpdate:
		word |= 5 << opcodeShift // RFC 2136
	}
	if r.Phase == dns.Response {
		word |= flagQR
		if o := r.view.Outcome(r.Event); o.HasCode {
			word |= o.Code & 15
		}
	}
	return word
}

// fieldSize estimates what a field of AdditionalFields is billed for: its JSON text with name and comma. Escapes are not counted.
func fieldSize(name string, f schema.Type, v *schema.Value) int {
	const quotesColonComma = 4
	size := len(name) + quotesColonComma
	switch f {
	case schema.ANSI:
		return size + 2 + len(v.Bytes)
	case schema.UTF16:
		return size + 2 + len(v.Bytes)/2
	case schema.GUID:
		return size + 2 + guidLength
	case schema.Binary:
		return size + 4 + 2*len(v.Bytes)
	case schema.Bool32:
		return size + 4
	case schema.Pointer:
		return size + 2 + 2 + (hexDigits(v.Num))
	case schema.FileTime:
		return size + 2 + timeLength
	case schema.U64:
		return size + 2 + asim.DecimalLength(v.Num)
	default:
		return size + asim.DecimalLength(v.Num)
	}
}

// Lengths of texts.
const (
	guidLength = len("{EB79061A-A566-4698-9119-3ED2807060E7}")
	timeLength = len("2026-03-04T05:06:18.0525569Z")
)

// hexDigits is the number of hexadecimal digits.
func hexDigits(n uint64) (digits int) {
	for digits = 1; n > 15; n >>= 4 {
		digits++
	}
	return digits
}

// additionalSize is the size of an entry of AdditionalFields with a text, for the count of what is left out.
func additionalSize(name string, text int) int { return len(name) + len(`"":"",`) + text }

// putUnless puts a piece of text, unless a slim record leaves it out.
func (r *dnsRecord) putUnless(slim bool, name string, p attrs.Piece) {
	if slim {
		r.omit(int(p.To - p.From))
		return
	}
	r.attrs.PutPiece(name, p)
}
