// SPDX-License-Identifier: Apache-2.0

// The users of events.

package main

import (
	"fmt"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/win32"
)

// domainUser returns a user of contoso.com.
func domainUser(rid uint32) etw.SID {
	return win32.MustSID(fmt.Sprintf("S-1-5-21-3623811015-3361044348-30300820-%d", rid))
}

// Relative ids of users of contoso.com.
const (
	administrator = 500
	dnsOperator   = 1187
	employee      = 1104
)

// localSystem runs the DNS Server, networkService the DNS Client service.
func localSystem() etw.SID    { return win32.MustSID(win32.LocalSystem) }
func networkService() etw.SID { return win32.MustSID(win32.NetworkService) }
