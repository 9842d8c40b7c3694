// SPDX-License-Identifier: Apache-2.0

package dns

import (
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

// answers lists records in one form, whatever they were read from: addresses bare, other records as their type's name and
// their data in master file form, without the dot at the end. Names in the data are those of an answer, so that a chain of
// aliases reads "CNAME www.example.net", "192.0.2.1".
type answers struct {
	packet []byte
	list   []string
	size   int
	full   bool
}

// record is one resource record: its fixed part, and where its data is in the message.
type record struct {
	typ, class uint16
	ttl        uint32
	at, end    int
}

// add lists one more record, or checks it where the list is full.
func (a *answers) add(r record) error {
	if a.full {
		return nil
	}
	text, err := a.text(r)
	if err != nil {
		return err
	}
	a.append(text)
	return nil
}

func (a *answers) append(text string) {
	if len(a.list) == maxAnswers || a.size+len(text) > maxAnswersText {
		a.full = true
		return
	}
	a.list, a.size = append(a.list, text), a.size+len(text)
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

// text gives one record in the form of answers.
func (a *answers) text(r record) (string, error) {
	data := a.packet[r.at:r.end]
	if len(data) == 0 {
		return general(r.typ, nil), nil
	}
	wrong := func() error { return fmt.Errorf("%d bytes are no data of type %s", len(data), dns.Type(r.typ)) }
	switch r.typ {
	case dns.TypeA:
		if len(data) != 4 {
			return "", wrong()
		}
		return netip.AddrFrom4([4]byte(data)).String(), nil
	case dns.TypeAAAA:
		if len(data) != 16 {
			return "", wrong()
		}
		return netip.AddrFrom16([16]byte(data)).String(), nil
	case dns.TypeCNAME, dns.TypeNS, dns.TypePTR, dns.TypeDNAME:
		name, end, err := dns.UnpackDomainName(a.packet[:r.end], r.at)
		if err != nil || end != r.end {
			return "", wrong()
		}
		return dns.Type(r.typ).String() + " " + trimRoot(name), nil
	}
	if dns.TypeToRR[r.typ] == nil || len(data) > max(maxGeneral, maxOwn[r.typ]) {
		return general(r.typ, data), nil
	}
	h := dns.RR_Header{Name: ".", Rrtype: r.typ, Class: r.class, Ttl: r.ttl, Rdlength: uint16(len(data))}
	rr, _, err := dns.UnpackRRWithHeader(h, a.packet[:r.end], r.at)
	if err != nil {
		return "", wrong()
	}
	own, ok := strings.CutPrefix(rr.String(), rr.Header().String())
	if !ok || !utf8.ValidString(own) {
		return general(r.typ, data), nil // NULL, which has no form of its own, and the like
	}
	return dns.Type(r.typ).String() + " " + trimRoot(own), nil
}

// general gives a record's data in the form of RFC 3597 section 5: \#, the size, the bytes.
func general(typ uint16, data []byte) string {
	if len(data) > maxAnswersText {
		data = data[:maxAnswersText] // too long for the list in any case
	}
	b := append([]byte(dns.Type(typ).String()), ` \# `...)
	b = strconv.AppendInt(b, int64(len(data)), 10)
	if len(data) > 0 {
		b = append(b, ' ')
	}
	return string(hex.AppendEncode(b, data))
}

// ListedAnswers reads what the DNS Client lists as results, "type:  5 www.example.net;::ffff:192.0.2.1;", into the form in which
// Message has answers, and appends it to list. count is how many there are, though list is bounded. IPv4 addresses that the
// client mapped into IPv6, for a caller that takes both, are given as IPv4.
func ListedAnswers(list []string, results string) (answered []string, count int) {
	a := answers{list: list}
	for entry := range strings.SplitSeq(results, ";") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		count++
		if !a.full {
			a.append(listed(entry))
		}
	}
	return a.list, count
}

func listed(entry string) string {
	if addr, ok := ParseAddr([]byte(entry)); ok {
		return addr.String()
	}
	rest, ok := strings.CutPrefix(entry, "type:")
	number, data, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	typ, err := strconv.ParseUint(number, 10, 16)
	if !ok || err != nil {
		return entry
	}
	name := dns.Type(typ).String()
	if data = strings.TrimSpace(data); data == "" {
		return name
	}
	return name + " " + trimRoot(data)
}
