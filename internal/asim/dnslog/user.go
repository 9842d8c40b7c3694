// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// userIDType is ASIM's name for the security identifiers of Windows.
const userIDType = "SID"

// user writes the user who caused the event. The parameters are the names of four attributes: the identifier, its type, the user's name,
// and the type of that name.
func (r *dnsRecord) user(id, idType, username, usernameType string) {
	sid := r.Actor()
	if sid == nil || r.profile == dns.ProfileDocumented {
		return
	}
	from := len(r.builder.Text)
	r.builder.Text = sid.Append(r.builder.Text)
	r.attrs.PutText(id, from)
	r.attrs.PutConst(idType, userIDType)
	if r.users == nil {
		return
	}
	if name, kind := r.users.Account(sid); name != "" {
		r.attrs.PutStr(username, name)
		r.attrs.PutConst(usernameType, kind)
	}
}
