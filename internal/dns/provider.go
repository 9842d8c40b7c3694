// SPDX-License-Identifier: Apache-2.0

// Package dns describes the two DNS providers of Windows and their events. ETW records go in. Events come out, with their phase, role, class,
// result and fields by meaning.
package dns

import (
	"fmt"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// Provider is one of the two DNS providers.
type Provider struct {
	GUID etw.GUID
	Name string
	// Product is the value of ASIM's EventProduct.
	Product string
	// Service is the resource attribute service.name.
	Service string
	// Origin says how a host gets the provider, for error messages.
	Origin string
	// Session, Level and Keywords are the defaults of a real-time session.
	Session  string
	Level    uint8
	Keywords uint64

	catalog func() *schema.Catalog
	events  []eventRow
	audits  bool // there is an Audit channel
	// keywords name kinds of events. security lists the ones that the set security adds to the default.
	keywords []Keyword
	security []string
}

// Server is the provider of the Windows DNS Server role.
func Server() *Provider {
	return &Provider{
		GUID: etw.MustGUID("{EB79061A-A566-4698-9119-3ED2807060E7}"), Name: "Microsoft-Windows-DNSServer",
		Product: "DNS Server", Service: "windows_dns_server",
		Origin:  "it comes with the role DNS Server: install that with Install-WindowsFeature DNS, or receive the DNS Client's events with provider_guid: Microsoft-Windows-DNS-Client",
		Session: "ASIMDNSServerTrace", Level: 4, Keywords: 0x3F,
		catalog: ServerCatalog, events: serverEvents(), audits: true,
		keywords: serverKeywords(), security: []string{"updates", "transfers", "audit"},
	}
}

// Client is the provider of the Windows DNS Client service.
func Client() *Provider {
	return &Provider{
		GUID: etw.MustGUID("{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}"), Name: "Microsoft-Windows-DNS-Client",
		Product: "DNS Client", Service: "windows_dns_client",
		Origin:  "it is part of every Windows: repair this one with sfc /scannow",
		Session: "ASIMDNSClientTrace", Level: 5, Keywords: 0x8000000000000FFF,
		catalog: ClientCatalog, events: clientEvents(),
		keywords: clientKeywords(), security: []string{"system"},
	}
}

// Find returns the provider with a GUID, with or without braces, or with a name, in any case.
func Find(text string) (*Provider, error) {
	g, err := etw.ParseGUID(text)
	for _, p := range []*Provider{Server(), Client()} {
		if err == nil && g == p.GUID || strings.EqualFold(strings.TrimSpace(text), p.Name) {
			return p, nil
		}
	}
	allowed := fmt.Sprintf("want %s (%s) or %s (%s), the GUID or the name", Server().GUID, Server().Name, Client().GUID, Client().Name)
	if err != nil {
		return nil, fmt.Errorf("%q is neither a GUID nor the name of a DNS provider; %s", text, allowed)
	}
	return nil, fmt.Errorf("%s is not a DNS provider; %s", g, allowed)
}
