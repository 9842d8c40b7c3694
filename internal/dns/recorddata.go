// SPDX-License-Identifier: Apache-2.0

// The data of records in messages and in the DNS Server's audit events.

package dns

import (
	"bytes"

	"github.com/miekg/dns"
)

// appendData appends the data of a record in a message in master file form, without the type, and without the dot at the end of the last
// name.
func appendData(dst, packet []byte, r record) ([]byte, error) {
	from := len(dst)
	dst, err := appendAnswer(dst, packet, r)
	if err != nil {
		return dst[:from], err
	}
	if name := dns.Type(r.typ).String(); bytes.HasPrefix(dst[from:], []byte(name)) && len(dst) > from+len(name) && dst[from+len(name)] == ' ' {
		dst = append(dst[:from], dst[from+len(name)+1:]...)
	}
	return dst, nil
}

// appendBytes appends data in the form of RFC 3597 section 5 without a type, cut to the bound of a list of records.
func appendBytes(dst, data []byte) []byte {
	from := len(dst)
	dst = appendGeneral(dst, dns.TypeNone, data)
	at := from + bytes.IndexByte(dst[from:], '\\')
	return append(dst[:from], dst[at:]...)
}

// appendStoredData is appendData for a record outside a message. Its names are not compressed. They have one of two forms: that of a
// message, or DNS_COUNT_NAME (MS-DNSP section 2.2.2.2.2), which the server stores. No public source says which form audit events have. ok
// is false for other data, and if the data or its text exceeds maxAnswersText bytes.
func appendStoredData(dst []byte, typ uint16, data []byte) (text []byte, ok bool) {
	at, named := nameAt(typ)
	if named && isCountName(data, at) {
		data = append(data[:at:at], data[at+countNameHeader:]...)
	}
	if len(data) > maxAnswersText || !written(typ, data) {
		return dst, false
	}
	text, err := appendData(dst, data, record{typ: typ, class: dns.ClassINET, end: len(data)})
	if err != nil || len(text)-len(dst) > maxAnswersText {
		return dst, false
	}
	return text, true
}

// nameAt returns the offset of the name in the data of a type that ends with its only name.
func nameAt(typ uint16) (at int, ok bool) {
	switch typ {
	case dns.TypeNS, dns.TypeCNAME, dns.TypePTR, dns.TypeDNAME, dns.TypeMB, dns.TypeMD, dns.TypeMF, dns.TypeMG, dns.TypeMR:
		return 0, true
	case dns.TypeMX, dns.TypeAFSDB, dns.TypeRT, dns.TypeKX:
		return 2, true
	case dns.TypeSRV:
		return 6, true
	}
	return 0, false
}

// countNameHeader is the size in bytes of the header of a DNS_COUNT_NAME: the size of the labels with their final zero byte, and the number
// of labels.
const countNameHeader = 2

// isCountName reports whether the data from at to its end is a DNS_COUNT_NAME. Read as a name of a message, it is one label with bytes that
// no host's name has.
func isCountName(data []byte, at int) bool {
	if len(data) < at+countNameHeader+1 || int(data[at]) != len(data)-at-countNameHeader {
		return false
	}
	labels, rest := int(data[at+1]), data[at+countNameHeader:]
	for ; rest[0] != 0; labels-- {
		if n := 1 + int(rest[0]); rest[0]&0xC0 == 0 && n < len(rest) {
			rest = rest[n:]
		} else {
			return false
		}
	}
	return labels == 0 && len(rest) == 1
}

// written reports whether no name in a record's data has a compression pointer: there is no message that it could point into.
func written(typ uint16, data []byte) bool {
	fields := ownForms[typ].fields
	if _, ok := nameAt(typ); ok && fields == "" {
		fields = "n"
	}
	at := 0
	for _, field := range fields {
		switch {
		case field == '*' || at >= len(data):
			return true
		case field == 's':
			at += 1 + int(data[at])
		case field != 'n':
			at += int(field - '0')
		default:
			for ; at < len(data) && data[at] != 0; at += 1 + int(data[at]) {
				if data[at]&0xC0 != 0 {
					return false
				}
			}
			at++
		}
	}
	return true
}
