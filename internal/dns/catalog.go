// SPDX-License-Identifier: Apache-2.0

package dns

import (
	_ "embed"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

//go:embed dnsserver.txt
var serverFields string

//go:embed dnsclient.txt
var clientFields string

// ServerCatalog reads the embedded field lists of Microsoft-Windows-DNSServer.
func ServerCatalog() *schema.Catalog { return mustRead(serverFields) }

// ClientCatalog reads the embedded field lists of Microsoft-Windows-DNS-Client.
func ClientCatalog() *schema.Catalog { return mustRead(clientFields) }

func mustRead(text string) *schema.Catalog {
	c, err := schema.Read(text)
	if err != nil {
		panic(err) // the text is part of the program; a test reads it
	}
	return c
}
