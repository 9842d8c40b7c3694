// SPDX-License-Identifier: Apache-2.0

// Questions that an analyst asks of the recordings, answered by attribute names alone.

package asimdnsreceiver

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// count replays a file and counts the records that match.
func count(t *testing.T, file string, profile dns.Profile, matches func(attributes) bool) (n int) {
	t.Helper()
	sink, _, _ := replayAll(t, replayOf(file, func(c *Config) { wideOpen(c); c.Device.IP, c.Profile = "", profile }))
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		if matches(attributesOf(lr)) {
			n++
		}
	})
	return n
}

// strict are the profiles that write only what the event says.
var strict = []dns.Profile{dns.ProfileWindows, dns.ProfileASIM}

func TestWhichResolversDoesAClientAsk(t *testing.T) {
	itself := func(a attributes) bool { return a("Dst") != "" && a("Dst") == a("Dvc") }
	require.Equal(t, 507, count(t, clientFile, dns.ProfileDocumented, itself), "of 716, as in the design document")
	for _, profile := range strict {
		require.Zero(t, count(t, clientFile, profile, itself))
		named := count(t, clientFile, profile, func(a attributes) bool { return a("Dst") != "" })
		require.Equal(t, 716-507, named, "those that name a server")
		require.Zero(t, count(t, clientFile, profile, func(a attributes) bool { return a("NetworkProtocol") == "UDP" }), "no event says so")
		ports := count(t, clientFile, profile, func(a attributes) bool { return a("DstPortNumber") != "" })
		require.Equal(t, ports, count(t, clientFile, profile, func(a attributes) bool { return a("DstPortNumber") == "53" && a("Dst") != "" }))
		require.Less(t, ports, named, "only a socket address has a port")
	}
}

func TestWhatDoesTheServerAskOnItsOwn(t *testing.T) {
	_, byID := generated(t, serverFile)
	for _, profile := range strict {
		for role, want := range map[string]int{
			"client-query": byID["256"] + byID["287"], "recursive-query": byID["260"] + byID["289"],
			"recursive-response": byID["261"] + byID["262"] + byID["286"] + byID["288"] + byID["290"] + byID["291"],
		} {
			require.Equal(t, want, count(t, serverFile, profile, func(a attributes) bool { return a("AdditionalFields.DnsRole") == role }), "%s in profile %s", role, profile)
			require.Positive(t, want)
		}
	}
}

func TestWhatFailed(t *testing.T) {
	_, byID := generated(t, serverFile)
	require.Positive(t, byID["259"])
	for _, profile := range strict {
		ignored := count(t, serverFile, profile, func(a attributes) bool {
			return a("EventResult") == "Failure" && a("AdditionalFields.DnsRole") == "client-response" && a("EventResultDetails") == "NA"
		})
		require.Equal(t, byID["259"], ignored, "ignored queries")
		for details, original := range map[string]string{"NA": "ERROR_CANCELLED", "NXDOMAIN": ""} {
			require.Positive(t, count(t, clientFile, profile, func(a attributes) bool {
				return a("EventResult") == "Failure" && a("EventResultDetails") == details && a("EventOriginalResultDetails") == original
			}), "%s %s", details, original)
		}
		require.Zero(t, count(t, clientFile, profile, func(a attributes) bool {
			return a("EventResult") == "Failure" && a("AdditionalFields.DnsRole") == "cache"
		}), "an entry that is not in the cache is no failure")
		require.Positive(t, count(t, clientFile, profile, func(a attributes) bool {
			return a("EventResult") == "Success" && a("EventOriginalResultDetails") == "DNS_INFO_NO_RECORDS"
		}))
	}
}

func TestWhichAnswersMove(t *testing.T) {
	for _, profile := range strict {
		require.Positive(t, count(t, serverFile, profile, func(a attributes) bool {
			return a("AdditionalFields.DnsAnswers") != "" && a("AdditionalFields.DnsAnswerMinTtl") != ""
		}))
		require.Zero(t, count(t, serverFile, profile, func(a attributes) bool {
			return a("AdditionalFields.DnsAnswers") != "" && a("AdditionalFields.DnsAnswerMinTtl") == ""
		}), "every packet with answers has TTLs")
		require.Zero(t, count(t, clientFile, profile, func(a attributes) bool { return a("AdditionalFields.DnsAnswerMinTtl") != "" }))
	}
}
