// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

func TestOfARecordsDataOnlyNamesAreLowered(t *testing.T) {
	for record, want := range map[string]string{
		". 1 IN CNAME Edge.Example.NET.":                                                  "CNAME edge.example.net",
		". 1 IN NS NS1.Example.":                                                          "NS ns1.example",
		". 1 IN MX 10 Mail.Example.":                                                      "MX 10 mail.example",
		". 1 IN SRV 1 2 53 Host.Example.":                                                 "SRV 1 2 53 host.example",
		". 1 IN SOA NS.Example. Admin.Example. 1 2 3 4 5":                                 "SOA ns.example. admin.example. 1 2 3 4 5",
		`. 1 IN HTTPS 1 Svc.Example. alpn="H3,h2" port="8443"`:                            `HTTPS 1 svc.example. alpn="H3,h2" port="8443"`,
		`. 1 IN SVCB 0 Alias.Example.`:                                                    `SVCB 0 alias.example`,
		`. 1 IN SVCB 1 A\032B.Example. key65000="AbC"`:                                    `SVCB 1 a\ b.example. key65000="AbC"`,
		". 1 IN NSEC Next.Example. A AAAA RRSIG NSEC":                                     "NSEC next.example. A AAAA RRSIG NSEC",
		". 1 IN RRSIG A 8 2 300 20260401000000 20260301000000 7 Signer.Example. AbCdEfGh": "RRSIG A 8 2 300 20260401000000 20260301000000 7 signer.example. AbCdEfGh",
		". 1 IN SIG A 8 2 300 20260401000000 20260301000000 7 Signer.Example. AbCdEfGh":   "SIG A 8 2 300 20260401000000 20260301000000 7 signer.example. AbCdEfGh",
		`. 1 IN NAPTR 1 2 "U" "E2U+Sip" "!^.* (A\"B)$!Sip:X@Y!" Rep.Example.`:             `NAPTR 1 2 "U" "E2U+Sip" "!^.* (A\"B)$!Sip:X@Y!" rep.example`,
		`. 1 IN TXT "Some Text.Example"`:                                                  `TXT "Some Text.Example"`,
		`. 1 IN CAA 0 issue "CA.Example"`:                                                 `CAA 0 issue "CA.Example"`,
		`. 1 IN HINFO "CPU" "OS"`:                                                         `HINFO "CPU" "OS"`,
		`. 1 IN DNSKEY 257 3 8 AbCdEfGh`:                                                  `DNSKEY 257 3 8 AbCdEfGh`,
		`. 1 IN NSEC3 1 0 1 AB 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A NS`:                     `NSEC3 1 0 1 AB 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A NS`,
	} {
		m := read(t, packed(t, nil, record))
		require.Equal(t, 1, m.Answers.Len(), record)
		typ, ok := m.Answers.Type(0)
		require.True(t, ok)
		LowerNames(m.Answers.At(0)[m.Answers.DataAt(0):], typ)
		require.Equal(t, want, string(m.Answers.At(0)), record)
	}
}

func TestDataThatIsNotAsItsTypeSaysStaysWithinItsBounds(t *testing.T) {
	for _, text := range []string{"", " ", "1", "1 ", `\`, `"A B`, `1 A\`, "\\# 2 AB", "A B C D E F G H I"} {
		for typ := range dns.TypeToString {
			data := []byte(text + "X")
			LowerNames(data[:len(text)], typ)
			require.Equal(t, byte('X'), data[len(text)], "%s %q", dns.Type(typ), text)
		}
	}
}
