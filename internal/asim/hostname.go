// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"net/netip"
	"strings"
)

// SplitHostname splits a host's full name into host and domain. A name without a dot, or an address, has no domain.
func SplitHostname(name string) (host, domain string) {
	if _, err := netip.ParseAddr(name); err == nil {
		return name, ""
	}
	host, domain, _ = strings.Cut(strings.TrimSuffix(name, "."), ".")
	return host, domain
}
