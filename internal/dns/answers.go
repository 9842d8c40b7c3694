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
	// Doubtful tells that the list may be no true account of what it was read from: of a text with a semicolon in it, which looks
	// like the end of an answer, or of something that is no answer.
	Doubtful bool

	text []byte
	ends []int
	full bool
}

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

// Reset empties the list.
func (a *Answers) Reset() { *a = Answers{text: a.text[:0], ends: a.ends[:0]} }

// record is one resource record: its fixed part, and where its data is in the message.
type record struct {
	typ, class uint16
	ttl        uint32
	at, end    int
}

// add lists one more record of a message, or checks it where the list is full.
func (a *Answers) add(packet []byte, r record) error {
	if a.full {
		return nil
	}
	text, err := appendAnswer(a.text, packet, r)
	if err != nil {
		return err
	}
	a.keep(text)
	return nil
}

// keep lists what has been appended to the text, or takes it off again where the list is full.
func (a *Answers) keep(text []byte) {
	if len(a.ends) == maxAnswers || len(text) > maxAnswersText {
		a.full, a.text = true, text[:len(a.text)]
		return
	}
	a.text, a.ends = text, append(a.ends, len(text))
}

// maxGeneral is the size of data in bytes that the library may write in a record's own form: for some types (NSEC, HIP, APL)
// its time grows with the square of the size.
const maxGeneral = 128

// maxOwn lists types whose data is written in their own form when it is larger: the time grows with the size alone, or the
// bound holds it down. The others are written in the general form of RFC 3597.
var maxOwn = map[uint16]int{
	dns.TypeTXT: 1 << 16, dns.TypeSPF: 1 << 16, dns.TypeRRSIG: 1 << 16, dns.TypeDNSKEY: 1 << 16, dns.TypeCDNSKEY: 1 << 16,
	dns.TypeTLSA: 1 << 16, dns.TypeSMIMEA: 1 << 16, dns.TypeCERT: 1 << 16, dns.TypeOPENPGPKEY: 1 << 16, dns.TypeSOA: 1 << 10,
	dns.TypeNAPTR: 1 << 10, dns.TypeCAA: 1 << 10, dns.TypeURI: 1 << 10, dns.TypeSVCB: 1 << 10, dns.TypeHTTPS: 1 << 10,
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
	if dns.TypeToRR[r.typ] == nil || len(data) > max(maxGeneral, maxOwn[r.typ]) {
		return appendGeneral(dst, r.typ, data), nil
	}
	h := dns.RR_Header{Name: ".", Rrtype: r.typ, Class: r.class, Ttl: r.ttl, Rdlength: uint16(len(data))}
	rr, _, err := dns.UnpackRRWithHeader(h, packet[:r.end], r.at)
	if err != nil {
		return wrong()
	}
	own, ok := strings.CutPrefix(rr.String(), rr.Header().String())
	if !ok || !utf8.ValidString(own) {
		return appendGeneral(dst, r.typ, data), nil // NULL, which has no form of its own, and the like
	}
	dst = append(append(dst, dns.Type(r.typ).String()...), ' ')
	return trimRoot(append(dst, own...), len(dst)), nil
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
			text, doubtful := appendListed(a.text, entry)
			a.Doubtful = a.Doubtful || doubtful
			a.keep(text)
		}
	}
}

func appendListed(dst, entry []byte) (text []byte, doubtful bool) {
	if addr, ok := ParseAddr(entry); ok {
		return addr.AppendTo(dst), false
	}
	rest, ok := bytes.CutPrefix(entry, []byte("type:"))
	number, data, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte{' '})
	typ, err := strconv.ParseUint(string(number), 10, 16)
	if !ok || err != nil {
		return append(dst, entry...), true
	}
	dst = append(dst, dns.Type(typ).String()...)
	if data = bytes.TrimSpace(data); len(data) == 0 {
		return dst, false
	}
	dst = append(dst, ' ')
	text = append(dst, data...)
	switch uint16(typ) {
	case dns.TypeNS, dns.TypeCNAME, dns.TypeSOA, dns.TypePTR, dns.TypeMX, dns.TypeSRV, dns.TypeDNAME: // numbers and names
		return trimRoot(text, len(dst)), false
	}
	return text, true
}

// trimRoot takes the dot off the end of the text that was appended from on, but not the root's own.
func trimRoot(text []byte, from int) []byte {
	if last := len(text) - 1; last > from && text[last] == '.' && text[last-1] != ' ' {
		return text[:last]
	}
	return text
}
