// SPDX-License-Identifier: Apache-2.0

// What a dynamic update asks for.

package dnslog

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// Names in AdditionalFields of what an update's packet says, and the names in each entry of the list.
const (
	dnsUpdates     = "DnsUpdates"
	dnsUpdateCount = "DnsUpdateCount" // where DnsUpdates holds not all of them

	updateOperation = "operation"
	updateName      = "name"
	updateType      = "type"
	updateTTL       = "ttl"
	updateData      = "data"
)

// updates writes the update section of a packet that is a dynamic update: what it presumes is left out. Of a damaged packet it writes
// the records before the damage, and the count that the header announces.
func (r *dnsRecord) updates(m attrs.Attributes) {
	list, d := r.Updates(), r.builder
	if r.documents() || list == nil || list.Count == 0 {
		return
	}
	if list.Len() > 0 && !m.Omits(dnsUpdates) {
		first := d.Groups()
		for i := range list.Len() {
			u := list.At(i)
			from := d.Entries()
			d.AddEntryText(updateOperation, string(u.Operation))
			name := len(d.Text)
			d.Text = append(d.Text, u.Name...)
			r.spellName(name)
			d.AddEntryFrom(updateName, name)
			d.AddEntryText(updateType, r.typeName(uint64(u.Type)))
			if u.Operation == dns.UpdateAdd || u.Operation == dns.UpdateInvalid {
				d.AddEntryInt(updateTTL, int64(u.TTL))
			}
			if len(u.Data) > 0 {
				data := len(d.Text)
				d.Text = append(d.Text, u.Data...)
				r.spellData(data, u.Type)
				d.AddEntryFrom(updateData, data)
			}
			d.AddGroup(from)
		}
		m.PutGroups(dnsUpdates, first)
	}
	if list.Count > list.Len() {
		m.PutInt(dnsUpdateCount, int64(list.Count))
	}
}
