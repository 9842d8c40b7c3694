// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/miekg/dns"
)

// Bounds of a list of answers. Other hosts write it: a message of 64 KiB holds thousands of records, and its text can be a hundred times
// as long.
const (
	maxAnswers     = 128
	maxAnswersText = 8192 // bytes
)

// Answers lists records in one form for all sources. An address stands alone. Another record is its type's name and its data in master
// file form, without the dot at the end. So a chain of aliases reads "CNAME www.example.net", "192.0.2.1". Reset reuses the memory.
type Answers struct {
	// Count is the number of records, including those beyond the bounds of the list.
	Count int
	// MinTTL is the least time to live of the records, in seconds. HasTTL reports whether it is known: the DNS Client does not list it.
	MinTTL uint32
	HasTTL bool
	// Doubtful reports whether the list may differ from its source: a text may hold a semicolon, which also ends an answer, or the source
	// holds something that is no answer.
	Doubtful bool

	text  []byte
	ends  []int
	heads []answerHead
	full  bool
}

// answerHead describes a listed answer. Its text is in Answers.
type answerHead struct {
	data  int // the index of the data in the answer's text
	typ   uint16
	ttl   uint32
	owner int // the offset of the record's name in the packet; 0 without a packet
	known bool
	loose bool // the data may not be in master file form
}

// maxTTL is the greatest time to live; a greater one counts as 0 (RFC 2181 section 8).
const maxTTL = 1<<31 - 1

// Len is the number of listed answers.
func (a *Answers) Len() int { return len(a.ends) }

// At returns the i-th answer in UTF-8. It is valid until the next Reset.
func (a *Answers) At(i int) []byte {
	from := 0
	if i > 0 {
		from = a.ends[i-1]
	}
	return a.text[from:a.ends[i]]
}

// DataAt returns the index of the data in the i-th answer: after the type's name and a blank, or 0 for an address.
func (a *Answers) DataAt(i int) int { return a.heads[i].data }

// Type returns the type of the i-th answer. ok is false for a text without a type.
func (a *Answers) Type(i int) (typ uint16, ok bool) { return a.heads[i].typ, a.heads[i].known }

// MasterForm reports whether the data of the i-th answer is in master file form. Data from the DNS Client's list is in that form only for
// types whose data are names and numbers.
func (a *Answers) MasterForm(i int) bool { return !a.heads[i].loose }

// TTL returns the time to live of the i-th answer, in seconds. ok is false if it is not known.
func (a *Answers) TTL(i int) (seconds uint32, ok bool) { return a.heads[i].ttl, a.HasTTL }

// AppendOwner appends the name of the i-th record to dst, without the dot at its end. packet are the bytes of the message. An answer from
// another source has no name.
func (a *Answers) AppendOwner(dst, packet []byte, i int) []byte {
	if a.heads[i].owner == 0 {
		return dst
	}
	from := len(dst)
	dst = appendName(dst, packet, a.heads[i].owner)
	if len(dst) > from+1 { // not the root
		dst = dst[:len(dst)-1]
	}
	return dst
}

// Reset empties the list.
func (a *Answers) Reset() {
	a.Count, a.MinTTL, a.HasTTL, a.Doubtful, a.full = 0, 0, false, false, false
	a.text = a.text[:0]
	a.ends = a.ends[:0]
	a.heads = a.heads[:0]
}

// record is one resource record: its fixed part, and the offsets of the rest in the message.
type record struct {
	typ, class     uint16
	ttl            uint32
	owner, at, end int // offsets of the name, the data, and the byte after the data
}

// add appends a record of a message to the list. If the list is full it only checks the record.
func (a *Answers) add(packet []byte, r record) error {
	if r.ttl > maxTTL {
		r.ttl = 0
	}
	if !a.HasTTL || r.ttl < a.MinTTL {
		a.HasTTL, a.MinTTL = true, r.ttl
	}
	if a.full {
		return nil
	}
	text, err := appendAnswer(a.text, packet, r)
	if err != nil {
		return err
	}
	data := bytes.IndexByte(text[len(a.text):], ' ') + 1 // an address has none
	a.keep(text, answerHead{data: data, typ: r.typ, ttl: r.ttl, owner: r.owner, known: true})
	return nil
}

// keep lists the text that was appended, or removes it if the list is full.
func (a *Answers) keep(text []byte, head answerHead) {
	if len(a.ends) == maxAnswers || len(text) > maxAnswersText {
		a.full, a.text = true, text[:len(a.text)]
		return
	}
	a.text, a.ends, a.heads = text, append(a.ends, len(text)), append(a.heads, head)
}

// ownForm is the wire format of a type whose data has a text form of its own.
//
// The library accepts data that ends between two fields, and writes the missing fields as zero. So the data is checked against fields: a
// digit is that number of bytes, n is a name, s is a length byte and as many bytes, and * is the rest.
type ownForm struct {
	fields string
	max    int // the most bytes of data for this form; 0 is maxOwn
}

// maxOwn is the most bytes of data that the library writes in a type's own form: for some types (NSEC) its time grows with the square of
// the size. A type whose time grows with the size, or whose form bounds the size, has a greater max.
const (
	maxOwn  = 128
	maxMore = 1 << 10
	maxAny  = 1 << 16
)

// ownForms are the types whose data is written in their own form. Other types, and longer data, have the general form of RFC 3597.
var ownForms = map[uint16]ownForm{
	dns.TypeAFSDB: {"2n", 0}, dns.TypeAVC: {"*", 0}, dns.TypeCAA: {"1s*", maxMore}, dns.TypeCDNSKEY: {"211*", maxAny}, dns.TypeCDS: {"211*", 0},
	dns.TypeCERT: {"221*", maxAny}, dns.TypeCSYNC: {"42*", 0}, dns.TypeDHCID: {"*", 0}, dns.TypeDLV: {"211*", 0}, dns.TypeDNSKEY: {"211*", maxAny},
	dns.TypeDS: {"211*", 0}, dns.TypeEUI48: {"6", 0}, dns.TypeEUI64: {"8", 0}, dns.TypeGPOS: {"sss", 0}, dns.TypeHINFO: {"ss", 0},
	dns.TypeHTTPS: {"2n*", maxMore}, dns.TypeKEY: {"211*", 0}, dns.TypeKX: {"2n", 0}, dns.TypeL32: {"24", 0}, dns.TypeL64: {"28", 0},
	dns.TypeLOC: {"4444", 0}, dns.TypeLP: {"2n", 0}, dns.TypeMB: {"n", 0}, dns.TypeMD: {"n", 0}, dns.TypeMF: {"n", 0}, dns.TypeMG: {"n", 0},
	dns.TypeMINFO: {"nn", 0}, dns.TypeMR: {"n", 0}, dns.TypeMX: {"2n", 0}, dns.TypeNAPTR: {"22sssn", maxMore}, dns.TypeNID: {"28", 0},
	dns.TypeNINFO: {"*", 0}, dns.TypeNSAPPTR: {"n", 0}, dns.TypeNSEC: {"n*", 0}, dns.TypeNSEC3: {"112ss*", 0}, dns.TypeNSEC3PARAM: {"112s", 0},
	dns.TypeOPENPGPKEY: {"*", maxAny}, dns.TypePX: {"2nn", 0}, dns.TypeRESINFO: {"*", 0}, dns.TypeRP: {"nn", 0}, dns.TypeRRSIG: {"2114442n*", maxAny},
	dns.TypeRT: {"2n", 0}, dns.TypeSIG: {"2114442n*", 0}, dns.TypeSMIMEA: {"111*", maxAny}, dns.TypeSOA: {"nn44444", maxMore}, dns.TypeSPF: {"*", maxAny},
	dns.TypeSRV: {"222n", 0}, dns.TypeSSHFP: {"11*", 0}, dns.TypeSVCB: {"2n*", maxMore}, dns.TypeTA: {"211*", 0}, dns.TypeTALINK: {"nn", 0},
	dns.TypeTLSA: {"111*", maxAny}, dns.TypeTXT: {"*", maxAny}, dns.TypeURI: {"22*", maxMore}, dns.TypeX25: {"s", 0}, dns.TypeZONEMD: {"411*", 0},
}

// has reports whether a message's data from at to its end has the form's fields.
func (f *ownForm) has(packet []byte, at int) bool {
	for _, field := range f.fields {
		switch {
		case field == '*':
			return at <= len(packet)
		case field == 'n':
			next, err := skipName(packet, at)
			if err != nil {
				return false
			}
			at = next
		case field != 's':
			at += int(field - '0')
		case at < len(packet):
			at += 1 + int(packet[at])
		default:
			return false
		}
	}
	return at == len(packet)
}

// appendAnswer appends a record to dst in the form of Answers.
func appendAnswer(dst, packet []byte, r record) ([]byte, error) {
	data := packet[r.at:r.end]
	if len(data) == 0 {
		return appendGeneral(dst, r.typ, nil), nil
	}
	wrong := func() ([]byte, error) {
		return dst, fmt.Errorf("%d bytes are no data of type %s", len(data), dns.Type(r.typ))
	}
	switch r.typ {
	case dns.TypeA:
		if len(data) != 4 {
			return wrong()
		}
		return netip.AddrFrom4([4]byte(data)).AppendTo(dst), nil
	case dns.TypeAAAA:
		if len(data) != 16 {
			return wrong()
		}
		return netip.AddrFrom16([16]byte(data)).AppendTo(dst), nil
	case dns.TypeCNAME, dns.TypeNS, dns.TypePTR, dns.TypeDNAME:
		if end, err := skipName(packet[:r.end], r.at); err != nil || end != r.end {
			return wrong()
		}
		dst = append(append(dst, dns.TypeToString[r.typ]...), ' ')
		return trimRoot(appendName(dst, packet[:r.end], r.at), len(dst)), nil
	}
	form, known := ownForms[r.typ]
	if !known || len(data) > max(maxOwn, form.max) {
		return appendGeneral(dst, r.typ, data), nil
	}
	h := dns.RR_Header{Name: ".", Rrtype: r.typ, Class: r.class, Ttl: r.ttl, Rdlength: uint16(len(data))}
	rr, _, err := dns.UnpackRRWithHeader(h, packet[:r.end], r.at)
	if err != nil {
		return wrong()
	}
	own, ok := strings.CutPrefix(rr.String(), rr.Header().String())
	if !ok || !utf8.ValidString(own) || !form.has(packet[:r.end], r.at) {
		return appendGeneral(dst, r.typ, data), nil
	}
	dst = append(append(dst, dns.Type(r.typ).String()...), ' ')
	return trimRoot(append(dst, strings.TrimRight(own, " ")...), len(dst)), nil
}

// appendGeneral appends a record's data in the form of RFC 3597 section 5: \#, the size, the bytes.
func appendGeneral(dst []byte, typ uint16, data []byte) []byte {
	if len(data) > maxAnswersText {
		data = data[:maxAnswersText] // too long for the list in any case
	}
	dst = append(append(dst, dns.Type(typ).String()...), ` \# `...)
	dst = strconv.AppendInt(dst, int64(len(data)), 10)
	if len(data) > 0 {
		dst = append(dst, ' ')
	}
	return hex.AppendEncode(dst, data)
}

// Listed appends the results in the DNS Client's form, "type:  5 www.example.net;::ffff:192.0.2.1;". The client maps IPv4 addresses into
// IPv6 for a caller that takes both; they become IPv4 again.
func (a *Answers) Listed(results []byte) {
	for entry := range bytes.SplitSeq(results, []byte{';'}) {
		if entry = bytes.TrimSpace(entry); len(entry) == 0 {
			continue
		}
		a.Count++
		if !a.full {
			text, head, doubtful := appendListed(a.text, entry)
			a.Doubtful = a.Doubtful || doubtful
			a.keep(text, head)
		}
	}
}

func appendListed(dst, entry []byte) (text []byte, head answerHead, doubtful bool) {
	if addr, ok := ParseAddr(entry); ok {
		head.typ, head.known = dns.TypeAAAA, true
		if addr.Is4() {
			head.typ = dns.TypeA
		}
		return addr.AppendTo(dst), head, false
	}
	rest, ok := bytes.CutPrefix(entry, []byte("type:"))
	number, data, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte{' '})
	typ, err := strconv.ParseUint(string(number), 10, 16)
	if !ok || err != nil {
		return append(dst, entry...), head, true
	}
	from := len(dst)
	dst = append(dst, dns.Type(typ).String()...)
	head = answerHead{data: len(dst) - from, typ: uint16(typ), known: true}
	if data = bytes.TrimSpace(data); len(data) == 0 {
		return dst, head, false
	}
	dst = append(dst, ' ')
	head.data++
	text = append(dst, data...)
	switch uint16(typ) {
	case dns.TypeNS, dns.TypeCNAME, dns.TypeSOA, dns.TypePTR, dns.TypeMX, dns.TypeSRV, dns.TypeDNAME: // numbers and names
		return trimRoot(text, len(dst)), head, false
	}
	head.loose = true
	return text, head, true
}

// trimRoot removes the dot at the end of the text that begins at index from. The root keeps its dot.
func trimRoot(text []byte, from int) []byte {
	if last := len(text) - 1; last > from && text[last] == '.' && text[last-1] != ' ' {
		return text[:last]
	}
	return text
}
