// SPDX-License-Identifier: Apache-2.0

package canary

import (
	"context"
	"errors"
	"net"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// localServer is where this host's DNS Server answers.
const localServer = "127.0.0.1:53"

// Asker returns a function that asks the DNS that a provider watches for a name. It asks the DNS Client through the system's resolver. It asks
// the DNS Server on this host directly, because the system's resolver may use another server. A negative answer is no error.
func Asker(p *dns.Provider) func(ctx context.Context, name string) error {
	resolver := &net.Resolver{}
	if p.GUID == dns.Server().GUID {
		resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, localServer)
		}}
	}
	return func(ctx context.Context, name string) error {
		_, err := resolver.LookupNetIP(ctx, "ip4", name)
		if negative := (*net.DNSError)(nil); errors.As(err, &negative) && negative.IsNotFound {
			return nil
		}
		return err
	}
}
