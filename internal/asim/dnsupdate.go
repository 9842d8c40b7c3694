// SPDX-License-Identifier: Apache-2.0

// What a dynamic update asks for.

package asim

import "github.com/otelcol-winnet/otelcol-winnet/internal/dns"

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
func (r *dnsRecord) updates(m attributes) {
	list, d := r.Updates(), r.draft
	if r.documents() || list == nil || list.Count == 0 {
		return
	}
	if list.Len() > 0 && !m.omits(dnsUpdates) {
		first := len(d.groups)
		for i := range list.Len() {
			u := list.At(i)
			from := len(d.entries)
			d.entryText(updateOperation, string(u.Operation))
			name := len(d.text)
			d.text = append(d.text, u.Name...)
			r.spellName(name)
			d.entryPiece(updateName, name)
			d.entryText(updateType, r.typeName(uint64(u.Type)))
			if u.Operation == dns.UpdateAdd || u.Operation == dns.UpdateInvalid {
				d.entryInt(updateTTL, int64(u.TTL))
			}
			if len(u.Data) > 0 {
				data := len(d.text)
				d.text = append(d.text, u.Data...)
				r.spellData(data, u.Type)
				d.entryPiece(updateData, data)
			}
			d.groups = append(d.groups, piece{int32(from), int32(len(d.entries))})
		}
		m.PutGroups(dnsUpdates, first)
	}
	if list.Count > list.Len() {
		m.PutInt(dnsUpdateCount, int64(list.Count))
	}
}
