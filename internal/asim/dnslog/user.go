// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// userIDType is what ASIM calls the security identifiers of Windows.
const userIDType = "SID"

// user writes the user who did what the event says.
func (r *dnsRecord) user() {
	sid := r.Actor()
	if sid == nil || r.profile == dns.ProfileDocumented {
		return
	}
	from := len(r.builder.Text)
	r.builder.Text = sid.Append(r.builder.Text)
	r.attrs.PutText("SrcUserId", from)
	r.attrs.PutConst("SrcUserIdType", userIDType)
	if r.users == nil {
		return
	}
	if name, kind := r.users.Account(sid); name != "" {
		r.attrs.PutStr("SrcUsername", name)
		r.attrs.PutConst("SrcUsernameType", kind)
	}
}
