// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"bytes"
	"strings"

	"github.com/miekg/dns"
)

// LowerNames puts the names in a record's data, which is in master file form, into lower case, in its own memory: the case of their
// letters means nothing (RFC 4343). What is no name stays: texts, signatures in base64, the types that NSEC lists, parameters of services.
func LowerNames(data []byte, typ uint16) {
	fields := ownForms[typ].fields
	switch typ {
	case dns.TypeCNAME, dns.TypeNS, dns.TypePTR, dns.TypeDNAME:
		fields = "n"
	}
	at := strings.IndexByte(fields, 'n')
	switch {
	case at < 0 || bytes.HasPrefix(data, []byte(`\#`)): // data in the form of RFC 3597 is no name's text
	case !strings.ContainsAny(fields, "s*"): // names and numbers
		Lower(data)
	default: // one name; each field before it is one of the text as well
		for range at {
			data = data[fieldEnd(data):]
			data = data[min(1, len(data)):]
		}
		Lower(data[:fieldEnd(data)])
	}
}

// fieldEnd gives where the first field of data in master file form ends: at a blank that is not escaped and not in quotes (RFC 1035
// section 5.1).
func fieldEnd(data []byte) int {
	quoted := false
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ' ':
			if !quoted {
				return i
			}
		}
	}
	return len(data)
}
