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

// Bounds of a list of answers, which someone else wrote: a message of 64 KiB holds some thousands of records, and its text can
// be a hundred times as long.
const (
	maxAnswers     = 128
	maxAnswersText = 8192 // bytes
)

// Answers lists records in one form, whatever they were read from: addresses bare, other records as their type's name and
// their data in master file form, without the dot at the end. Names in the data are those of an answer, so that a chain of
// aliases reads "CNAME www.example.net", "192.0.2.1". Its memory is used again after Reset.
type Answers struct {
	// Count is how many records there are, though the list is bounded.
	Count int
	// MinTTL is the least time to live of the records, in seconds, and HasTTL reports whether it is known: the DNS Client lists none.
	MinTTL uint32
	HasTTL bool
	// Doubtful tells that the list may be no true account of what it was read from: of a text with a semicolon in it, which looks
	// like the end of an answer, or of something that is no answer.
	Doubtful bool

	text  []byte
	ends  []int
	heads []answerHead
	full  bool
}

// answerHead is what is known of a listed answer beside its text.
type answerHead struct {
	data  int // how much of the text comes before the data
	typ   uint16
	ttl   uint32
	owner int // where in the packet the record's name begins; 0 where there is no packet
	known bool
	loose bool // the data may be in another form than that of a master file
}

// maxTTL is the greatest time to live; a greater one counts as 0 (RFC 2181 section 8).
const maxTTL = 1<<31 - 1

// Len is how many answers are listed.
func (a *Answers) Len() int { return len(a.ends) }

// At gives the i-th answer, UTF-8. It is valid until the next Reset.
func (a *Answers) At(i int) []byte {
	from := 0
	if i > 0 {
		from = a.ends[i-1]
	}
	return a.text[from:a.ends[i]]
}

// DataAt gives how much of the i-th answer comes before its data: the type's name and a blank, nothing of a bare address.
func (a *Answers) DataAt(i int) int { return a.heads[i].data }

// Type gives the type of the i-th answer; ok is false for a text that says none.
func (a *Answers) Type(i int) (typ uint16, ok bool) { return a.heads[i].typ, a.heads[i].known }

// MasterForm reports whether the data of the i-th answer is in master file form. What the DNS Client lists is so for types of names and
// numbers alone.
func (a *Answers) MasterForm(i int) bool { return !a.heads[i].loose }

// TTL gives the time to live of the i-th answer, in seconds; ok is false where it is not known.
func (a *Answers) TTL(i int) (seconds uint32, ok bool) { return a.heads[i].ttl, a.HasTTL }

// AppendOwner appends the name of the i-th record, without the dot at its end, to dst: of a message, whose bytes packet are. An answer
// that comes from elsewhere has none.
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
func (a *Answers) Reset() { *a = Answers{text: a.text[:0], ends: a.ends[:0], heads: a.heads[:0]} }

// record is one resource record: its fixed part, and where the rest is in the message.
type record struct {
	typ, class     uint16
	ttl            uint32
	owner, at, end int // of the name, the data, and what follows
}

// add lists one more record of a message, or checks it where the list is full.
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

// keep lists what has been appended to the text, or takes it off again where the list is full.
func (a *Answers) keep(text []byte, head answerHead) {
	if len(a.ends) == maxAnswers || len(text) > maxAnswersText {
		a.full, a.text = true, text[:len(a.text)]
		return
	}
	a.text, a.ends, a.heads = text, append(a.ends, len(text)), append(a.heads, head)
}

// ownForm is how the data of a type lies, of which its own text form is made.
//
// The library takes data that ends between two of its fields, and its text has the missing ones as zero. So the data must have the
// fields: a digit is so many bytes, n a name, s a length byte and so many more, and * is whatever is left.
type ownForm struct {
	fields string
	max    int // bytes of data that are written so: 0 is maxOwn
}

// maxOwn is the size of data in bytes that the library may write in a type's own form: for some types (NSEC) its time grows with
// the square of the size. Where it grows with the size alone, or the form bounds it, there may be more.
const (
	maxOwn  = 128
	maxMore = 1 << 10
	maxAny  = 1 << 16
)

// ownForms are the types whose data is written in their own form; the others, and longer data, have the general form of RFC 3597.
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

// appendAnswer appends one record in the form of Answers to dst.
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

// Listed appends what the DNS Client lists as results, "type:  5 www.example.net;::ffff:192.0.2.1;". IPv4 addresses that the
// client mapped into IPv6, for a caller that takes both, are given as IPv4.
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

// trimRoot takes the dot off the end of the text that was appended from on, but not the root's own.
func trimRoot(text []byte, from int) []byte {
	if last := len(text) - 1; last > from && text[last] == '.' && text[last-1] != ' ' {
		return text[:last]
	}
	return text
}
