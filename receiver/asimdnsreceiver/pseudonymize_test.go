// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

// secret is a key under which no value of the test data is its own pseudonym, and no zone of a reverse look-up the end of another's pseudonym.
const secret = "45c48cce2e2d7fbdea1afc51c7c6ad26-test"

// eachText calls do with every text of a map, and the name that it has.
func eachText(name string, v pcommon.Value, do func(name, text string)) {
	switch v.Type() {
	case pcommon.ValueTypeMap:
		for name, e := range v.Map().All() {
			eachText(name, e, do)
		}
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			eachText(name, e, do)
		}
	case pcommon.ValueTypeStr:
		do(name, v.Str())
	}
}

// valuesOf returns the addresses, the names of reverse look-ups, the other names and the users in records that have no pseudonyms.
func valuesOf(sink *consumertest.LogsSink) (addresses, reverse, names, users []string) {
	addrs, arpa, hosts, accounts := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	take := func(name, text string) {
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ;,()\"", r) }) {
			if addr, err := netip.ParseAddr(word); err == nil && !addr.IsUnspecified() {
				addrs[addr.WithZone("").String()] = true
			}
		}
		switch name {
		case "DnsQuery", "Dvc", "DvcFQDN", "host.name", "QNAME", "QueryName", "Zone", "NodeName", "DvcDomain":
			// A shorter name may be a word of the schema; "..Cache" is no name. Windows writes "NULL" for none.
			if name := strings.Trim(text, "."); len(name) > 5 && strings.Contains(name, ".") && text != "..Cache" {
				if _, err := netip.ParseAddr(name); isReverse(name) {
					arpa[name] = true
				} else if err != nil {
					hosts[name] = true
				}
			}
		case "SrcUserId", "SrcUsername", "ActorUserId", "ActorUsername":
			accounts[text] = true
		}
		if name == "DnsAnswers" {
			if typ, name, ok := strings.Cut(text, " "); ok && slices.Contains([]string{"CNAME", "PTR", "NS"}, typ) && len(name) > 5 {
				hosts[name] = true
			}
		}
	}
	kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		for _, m := range []pcommon.Map{rl.Resource().Attributes(), lr.Attributes()} {
			for name, v := range m.All() {
				eachText(name, v, take)
			}
		}
	})
	list := func(set map[string]bool) (values []string) {
		for value := range set {
			values = append(values, value)
		}
		slices.Sort(values)
		return values
	}
	return list(addrs), list(arpa), list(hosts), list(accounts)
}

// isReverse reports whether a name is that of a reverse look-up, or of a zone of such names.
func isReverse(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".arpa") }

func TestNoValueOfANamedFieldRemainsInAnyRecord(t *testing.T) {
	both := bothFile(t)
	type source struct {
		name    string
		profile dns.Profile
		old     bool // of an older Windows
		config  func() *Config
	}
	var sources []source
	for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM, dns.ProfileDocumented} {
		for _, file := range []string{both, "../../testdata/dnsserver_2016.etl"} {
			sources = append(sources, source{fmt.Sprintf("%s %s", profile, file), profile, file != both, func() *Config {
				if file == both {
					return replayBoth(file, func(c *Config) { c.Profile, c.Device.IP = profile, "198.51.100.77" })
				}
				return replayOf(file, func(c *Config) { wideOpen(c); c.Profile = profile })
			}})
		}
	}
	for _, s := range sources {
		plain, _, _ := replayAll(t, s.config())
		addresses, reverse, names, users := valuesOf(plain)
		require.GreaterOrEqual(t, len(addresses), 4, s.name)
		require.GreaterOrEqual(t, len(names), 4, s.name)
		if !s.old {
			require.Contains(t, reverse, "10.in-addr.arpa", s.name)
		}
		all := slices.Concat(addresses, reverse, names)
		require.ElementsMatch(t, all, kit.Remains(kit.OTLP(t, plain), all), "the search finds what is there")
		for _, mode := range []volume.Mode{volume.Full, volume.Balanced, volume.Lean} {
			if mode != volume.Full && s.profile == dns.ProfileDocumented || mode == volume.Balanced && s.profile == dns.ProfileASIM {
				continue
			}
			for _, fields := range [][]string{{"SrcIpAddr"}, {"DnsQuery"}, {"DnsQuery", "SrcIpAddr", "SrcUserId", "SrcUsername"}} {
				if len(fields) == 1 && (s.old || s.profile != dns.ProfileWindows) {
					continue
				}
				what := fmt.Sprintf("%s, %s, %v", s.name, mode, fields)
				cfg := s.config()
				cfg.Volume = mode
				cfg.useVolume(mode)
				cfg.Archive = mode != volume.Full
				cfg.Answers.Detail = mode == volume.Balanced
				cfg.Pseudonymize = pseudonym.Config{Fields: fields, Key: secret}
				require.NoError(t, cfg.Validate(), what)
				got, r, _ := replayAll(t, cfg)
				require.Positive(t, r.Pipeline.Stats.Emitted.Load())
				output := kit.OTLP(t, got)
				require.Empty(t, kit.Remains(output, reverse), "%s: they have names and addresses", what)
				if slices.Contains(fields, "SrcIpAddr") {
					require.Empty(t, kit.Remains(output, addresses), what)
				}
				if slices.Contains(fields, "DnsQuery") {
					require.Empty(t, kit.Remains(output, names), what)
				}
				if slices.Contains(fields, "SrcUserId") {
					require.Empty(t, kit.Remains(output, users), what)
				}
				kit.EachRecord(got, func(rl plog.ResourceLogs, lr plog.LogRecord) {
					marked, _ := rl.Resource().Attributes().Get(pseudonym.Mark)
					require.True(t, marked.Bool(), "a reader can tell")
					if v, ok := lr.Attributes().Get("AdditionalFields"); ok {
						for _, gone := range []string{"PacketData", "UndecodedData", "UserData"} {
							_, has := v.Map().Get(gone)
							require.False(t, has, gone)
						}
					}
				})
			}
		}
	}
}

// valuesOfField returns the values of a field in records that have no pseudonyms. Words of the schema and numbers are no values.
func valuesOfField(sink *consumertest.LogsSink, fields ...string) (values []string) {
	all := map[string]bool{}
	kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		for _, m := range []pcommon.Map{rl.Resource().Attributes(), lr.Attributes()} {
			for name, v := range m.All() {
				eachText(name, v, func(name, text string) {
					if _, err := strconv.ParseFloat(text, 64); err != nil && len(text) > 5 && slices.Contains(fields, name) {
						all[text] = true
					}
				})
			}
		}
	})
	for value := range all {
		// A word that has no dot, digit or separator may be a word of the schema.
		if strings.ContainsAny(value, `.\{:0123456789`) && value != "..RootHints" && value != "..Cache" {
			values = append(values, value)
		}
	}
	slices.Sort(values)
	return values
}

func TestNoValueOfAnyAcceptedFieldRemainsInAnyRecordOrStatusRecord(t *testing.T) {
	both := bothFile(t)
	aliases := map[string][]string{
		"IpAddr": {"SrcIpAddr"}, "Query": {"DnsQuery"}, "Domain": {"DnsQuery"}, "Hostname": {"SrcHostname"}, "User": {"SrcUsername", "ActorUsername"}, "Process": {"SrcProcessName"},
	}
	seen := map[string]bool{}
	for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM} {
		config := func() *Config {
			return replayBoth(both, func(c *Config) {
				c.Profile, c.Device.Hostname, c.Device.IP, c.Answers.Detail = profile, "observer7.example.com", "198.51.100.77", true
				c.Heartbeat, c.StatusRecords = time.Hour, true
			})
		}
		plain, _, _ := replayAll(t, config())
		for field, kinds := range pseudonym.DNS() {
			values := valuesOfField(plain, append(aliases[field], field)...)
			values = slices.DeleteFunc(values, func(value string) bool {
				_, err := netip.ParseAddr(value) // a name that is an address stays the address of another field
				return err == nil && kinds&pseudonym.Addresses == 0
			})
			if len(values) == 0 {
				continue
			}
			seen[field] = true
			cfg := config()
			cfg.Pseudonymize = pseudonym.Config{Fields: []string{field}, Key: secret}
			require.NoError(t, cfg.Validate())
			got, _, _ := replayAll(t, cfg)
			require.NotEmpty(t, kit.Status(got, "heartbeat"))
			require.Empty(t, kit.Remains(kit.OTLP(t, got), values), "profile %s, %s", profile, field)
			kit.EachRecord(got, func(rl plog.ResourceLogs, _ plog.LogRecord) {
				marked, _ := rl.Resource().Attributes().Get(pseudonym.Mark)
				require.True(t, marked.Bool(), "a reader can tell")
			})
		}
	}
	for field := range pseudonym.DNS() {
		if !slices.Contains([]string{"SrcUsername", "ActorUsername", "User", "SrcProcessName", "Process"}, field) { // a file names none
			require.True(t, seen[field], "%s has had no value", field)
		}
	}
}

// The same client stays the same, subnets stay subnets, and parent domains stay parents.
func TestPseudonymsKeepWhatIsEqualEqual(t *testing.T) {
	replayed := func(change func(*Config)) (all []map[string]string) {
		sink, _, _ := replayAll(t, replayOf(serverFile, func(c *Config) { wideOpen(c); change(c) }))
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			get := attributesOf(lr)
			all = append(all, map[string]string{"src": get("SrcIpAddr"), "name": get("DnsQuery"), "type": get("EventOriginalType"), "uid": get("EventOriginalUid")})
		})
		return all
	}
	plain := replayed(func(*Config) {})
	masked := replayed(func(c *Config) {
		c.Pseudonymize = pseudonym.Config{Fields: []string{"SrcIpAddr", "DnsQuery"}, Key: secret}
	})
	require.Len(t, masked, len(plain))
	to, from, subnets := map[string]string{}, map[string]string{}, map[netip.Prefix]netip.Prefix{}
	for i := range plain {
		require.Equal(t, plain[i]["type"], masked[i]["type"])
		require.NotEqual(t, plain[i]["uid"], masked[i]["uid"], "a hash of the event would betray its values")
		for _, field := range []string{"src", "name"} {
			was, is := strings.ToLower(plain[i][field]), masked[i][field]
			require.Equal(t, was == "", is == "")
			if known, ok := to[was]; ok {
				require.Equal(t, known, is, was)
			}
			if known, ok := from[is]; ok {
				require.Equal(t, known, was, is)
			}
			to[was], from[is] = is, was
		}
		if a, err := netip.ParseAddr(plain[i]["src"]); err == nil {
			b := netip.MustParseAddr(masked[i]["src"])
			require.Equal(t, a.Is4(), b.Is4())
			net, _ := a.Prefix(16)
			pseudo, _ := b.Prefix(16)
			if known, ok := subnets[net]; ok {
				require.Equal(t, known, pseudo)
			}
			subnets[net] = pseudo
		}
	}
	for was, is := range to {
		for other, pseudo := range to {
			if _, parent, ok := strings.Cut(was, "."); ok && parent == other && !strings.HasSuffix(was, ".arpa") && strings.Count(other, ".") > 0 {
				require.True(t, strings.HasSuffix(is, "."+pseudo), "%s is below %s", was, other)
			}
		}
	}
	rotated := replayed(func(c *Config) {
		c.Pseudonymize = pseudonym.Config{Fields: []string{"SrcIpAddr", "DnsQuery"}, Key: "another secret of thirty-two bytes."}
	})
	require.NotEqual(t, masked[0]["name"], rotated[0]["name"], "another key, other pseudonyms")
}

func TestFiltersSeeTheTrueValues(t *testing.T) {
	count := func(excluded []string, fields ...string) int {
		sink, _, _ := replayAll(t, replayOf(serverFile, func(c *Config) {
			wideOpen(c)
			c.Noise.ExcludedDomains = excluded
			if fields != nil {
				c.Pseudonymize = pseudonym.Config{Fields: fields, Key: secret}
			}
		}))
		return sink.LogRecordCount()
	}
	excluded := []string{"*.contoso.com"}
	plain := count(excluded)
	require.Less(t, plain, count(nil))
	require.Equal(t, plain, count(excluded, "DnsQuery"))
}

func TestPseudonymizeRefusesWhatWouldNotProtect(t *testing.T) {
	for yaml, want := range map[string]string{
		"pseudonymize: {fields: [SrcIpAddr]}":                                                                      "key: want at least 32 bytes, found none",
		"pseudonymize: {fields: [SrcIpAddr], key: short}":                                                          "key: want at least 32 bytes, found 5",
		"pseudonymize: {fields: [EventType], key: " + secret + "}":                                                 `pseudonymize: fields: "EventType" is no field that can be replaced; want one of ActorUserId, `,
		"pseudonymize: {key: " + secret + "}":                                                                      "fields: want at least one field",
		"{pseudonymize: {fields: [SrcIpAddr], key: " + secret + "}, record: {path: x.etl}}":                        "pseudonymize: not allowed beside record.path",
		"{pseudonymize: {fields: [DnsQuery, DnsQuery], key: " + secret + "}, provider_guid: '" + clientGUID + "'}": "DnsQuery is in the list twice",
	} {
		_, err := load(t, yaml)
		require.ErrorContains(t, err, want, yaml)
		require.NotContains(t, err.Error(), secret)
	}
	cfg, err := load(t, "pseudonymize: {fields: SrcIpAddr, key: "+secret+"}")
	require.NoError(t, err)
	require.Equal(t, []string{"SrcIpAddr"}, cfg.Pseudonymize.Fields, "one field needs no list")
	require.NotContains(t, fmt.Sprintf("%v %+v", cfg, cfg.Pseudonymize), secret)
}
