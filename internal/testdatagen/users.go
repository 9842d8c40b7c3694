// SPDX-License-Identifier: Apache-2.0

// The users as whom events are written.

package main

import (
	"encoding/binary"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// sid makes a SID of the NT authority (S-1-5) from its sub-authorities.
func sid(subs ...uint32) etw.SID {
	b := []byte{1, byte(len(subs)), 0, 0, 0, 0, 0, 5}
	for _, sub := range subs {
		b = binary.LittleEndian.AppendUint32(b, sub)
	}
	return b
}

// domainUser is a user of contoso.com.
func domainUser(rid uint32) etw.SID { return sid(21, 3623811015, 3361044348, 30300820, rid) }

// Relative ids of users of contoso.com.
const (
	administrator = 500
	dnsOperator   = 1187
	employee      = 1104
)

// localSystem runs the DNS Server, networkService the DNS Client service.
func localSystem() etw.SID    { return sid(18) }
func networkService() etw.SID { return sid(20) }
