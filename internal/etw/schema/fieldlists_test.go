// SPDX-License-Identifier: Apache-2.0

package schema

import "os"

// DNSServer and DNSClient are the field lists of the two DNS providers, which together have everything that a catalog may hold.
func DNSServer() *Catalog { return mustReadFile("../../dns/dnsserver.txt") }

func DNSClient() *Catalog { return mustReadFile("../../dns/dnsclient.txt") }

func mustReadFile(name string) *Catalog {
	text, err := os.ReadFile(name)
	if err != nil {
		panic(err)
	}
	c, err := Read(string(text))
	if err != nil {
		panic(err)
	}
	return c
}
