// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"bytes"
	"strings"

	"github.com/miekg/dns"
)

// LowerNames changes the names in a record's data to lower case, in place. DNS ignores the case of letters in names (RFC 4343). The data is
// in master file form. Everything else stays: texts, signatures in base64, the types in NSEC, parameters of services.
func LowerNames(data []byte, typ uint16) {
	fields := ownForms[typ].fields
	switch typ {
	case dns.TypeCNAME, dns.TypeNS, dns.TypePTR, dns.TypeDNAME:
		fields = "n"
	}
	at := strings.IndexByte(fields, 'n')
	switch {
	case at < 0 || bytes.HasPrefix(data, []byte(`\#`)): // the form of RFC 3597 has no names
	case !strings.ContainsAny(fields, "s*"): // names and numbers
		Lower(data)
	default: // one name; each wire field before it is one field of the text
		for range at {
			data = data[fieldEnd(data):]
			data = data[min(1, len(data)):]
		}
		Lower(data[:fieldEnd(data)])
	}
}

// fieldEnd returns the end of the first field of data in master file form: a blank that is not escaped and not in quotes (RFC 1035
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
