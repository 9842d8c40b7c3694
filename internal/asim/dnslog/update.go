// SPDX-License-Identifier: Apache-2.0

// The changes that a dynamic update requests.

package dnslog

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// Names in AdditionalFields for values from an update's packet, and the keys of each entry in the list.
const (
	dnsUpdates     = "DnsUpdates"
	dnsUpdateCount = "DnsUpdateCount" // if DnsUpdates does not hold all updates

	updateOperation = "operation"
	updateName      = "name"
	updateType      = "type"
	updateTTL       = "ttl"
	updateData      = "data"
)

// updates writes the update section of a packet that is a dynamic update. It leaves the prerequisites out. From a damaged packet it writes
// the records before the damage and the count in the header.
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
