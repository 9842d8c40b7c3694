// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// Names in AdditionalFields that no manifest has.
const (
	// dnsRole is the event's dns.Role: the two ends of the exchange.
	dnsRole = "DnsRole"
	// activityID is the event's activity, if its ETW header has one.
	activityID = "ActivityId"
	// undecodedData is the rest of an event's user data after the fields that could be read, in hex.
	undecodedData = "UndecodedData"
	// layoutUnknown marks an event that fits no known layout: its record has the fields that are certain.
	layoutUnknown = "LayoutUnknown"
	// clockLeap marks the record of a query and its response when the host's clock was set between them. queryTime is then the
	// query's own time.
	clockLeap, queryTime = "ClockLeap", "QueryTime"
	// lookupEvents is the number of events of a look-up of the DNS Client, if it has several. fromCache is whether the cache had the
	// answer, if an event says so.
	lookupEvents, fromCache = "LookupEvents", "FromCache"
	// userData is the whole user data of an event that the provider's manifest does not have, in hex.
	userData = "UserData"
)

// additional writes AdditionalFields: every field without an attribute of its own, under the name in the manifest.
func (r *dnsRecord) additional(kind *dnsKind) {
	if r.PacketBroken() {
		r.unparsable.Add(1)
	}
	if r.attrs.Omits(attrs.AdditionalFields) {
		return
	}
	m := r.builder.Additional()
	switch role := r.Role(); {
	case r.documents():
	case role == dns.RoleClientResponse && r.slims():
		r.omit(additionalSize(dnsRole, len(role.String())))
	default:
		m.PutConst(dnsRole, role.String())
	}
	if r.isSum() {
		r.packetFields(m)
		r.sums(m)
		return
	}
	switch {
	case r.ActivityID.IsZero() || r.documents():
	case r.slimsTies():
		r.omit(additionalSize(activityID, guidLength))
	default:
		from := len(r.builder.Text)
		r.builder.Text = r.ActivityID.Append(r.builder.Text)
		m.PutText(activityID, from)
	}
	if r.asked.From < r.asked.To {
		m.PutPiece(dnsQueryOriginal, r.asked)
	}
	if r.Template == nil {
		r.header(m)
	}
	r.packetFields(m)
	if r.IsAuditEvent(r.Event) {
		r.auditMore(m)
	} else {
		r.audit(m, kind)
	}
	slim := r.slims()
	for i := range r.Values {
		f := r.FieldAt(i)
		if f != dns.NoField && r.isUsed(f) || i+1 == r.whole || m.Omits(r.Template.Fields[i].Name) {
			continue
		}
		if slim && r.omitsField(kind, i) {
			r.omit(fieldSize(r.Template.Fields[i].Name, r.Template.Fields[i].Type, &r.Values[i]))
			continue
		}
		r.putField(m, &r.Template.Fields[i], &r.Values[i])
	}
	if r.LayoutUnknown() {
		m.PutBool(layoutUnknown, true)
	}
	if r.merged.Leapt {
		m.PutBool(clockLeap, true)
		m.PutText(queryTime, r.stamp(r.merged.Start.UnixNano()))
	}
	if l := r.merged.Lookup; l.Events > 1 {
		if slim {
			r.omit(len(lookupEvents) + len(`"":,`) + asim.DecimalLength(uint64(l.Events)))
		} else {
			m.PutInt(lookupEvents, l.Events)
		}
		if l.Cached || l.Asked {
			m.PutBool(fromCache, l.Cached && !l.Asked)
		}
	}
	r.recursion(m)
	if len(r.Rest) > 0 {
		name := undecodedData
		if r.Template == nil {
			name = userData
		}
		r.putHex(m, name, r.Rest)
	}
}

// header writes the header's values of an event without a field list.
func (r *dnsRecord) header(m attrs.Attributes) {
	m.PutInt("Version", int64(r.Version))
	m.PutInt("Level", int64(r.Level))
	m.PutInt("Opcode", int64(r.Opcode))
	m.PutInt("Task", int64(r.Task))
	m.PutInt("Channel", int64(r.Channel))
	m.PutStr("Keyword", "0x"+strconv.FormatUint(r.Keyword, 16))
	m.PutInt("ProcessId", int64(r.ProcessID))
	m.PutInt("ThreadId", int64(r.ThreadID))
}

// putField writes one field by its type. An empty text or binary field is left out.
func (r *dnsRecord) putField(m attrs.Attributes, f *schema.Field, v *schema.Value) {
	d := r.builder
	from := len(d.Text)
	switch f.Type {
	case schema.ANSI:
		if len(v.Bytes) > 0 {
			d.Text = schema.AppendANSI(d.Text, v.Bytes)
			m.PutText(f.Name, from)
		}
	case schema.UTF16:
		if len(v.Bytes) > 0 {
			d.Text = schema.AppendUTF16(d.Text, v.Bytes)
			m.PutText(f.Name, from)
		}
	case schema.GUID:
		d.Text = etw.GUID(v.Bytes).Append(d.Text)
		m.PutText(f.Name, from)
	case schema.Binary:
		switch addr, ok := dns.ParseSockaddr(v.Bytes); {
		case len(v.Bytes) == 0:
		case ok && (f.Name == "Address" || f.Name == "DnsAddress"):
			m.PutStr(f.Name, sockaddrText(addr))
		default:
			r.putHex(m, f.Name, v.Bytes)
		}
	case schema.Bool32:
		m.PutBool(f.Name, v.Num != 0)
	case schema.Pointer:
		m.PutStr(f.Name, "0x"+strconv.FormatUint(v.Num, 16))
	case schema.FileTime:
		m.PutText(f.Name, r.stamp(etw.UnixNano(int64(v.Num))))
	case schema.U64: // any 64 bits, of which pdata has no number; always a text, so that the type is the same in every record
		d.Text = strconv.AppendUint(d.Text, v.Num, 10)
		m.PutText(f.Name, from)
	default:
		m.PutInt(f.Name, int64(v.Num))
	}
}

// sockaddrText writes an address, with its port unless that is none or of DNS.
func sockaddrText(addr netip.AddrPort) string {
	if port := addr.Port(); port == 0 || port == dnsPort {
		return addr.Addr().String()
	}
	return addr.String()
}

// upperHex are the two digits of each byte, the first in the lower half.
var upperHex = func() (pairs [256]uint16) {
	const digits = "0123456789ABCDEF"
	for i := range pairs {
		pairs[i] = uint16(digits[i>>4]) | uint16(digits[i&15])<<8
	}
	return pairs
}()

// putHex puts bytes as TDH formats them: 0x and upper-case digits. A record with pseudonyms has no such field: the bytes may hold a value that is
// replaced elsewhere.
func (r *dnsRecord) putHex(m attrs.Attributes, key string, b []byte) {
	if r.pseudonyms != nil {
		return
	}
	from := len(r.builder.Text)
	text := append(slices.Grow(r.builder.Text, 2+2*len(b)), "0x"...)
	to := text[len(text) : len(text)+2*len(b)]
	for i, c := range b {
		binary.LittleEndian.PutUint16(to[2*i:], upperHex[c])
	}
	r.builder.Text = text[:len(text)+len(to)]
	m.PutText(key, from)
}
