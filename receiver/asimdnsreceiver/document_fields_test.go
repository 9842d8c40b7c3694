// SPDX-License-Identifier: Apache-2.0

// Reads fields of events by their names in the manifests, independently of the mapper.

package asimdnsreceiver

import (
	"net/netip"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// fields reads an event by the names in the manifest.
type fields struct{ *dns.Event }

func (f *fields) find(names ...string) int {
	for _, name := range names {
		if i := f.Decoded().Template.Find(name); i >= 0 && i < len(f.Decoded().Values) {
			return i
		}
	}
	return -1
}

// text returns a text field. The text in the recordings is ASCII, in either encoding.
func (f *fields) text(names ...string) string {
	if i := f.find(names...); i >= 0 {
		return strings.ReplaceAll(string(f.Decoded().Values[i].Bytes), "\x00", "")
	}
	return ""
}

func (f *fields) number(names ...string) (n uint64, ok bool) {
	if i := f.find(names...); i >= 0 {
		return f.Decoded().Values[i].Num, true
	}
	return 0, false
}

// address returns the first address in a field, without a zone, or nil if there is none.
func (f *fields) address(names ...string) any {
	first, _, _ := strings.Cut(f.text(names...), ";")
	a, err := netip.ParseAddr(first)
	if err != nil || a.IsUnspecified() {
		return nil
	}
	return a.WithZone("").String()
}

// orNil returns the text, or nil if it is empty.
func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func always(value any) func(*fields) any { return func(*fields) any { return value } }

// query is DnsQuery: the name without the trailing dot.
func query(f *fields) any {
	name := f.text("QNAME", "QueryName")
	if name != "." {
		name = strings.TrimSuffix(name, ".")
	}
	return orNil(name)
}

func queryType(f *fields) any {
	if n, ok := f.number("QTYPE", "RRTYPE", "QueryType"); ok {
		return int64(n)
	}
	return nil
}

func queryTypeName(f *fields) any {
	if n, ok := f.number("QTYPE", "RRTYPE", "QueryType"); ok {
		return mdns.Type(n).String() // TYPEn for a type without a name
	}
	return nil
}

func (f *fields) bytes(name string) []byte {
	if i := f.find(name); i >= 0 {
		return f.Decoded().Values[i].Bytes
	}
	return nil
}

// serverCode is RCODE. For a response without that field, it is the low bits of the header's flags.
func serverCode(f *fields) any {
	if n, ok := f.number("RCODE"); ok {
		return int64(n)
	}
	if flags, ok := f.number("Flags"); ok && flags&0x8000 != 0 {
		return int64(flags & 0xF)
	}
	return nil
}

// clientCode is the status, if it is success or a response code.
func clientCode(f *fields) any {
	if n, ok := f.number("Status", "QueryStatus", "ResponseStatus"); ok && (n == 0 || n > 9000 && n < 9024) {
		return int64(n % 9000)
	}
	return nil
}

// finalCode is clientCode for the events that end a lookup. For an answer without records it has that answer's code.
func finalCode(f *fields) any {
	switch f.ID {
	case 3008, 3011, 3013, 3020:
		if n, _ := f.number("Status", "QueryStatus", "ResponseStatus"); n == 9501 {
			return int64(0)
		}
		return clientCode(f)
	}
	return nil
}

func codeName(code func(*fields) any) func(*fields) any {
	return func(f *fields) any {
		if n, ok := code(f).(int64); ok {
			return mdns.RcodeToString[int(n)]
		}
		return nil
	}
}
