// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// Answers gives the answer section of a DNS message (RFC 1035, without the TCP length) in the form in which the DNS Client
// lists results: addresses bare, other records as their type's name and their data, divided by semicolons. A message without
// an answer, or no message, gives "".
func Answers(packet []byte) (string, error) {
	if len(packet) == 0 {
		return "", nil
	}
	var msg dns.Msg
	if err := msg.Unpack(packet); err != nil {
		return "", fmt.Errorf("DNS message of %d bytes: %w", len(packet), err)
	}
	var list []string
	for _, rr := range msg.Answer {
		switch rr := rr.(type) {
		case *dns.A:
			list = append(list, rr.A.String())
		case *dns.AAAA:
			list = append(list, rr.AAAA.String())
		default:
			data := strings.TrimPrefix(rr.String(), rr.Header().String())
			list = append(list, strings.TrimSuffix(dns.TypeToString[rr.Header().Rrtype]+" "+data, "."))
		}
	}
	return strings.Join(list, ";"), nil
}
