// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
)

// load reads YAML as the collector does, validation included.
func load(t testing.TB, yaml string) (*Config, error) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	return cfg, kit.LoadConfig(t, cfg, yaml)
}

// sessionOf returns the session settings of a valid configuration.
func sessionOf(t *testing.T, yaml string) session.Config {
	t.Helper()
	cfg, err := load(t, yaml)
	require.NoError(t, err)
	providers, err := cfg.wanted()
	require.NoError(t, err)
	return cfg.session(providers)
}

// enabled is what a session enables if only the provider is configured.
func enabled(p *dns.Provider) session.Provider {
	return session.Provider{GUID: p.GUID, Name: p.Name, Origin: p.Origin, Level: p.Level, Keywords: p.Keywords}
}

func TestDefaultsFollowTheProvider(t *testing.T) {
	server := session.Config{
		Name: "ASIMDNSServerTrace", Providers: []session.Provider{enabled(dns.Server())},
		BufferSizeKB: 256, MinimumBuffers: 64, MaximumBuffers: 256, FlushInterval: time.Second,
	}
	require.Equal(t, uint8(4), server.Providers[0].Level)
	require.Equal(t, uint64(0x3F), server.Providers[0].Keywords)
	require.Equal(t, server, sessionOf(t, ""))
	require.Equal(t, server, sessionOf(t, "providers: []"))
	require.Equal(t, server, sessionOf(t, "providers: [{provider_guid: Microsoft-Windows-DNSServer}]"))

	client := sessionOf(t, "provider_guid: 1c95126e-7eea-49a9-a3fe-a378b03ddb4d")
	require.Equal(t, "ASIMDNSClientTrace", client.Name)
	require.Equal(t, []session.Provider{enabled(dns.Client())}, client.Providers)
	require.Equal(t, uint8(5), client.Providers[0].Level)
	require.Equal(t, uint64(0x8000000000000FFF), client.Providers[0].Keywords)
}

func TestSeveralProvidersShareASessionEachWithItsOwnLevelAndFlags(t *testing.T) {
	both := sessionOf(t, `
providers:
  - {provider_guid: Microsoft-Windows-DNSServer, enable_level: 3, enable_flags: "0xFF"}
  - provider_guid: "{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}"
`)
	server, client := enabled(dns.Server()), enabled(dns.Client())
	server.Level, server.Keywords = 3, 0xFF
	require.Equal(t, "ASIMDNSTrace", both.Name)
	require.Equal(t, []session.Provider{server, client}, both.Providers)

	flags := sessionOf(t, "providers: [{provider_guid: Microsoft-Windows-DNS-Client, enable_flags: 0x1}, {provider_guid: Microsoft-Windows-DNSServer, enable_flags: 0}]")
	require.Equal(t, uint64(0x8000000000000001), flags.Providers[0].Keywords, "categories")
	require.Zero(t, flags.Providers[1].Keywords)
	require.Equal(t, "Mine", sessionOf(t, "{session_name: Mine, providers: [{provider_guid: Microsoft-Windows-DNS-Client}]}").Name)
}

func TestEveryKeyIsRead(t *testing.T) {
	cfg, err := load(t, `
provider_guid: microsoft-windows-dns-client
session_name: Mine
enable_level: 3
enable_flags: "0x8000000000000001"
profile: asim
device: {hostname: dc1.corp.example.com, ip: 10.0.0.1}
packet: {parse: true, keep: on_error}
buffers: {size_kb: 512, minimum: 8, maximum: 16, flush_interval: 5}
batch: {max_records: 10, flush_interval: 1.5}
queue: {max_size_mib: 2}
retry: {enabled: false, initial_interval: 2, max_interval: 3s, max_elapsed_time: 0}
replay: {path: a*.etl, repeat: 0, rate: 12.5}
`)
	require.NoError(t, err)
	require.Equal(t, dns.ProfileASIM, cfg.Profile)
	require.Equal(t, uint64(0x8000000000000001), *cfg.EnableFlags)
	require.Equal(t, deviceConfig{Hostname: "dc1.corp.example.com", IP: "10.0.0.1", In: asim.DeviceInRecord}, cfg.Device)
	require.Equal(t, dnslog.PacketConfig{Parse: true, Keep: dnslog.KeepPacketOnError}, cfg.Packet)
	require.Equal(t, buffersConfig{SizeKB: 512, Minimum: 8, Maximum: 16, FlushInterval: 5 * time.Second}, cfg.Buffers)
	require.Equal(t, pipeline.BatchConfig{MaxRecords: 10, MaxSizeMiB: 3, FlushInterval: 1500 * time.Millisecond}, cfg.Batch)
	require.Equal(t, 2, cfg.Queue.MaxSizeMiB)
	require.False(t, cfg.Retry.Enabled)
	require.Equal(t, 2*time.Second, cfg.Retry.InitialInterval)
	require.Equal(t, 12.5, cfg.Replay.Rate)
	require.Zero(t, cfg.Replay.Repeat)
}

func TestFlagsAreReadInEveryForm(t *testing.T) {
	for text, want := range map[string]uint64{
		"0x3F": 0x3F, "63": 0x3F, `"0x3f"`: 0x3F, "0x8000000000000FFF": 0x8000000000000FFF, "9223372036854779903": 0x8000000000000FFF,
		`"9223372036854779903"`: 0x8000000000000FFF, "0xFFFFFFFFFFFFFFFF": 0xFFFFFFFFFFFFFFFF, "0": 0,
	} {
		cfg, err := load(t, "enable_flags: "+text)
		require.NoError(t, err, text)
		require.Equal(t, want, *cfg.EnableFlags, text)
	}
}

func TestFlagsAreReadByName(t *testing.T) {
	const security = 0x3F | 0x80 | 0x100 | 0x400000000 | 0x8000000000 | 0x1FE00 | 0x4000000000000000
	const client = "provider_guid: Microsoft-Windows-DNS-Client, "
	for text, want := range map[string]uint64{
		"enable_flags: security":                                           security,
		"enable_flags: Security":                                           security,
		"enable_flags: default":                                            0x3F,
		"enable_flags: queries":                                            1,
		"enable_flags: [queries, responses, audit]":                        0x4000000000000007,
		"enable_flags: [default, '0x40', 128]":                             0xFF,
		"enable_flags: [63]":                                               0x3F,
		client + "enable_flags: [queries, networking]":                     0x9,
		client + "enable_flags: security":                                  0xC000000000000FFF,
		"provider_guid: microsoft-windows-dnsserver, enable_flags: notify": 0x10200060000,
	} {
		cfg, err := load(t, "{"+text+"}")
		require.NoError(t, err, text)
		require.Equal(t, want, *cfg.EnableFlags, text)
	}
	both := sessionOf(t, "providers: [{provider_guid: Microsoft-Windows-DNS-Client, enable_flags: [cache]}, {provider_guid: Microsoft-Windows-DNSServer, enable_flags: security}]")
	require.Equal(t, uint64(0x8000000000000002), both.Providers[0].Keywords)
	require.Equal(t, uint64(security), both.Providers[1].Keywords)
}

func TestAValueThatIsNotAllowedIsRefusedWithKeyValueAndAlternatives(t *testing.T) {
	for yaml, want := range map[string][]string{
		"provider_guid: nonsense":                                 {"provider_guid", `"nonsense"`, "{EB79061A-A566-4698-9119-3ED2807060E7}", "Microsoft-Windows-DNS-Client"},
		"provider_guid: '{00000000-0000-0000-0000-000000000000}'": {"provider_guid", "is not a DNS provider"},
		"provider_guid: ''":                                       {"provider_guid", "neither a GUID nor the name"},
		"{provider_guid: Microsoft-Windows-DNSServer, providers: [{provider_guid: Microsoft-Windows-DNS-Client}]}":          {"provider_guid: not allowed beside providers; choose one"},
		"{enable_level: 4, enable_flags: 1, providers: [{provider_guid: Microsoft-Windows-DNS-Client}]}":                    {"enable_level: not allowed", "enable_flags: not allowed"},
		"providers: [{provider_guid: Microsoft-Windows-DNS-Client}, {provider_guid: 1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}]": {"providers[1].provider_guid: Microsoft-Windows-DNS-Client is in the list twice"},
		"providers: [{enable_level: 3}]":                                                   {"providers[0].provider_guid: \"\" is neither"},
		"providers: [{provider_guid: Microsoft-Windows-DNS-Client, enable_level: 9}]":      {"providers[0].enable_level: 9 is not allowed; want 0 to 5"},
		"providers: [{provider_guid: Microsoft-Windows-DNS-Client, enable_flags: 9.2e18}]": {"providers[0].enable_flags", "floating-point"},
		"providers: [{provider_guid: Microsoft-Windows-DNS-Client, excluded: 1}]":          {"excluded"},
		"providers: [Microsoft-Windows-DNS-Client]":                                        {"providers"},
		"enable_level: 9":                {"enable_level: 9 is not allowed; want 0 to 5"},
		"enable_level: -1":               {"enable_level: -1 is not allowed"},
		"enable_flags: 9.2e18":           {"enable_flags", "floating-point"},
		"enable_flags: -1":               {"enable_flags", "-1"},
		"enable_flags: '0x3G'":           {"enable_flags", `"0x3G"`, "hexadecimal"},
		"enable_flags: all":              {"enable_flags", `"all" names no events of the DNS Server`, "want queries, responses, ", "audit, default, security, or a number"},
		"enable_flags: [queries, cache]": {"enable_flags", `"cache"`, "want queries"},
		"enable_flags: []":               {"enable_flags", "the list is empty"},
		"enable_flags: [queries, 0]":     {"enable_flags", "0 in a list is not allowed"},
		"enable_flags: [queries, 1.5]":   {"enable_flags", "1.5", "floating-point"},
		"{provider_guid: Microsoft-Windows-DNS-Client, enable_flags: audit}":              {"enable_flags", `"audit" names no events of the DNS Client`, "queries, cache, configuration, networking, system, default, security"},
		"providers: [{provider_guid: Microsoft-Windows-DNS-Client, enable_flags: audit}]": {"providers[0].enable_flags", `"audit"`},
		"{provider_guid: nonsense, enable_flags: audit}":                                  {"provider_guid", `"nonsense"`},
		"profile: strict":                                    {"profile", `"strict"`, "windows, asim or documented"},
		"device: {ip: 300.1.1.1}":                            {"device.ip", `"300.1.1.1"`},
		"device: {ip: 0.0.0.0}":                              {"device.ip", `"0.0.0.0" is not the address of a host`},
		"device: {ip: '::%5'}":                               {"device.ip", `"::%5" is not the address of a host`},
		"device: {hostname: ' '}":                            {"device.hostname", `" " is not the name of a host`},
		"device: {hostname: .}":                              {"device.hostname", `"." is not the name of a host`},
		"device: {hostname: dc1..corp}":                      {"device.hostname", `"dc1..corp" is not the name of a host; want one such as dc1 or dc1.corp.example.com`},
		"device: {hostname: .corp}":                          {"device.hostname", `".corp"`},
		"packet: {keep: sometimes}":                          {"packet: keep", `"sometimes"`, "always, on_error or never"},
		"packet: {parse: false, keep: on_error}":             {"packet: keep: on_error needs parse: true"},
		"names: upper":                                       {"names", `"upper" is not a spelling of names; want as_sent or lower`},
		"{profile: asim, names: as_sent}":                    {"names: as_sent is not allowed with profile asim", "leave it out"},
		"{profile: documented, names: lower}":                {"names: lower is not allowed with profile documented"},
		"buffers: {size_kb: 0}":                              {"buffers.size_kb: 0 is not allowed; want 4 to 16384"},
		"buffers: {minimum: 300}":                            {"buffers.maximum: 256 is not allowed; want 300 to"},
		"buffers: {flush_interval: 1500ms}":                  {"buffers.flush_interval: 1.5s is not allowed; want whole seconds"},
		"batch: {max_records: 0}":                            {"batch: max_records: 0 is not allowed; want 1 to"},
		"queue: {max_size_mib: 0}":                           {"queue: max_size_mib: 0 is not allowed"},
		"retry: {initial_interval: -1}":                      {"retry", "initial_interval"},
		"replay: {path: x, repeat: -2}":                      {"replay: repeat: -2 is not allowed"},
		"replay: {path: x, rate: -2}":                        {"replay: rate: -2 is not allowed"},
		`replay: {path: "D:\traces\neu.etl"}`:                {"replay: path: it reads D:<TAB>races<LF>eu.etl", `\t is TAB, \n is LF`},
		`replay: {path: [a, "%TEMP%/b.etl"]}`:                {"replay: path[1]: ", "want ${env:TEMP}"},
		`record: {path: "C:\new.etl"}`:                       {"record: path: it reads C:<LF>ew.etl", `\n is LF`},
		"record: {path: '%ProgramData%/dns.etl'}":            {"record: path: ", "want ${env:ProgramData}"},
		"replay: {path: x, exit_when_done: true, repeat: 0}": {"replay: exit_when_done: true is not allowed with repeat: 0"},
		"session_name: 'a\\b'":                               {"session_name", "backslash"},
		"sesion_name: a":                                     {"sesion_name"},
		"batch: {max_record: 5}":                             {"max_record"},
		"buffers: {size_kb: 16384, maximum: 65536}":          {"buffers.maximum: 65536 buffers of size_kb 16384 are not allowed: they take 1048576 MiB of the kernel's memory; want at most 16384 MiB"},
	} {
		_, err := load(t, yaml)
		kit.RequireRefused(t, err, yaml, want)
	}
}

func TestTheReadmeDocumentsEveryKeyAndNoOther(t *testing.T) {
	kit.RequireDocumented(t, reflect.TypeFor[Config]())
}

func TestAnEmptySectionIsItsDefault(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"batch": nil, "replay": nil}).Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	require.Equal(t, createDefaultConfig(), cfg)
}

func TestTheExamplesAndMetricsOfTheDocumentsAreTheReceivers(t *testing.T) {
	kit.RequireDocuments(t, metadata.Type.String(), 4, func() any { return createDefaultConfig() })
}

// An unset environment variable leaves a key without a value, or with an empty text.
func TestASectionOfFilesThatNamesNoneIsRefused(t *testing.T) {
	kit.RequireFilesNamed(t, func(yaml string) error { _, err := load(t, yaml); return err }, "a.etl")
}

func TestAConfigurationThatIsWrittenIsTakenAgain(t *testing.T) {
	for _, yaml := range []string{"", "{replay: {path: [a, b], repeat: 3}, record: {path: c, max_size_mib: 7}}"} {
		cfg, again := kit.Rewritten(t, load, yaml, createDefaultConfig().(*Config))
		require.Equal(t, cfg.Replay, again.Replay)
		require.Equal(t, cfg.Record, again.Record)
	}
}
