// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
)

// The tests of this file run the probes under Wine with the stand-ins for ETW, TDH and eBPF for Windows. What no stand-in has, such as an
// installed service, System gives.

const (
	testLabel   = "winnet-verify-0123456789abcdef"
	testAddress = "198.51.100.77" // in the events of the test name
)

// testUser is NetworkService, in binary form.
var testUser = etw.SID{1, 1, 0, 0, 0, 0, 0, 5, 20, 0, 0, 0}

// writeEvents writes an .etl file with the events that Windows writes for the test name, without those of the ids.
func writeEvents(t *testing.T, user etw.SID, without ...uint16) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.etl")
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	w, err := etl.Create(file, etl.Options{})
	require.NoError(t, err)
	for _, p := range []*dns.Provider{dns.Client(), dns.Server()} {
		wanted := map[uint16]bool{3006: true, 3008: true, 256: true, 257: true}
		for _, id := range without {
			delete(wanted, id)
		}
		for _, tmpl := range dns.NewDecoder(p).Templates() {
			if !wanted[tmpl.ID] || tmpl.Source != "" {
				continue
			}
			delete(wanted, tmpl.ID)
			values := map[string]any{}
			for name, value := range map[string]any{"QueryName": testLabel + testDomain, "QNAME": testLabel + testDomain + ".", "Source": testAddress, "ServerList": testAddress + ";"} {
				if tmpl.Find(name) >= 0 {
					values[name] = value
				}
			}
			data, err := tmpl.Encode(nil, 8, values)
			require.NoError(t, err)
			r := etw.Record{
				Flags: etw.Flag64BitHeader, Provider: tmpl.Provider, ID: tmpl.ID, Version: tmpl.Version, Level: tmpl.Level, Keyword: tmpl.Keyword, Channel: tmpl.Channel,
				Task: tmpl.Task, TimeStamp: etw.Filetime(time.Now().UnixNano()), User: user, UserData: data,
			}
			raw, err := r.Append(nil)
			require.NoError(t, err)
			require.NoError(t, w.Write(raw))
		}
	}
	require.NoError(t, w.Close())
	return path
}

// restartAfterCrash is SERVICE_FAILURE_ACTIONS with one restart after a second.
var restartAfterCrash = append(make([]byte, 12), 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xE8, 3, 0, 0)

// healthy makes this process see a host on which every probe passes, and returns the options of a run there.
func healthy(t *testing.T) *Options {
	t.Helper()
	wine.Play(t)
	play(t, testUser)
	t.Setenv("WINDOWSTEST_NOW", "1")
	t.Setenv("WINDOWSTEST_DELAY", "50")
	pins := wine.InstallEBPF(t)
	pins.Pin(t, "cilium_events", "ring", 71, 0, 65536)
	pins.Pin(t, "cilium_observability_config", "array", 72, 4, 2)
	s := ThisSystem()
	s.Windows = func() (Windows, error) {
		return Windows{Version: "10.0.26100", Build: 26100, Server: true, Machine: "amd64"}, nil
	}
	s.Label = func() string { return testLabel }
	s.AskClient = func(context.Context, string) error { return nil }
	s.AskServer = s.AskClient
	s.HasKey = func(path string) bool { return path == dnsServiceKey || strings.HasSuffix(path, serviceName) }
	s.Service = func(string) (Service, error) {
		return Service{Account: "LocalSystem", Start: 2, Delayed: true, FailureActions: restartAfterCrash}, nil
	}
	s.Security = func(string) (string, error) { return "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", nil }
	s.MessageFile = func(string) (string, error) { return `C:\Windows\System32\EventCreate.exe`, nil }
	s.Registry = func(string, string) (uint64, error) { return 1, nil }
	real := s.EBPF
	s.EBPF = func() EBPF {
		is := real()
		is.Driver = "running" // Wine has no drivers
		return is
	}
	return &Options{System: s, Throughput: 200 * time.Millisecond, Patience: 20 * time.Second, Settle: 100 * time.Millisecond, Burst: 5000}
}

// play makes the providers write the events of the test name, without those of the ids.
func play(t *testing.T, user etw.SID, without ...uint16) {
	t.Helper()
	t.Setenv("WINDOWSTEST_ETL", writeEvents(t, user, without...))
}

func TestWineEveryProbePassesOnAHostThatIsAsExpected(t *testing.T) {
	o := healthy(t)
	report := Run(t.Context(), *o)
	require.Len(t, report.Probes, len(Probes()))
	for _, r := range report.Probes {
		assert.Equal(t, Pass, r.Verdict, "%s: %s %v", r.Name, r.Found, r.Evidence)
		t.Logf("%s: %.3f s", r.Line(), r.Seconds)
	}
	requireNoSessions(t, o)
}

// requireNoSessions fails if a session of a probe runs.
func requireNoSessions(t *testing.T, o *Options) {
	t.Helper()
	out, err := o.System.Logman(t.Context(), "query", "-ets")
	require.NoError(t, err)
	require.NotContains(t, out, sessionPrefix)
}

// fault is one for the probe of its name, which is that of the probe and, behind a slash, what is wrong. after are the probes that must have
// run before.
type fault struct {
	harm  func(t *testing.T, o *Options)
	after []string
}

// faults has at least one fault for each probe.
var faults = map[string]fault{
	"os": {harm: func(t *testing.T, o *Options) {
		o.System.Windows = func() (Windows, error) { return Windows{Version: "6.3.9600", Build: 9600, Machine: "amd64"}, nil }
	}},
	"clock": {harm: func(t *testing.T, o *Options) {
		begun := time.Now()
		o.System.Now = func() int64 { return time.Since(begun).Truncate(15625 * time.Microsecond).Nanoseconds() }
	}},
	"rights":    {harm: func(t *testing.T, _ *Options) { t.Setenv("WINDOWSTEST_FAIL", "StartTraceW=5") }},
	"providers": {harm: func(t *testing.T, _ *Options) { t.Setenv("WINDOWSTEST_SCHEMA", "") }},
	"keywords/not listed": {harm: func(t *testing.T, _ *Options) {
		t.Setenv("WINDOWSTEST_FAIL", "TdhEnumerateProviderFieldInformation=50")
	}},
	"keywords/one missing": {harm: func(t *testing.T, _ *Options) {
		t.Setenv("WINDOWSTEST_UNDEFINED", "0x10000000") // of event 1008
	}},
	"field-lists/another layout": {harm: func(t *testing.T, _ *Options) { manifest(t, " QueryName:utf16", " QueryName:utf16 More:u32") }},
	"field-lists/one more event": {harm: func(t *testing.T, _ *Options) {
		manifest(t, "\nevent 1012 0 ", "\nevent 31012 2 More 4 0x8000000000000010 16 77\n  Some:u32 More:utf16\nevent 1012 0 ")
	}},
	"field-lists/no list of events": {harm: func(t *testing.T, _ *Options) { t.Setenv("WINDOWSTEST_FAIL", "TdhEnumerateManifestProviderEvents=50") }},
	"session-properties":            {harm: func(t *testing.T, _ *Options) { t.Setenv("WINDOWSTEST_STRIP", "0x08000000") }},
	"start-after-stop":              {harm: func(t *testing.T, _ *Options) { t.Setenv("WINDOWSTEST_FAIL", "OpenTraceW=5") }},
	"session-enabled":               {harm: func(t *testing.T, _ *Options) { t.Setenv("WINDOWSTEST_FAIL", "EnumerateTraceGuidsEx=5") }},
	"dns-client-events": {harm: func(t *testing.T, o *Options) {
		play(t, testUser, 3008)
		o.Patience = time.Second
	}},
	"dns-server-events": {harm: func(t *testing.T, o *Options) {
		play(t, testUser, 256)
		o.Patience = time.Second
	}},
	"event-users": {harm: func(t *testing.T, _ *Options) { play(t, nil) }, after: []string{"dns-client-events"}},
	"etl-file": {harm: func(t *testing.T, o *Options) {
		o.WithData, o.Dir = true, filepath.Join(t.TempDir(), "no such folder")
	}, after: []string{"dns-client-events"}},
	"losses":     {harm: func(t *testing.T, _ *Options) { t.Setenv("WINDOWSTEST_LOSE_BUFFERS", "2") }},
	"throughput": {harm: func(t *testing.T, _ *Options) { t.Setenv("WINDOWSTEST_LOSE_BUFFERS", "2") }},
	"restart": {harm: func(t *testing.T, o *Options) {
		stop := o.System.Logman
		o.System.Logman = func(ctx context.Context, args ...string) (string, error) {
			t.Setenv("WINDOWSTEST_FAIL", "StartTraceW=5")
			return stop(ctx, args...)
		}
		o.Patience = 3 * time.Second
	}},
	"service":         {harm: serviceIs(Service{Account: "LocalSystem", Start: 3})},
	"failure-actions": {harm: serviceIs(Service{Account: "LocalSystem", Start: 2, Delayed: true})},
	"service-account": {harm: serviceIs(Service{Account: `NT AUTHORITY\NetworkService`, Start: 2, Delayed: true})},
	"event-log": {harm: func(_ *testing.T, o *Options) {
		o.System.MessageFile = func(string) (string, error) { return "", os.ErrNotExist }
	}},
	"files": {harm: func(_ *testing.T, o *Options) {
		o.System.Security = func(string) (string, error) { return "D:PAI(A;OICI;FA;;;SY)(A;OICI;FR;;;BU)", nil }
	}},
	"ebpf": {harm: func(t *testing.T, o *Options) {
		real := o.System.EBPF
		o.System.EBPF = func() EBPF {
			is := real()
			is.Driver = "stopped"
			return is
		}
	}},
	"ebpf-missing-pin":     {harm: func(t *testing.T, _ *Options) { t.Setenv("WINDOWSTEST_FAIL", "bpf(OBJ_GET)=1") }},
	"ebpf-pins/not listed": {harm: func(t *testing.T, _ *Options) { t.Setenv("WINDOWSTEST_FAIL", "ebpf_get_next_pinned_object_path=17") }},
	"ebpf-pins/another name": {harm: func(t *testing.T, _ *Options) {
		pins := wine.Pins(os.Getenv("WINDOWSTEST_PINS"))
		pins.Unpin(t, "cilium_events")
		pins.Pin(t, "cilium_events_v2", "ring", 71, 0, 65536)
	}},
	"cilium-registry": {harm: func(_ *testing.T, o *Options) {
		o.System.Registry = func(string, string) (uint64, error) { return 0, errors.New("unexpected type") }
	}},
	"cilium-pins":       {harm: pin("cilium_events", "hash", 73, 4, 64)},
	"cilium-config-map": {harm: pin("cilium_observability_config", "array", 74, 3, 2)},
}

func serviceIs(s Service) func(*testing.T, *Options) {
	return func(_ *testing.T, o *Options) { o.System.Service = func(string) (Service, error) { return s, nil } }
}

func pin(name, typ string, id, valueSize, entries int) func(*testing.T, *Options) {
	return func(t *testing.T, _ *Options) {
		wine.Pins(os.Getenv("WINDOWSTEST_PINS")).Pin(t, name, typ, id, valueSize, entries)
	}
}

func TestWineEachFaultFailsItsProbe(t *testing.T) {
	harmed := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		t.Run(name, func(t *testing.T) {
			fault := faults[name]
			probe, _, _ := strings.Cut(name, "/")
			harmed[probe] = true
			o := healthy(t)
			o.Only = map[string]bool{probe: true}
			for _, name := range fault.after {
				o.Only[name] = true
			}
			fault.harm(t, o)
			report := Run(t.Context(), *o)
			last := report.Probes[len(report.Probes)-1]
			require.Equal(t, probe, last.Name)
			require.Equal(t, Fail, last.Verdict, "%s %v", last.Found, last.Evidence)
			require.True(t, report.Failed())
			t.Setenv("WINDOWSTEST_FAIL", "")
			requireNoSessions(t, o)
		})
	}
	for _, p := range Probes() {
		require.True(t, harmed[p.Name], "the probe %s has a fault", p.Name)
	}
}

// manifest makes the DNS Client's provider the only one of this host, with a change of its field lists.
func manifest(t *testing.T, old, changed string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(wine.Root(t), "internal/dns/dnsclient.txt"))
	require.NoError(t, err)
	made := strings.Replace(string(text), old, changed, 1)
	require.NotEqual(t, string(text), made)
	path := filepath.Join(t.TempDir(), "changed.txt")
	require.NoError(t, os.WriteFile(path, []byte(made), 0o600))
	t.Setenv("WINDOWSTEST_SCHEMA", path)
}

func TestWineWhatAHostLacksIsNotApplicable(t *testing.T) {
	o := healthy(t)
	o.System.EBPF = func() EBPF { return EBPF{Ring: pinned.ErrNotInstalled, Perf: pinned.ErrNotInstalled} } // a DLL stays loaded once it is
	o.System.HasKey = func(string) bool { return false }
	o.System.Service = func(string) (Service, error) { return Service{}, os.ErrNotExist }
	o.System.Registry = func(string, string) (uint64, error) { return 0, os.ErrNotExist }
	for _, name := range []string{"dns-server-events", "service", "failure-actions", "service-account", "event-log", "files", "cilium-registry", "ebpf"} {
		o.Only = map[string]bool{name: true}
		r := Run(t.Context(), *o).Probes[0]
		assert.Equal(t, NotApplicable, r.Verdict, "%s: %s", name, r.Found)
		assert.NotEmpty(t, r.Found)
	}
}

func TestWineWithoutAdministratorWhatIsDeniedIsNotApplicable(t *testing.T) {
	names := []string{"service", "failure-actions", "service-account", "event-log", "files", "ebpf-missing-pin", "ebpf-pins", "cilium-registry", "cilium-pins", "cilium-config-map"}
	for _, elevated := range []bool{false, true} {
		o := healthy(t)
		t.Setenv("WINDOWSTEST_FAIL", "bpf(OBJ_GET)=13,ebpf_get_next_pinned_object_path=20") // EACCES, EBPF_ACCESS_DENIED
		o.System.Account = func() (Account, error) {
			return Account{Class: "user", Elevated: elevated, Administrator: elevated}, nil
		}
		denied := &os.PathError{Op: "open", Path: "it", Err: accessDenied}
		o.System.Service = func(string) (Service, error) { return Service{}, denied }
		o.System.Security = func(string) (string, error) { return "", denied }
		o.System.Registry = func(string, string) (uint64, error) { return 1, denied }
		want := map[bool]Verdict{false: NotApplicable, true: Fail}[elevated]
		for _, name := range names {
			o.Only = map[string]bool{name: true}
			r := Run(t.Context(), *o).Probes[0]
			assert.Equal(t, want, r.Verdict, "%s, elevated %t: %s", name, elevated, r.Found)
			assert.Equal(t, !elevated, strings.Contains(r.Found, "run winnet-verify as an administrator"), "%s: %s", name, r.Found)
		}
	}
}

func TestWineTheServiceAccountIsJudgedByItsGroups(t *testing.T) {
	o := healthy(t)
	o.Only = map[string]bool{"service-account": true}
	for _, c := range []struct {
		account string
		member  bool
		err     error
		gate    uint64
		want    Verdict
	}{
		{"", false, nil, 1, Pass}, // LocalSystem
		{`NT SERVICE\otelcol-winnet`, true, nil, 0, Pass},
		{`NT SERVICE\otelcol-winnet`, true, nil, 1, Fail}, // Cilium runs
		{`NT SERVICE\otelcol-winnet`, false, nil, 0, Fail},
		{`NT SERVICE\otelcol-winnet`, false, accessDenied, 0, Unknown},
		{`CORP\collector$`, true, nil, 0, Pass},
		{`CORP\collector$`, false, nil, 0, Unknown}, // a group of the domain may have it
		{`NT AUTHORITY\NetworkService`, false, nil, 0, Pass},
	} {
		serviceIs(Service{Account: c.account, Start: 2, Delayed: true})(t, o)
		o.System.Tracer = func(string) (bool, error) { return c.member, c.err }
		o.System.Registry = func(string, string) (uint64, error) { return c.gate, nil }
		r := Run(t.Context(), *o).Probes[0]
		assert.Equal(t, c.want, r.Verdict, "%+v: %s", c, r.Found)
	}
}

func TestWineTheFilesAreForTheServicesAccountAlone(t *testing.T) {
	o := healthy(t)
	o.Only = map[string]bool{"files": true}
	const managed, virtual = "S-1-5-21-1-2-3-1001", "S-1-5-80-1-2-3-4-5"
	sids := map[string]string{`CORP\collector$`: managed, `NT SERVICE\otelcol-winnet`: virtual, `NT AUTHORITY\LocalService`: "S-1-5-19"}
	o.System.SID = func(account string) (string, error) {
		if sid := sids[account]; sid != "" {
			return sid, nil
		}
		return "", errors.New("no such account")
	}
	for _, c := range []struct {
		account, folder, environment string // the account that has access beside SYSTEM and Administrators; "" is none
		want                         Verdict
	}{
		{"LocalSystem", "", "", Pass},
		{"LocalSystem", "LS", "", Fail},
		{"LocalSystem", virtual, "", Fail},
		{"LocalSystem", "", "BU", Fail},
		{`CORP\collector$`, managed, managed, Pass},
		{`CORP\collector$`, "S-1-5-21-1-2-3-1002", "", Fail},
		{`NT SERVICE\otelcol-winnet`, virtual, virtual, Pass},
		{`NT SERVICE\otelcol-winnet`, virtual, "S-1-5-80-9-9-9-9-9", Fail},
		{`NT AUTHORITY\LocalService`, "LS", "LS", Pass},
		{`NT AUTHORITY\LocalService`, "NS", "", Fail},
		{`CORP\gone`, "", "", Unknown},
	} {
		serviceIs(Service{Account: c.account, Start: 2, Delayed: true})(t, o)
		o.System.Security = func(path string) (string, error) {
			flags, account := "PAI", c.folder
			if filepath.Base(path) == "environment" {
				flags, account = "AI", c.environment
			}
			if account != "" {
				account = "(A;OICI;0x1301bf;;;" + account + ")"
			}
			return "D:" + flags + "(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)" + account, nil
		}
		r := Run(t.Context(), *o).Probes[0]
		assert.Equal(t, c.want, r.Verdict, "%+v: %s", c, r.Found)
	}
	// Without the file environment, the folder counts alone.
	serviceIs(Service{Account: "LocalSystem", Start: 2, Delayed: true})(t, o)
	o.System.Security = func(path string) (string, error) {
		if filepath.Base(path) == "environment" {
			return "", os.ErrNotExist
		}
		return "D:PAI(A;OICI;FA;;;SY)", nil
	}
	r := Run(t.Context(), *o).Probes[0]
	require.Equal(t, Pass, r.Verdict, r.Found)
}

func TestWineAServerThatDoesNotAnswerIsNotJudged(t *testing.T) {
	o := healthy(t)
	o.Only, o.Patience = map[string]bool{"dns-server-events": true}, time.Second
	o.System.AskServer = func(context.Context, string) error { return errors.New("connection refused") }
	t.Setenv("WINDOWSTEST_ETL", "")
	r := Run(t.Context(), *o).Probes[0]
	require.Equal(t, Unknown, r.Verdict, r.Found)
	require.Contains(t, r.Found, "connection refused")
}

func TestWineReadsTheMembersOfAGroup(t *testing.T) {
	wine.Play(t)
	for _, account := range []string{`NT AUTHORITY\LOCAL SERVICE`, `NT AUTHORITY\NETWORK SERVICE`} {
		member, err := tracer(account)
		require.NoError(t, err, account)
		require.False(t, member, account)
	}
	_, err := tracer(`no such\account`)
	require.ErrorContains(t, err, "LookupAccountName")
}

func TestWineAReportWithoutDataHasNoNamesAndAddresses(t *testing.T) {
	o := healthy(t)
	full := o.System.AskClient
	o.Only = map[string]bool{"rights": true, "field-lists": true, "dns-client-events": true, "dns-server-events": true, "event-users": true, "etl-file": true, "files": true, "ebpf": true}
	o.System.AskClient = func(ctx context.Context, name string) error {
		_ = full(ctx, name)
		return errors.New(`lookup ` + name + ` on ` + testAddress + `:53: DC1.corp.example.com said no; see C:\Users\Ada Lovelace\log.txt`)
	}
	o.System.Secrets = func() Secrets {
		return Secrets{"dc1": "host", "dc1.corp.example.com": "host", "corp.example.com": "domain", "ada": "user"}
	}
	var text bytes.Buffer
	report := Run(t.Context(), *o)
	require.NoError(t, report.WriteJSON(&text))
	lower := strings.ToLower(text.String())
	for _, secret := range []string{testAddress, "dc1", "corp.example.com", "lovelace", strings.ToLower(wine.Root(t))} {
		assert.NotContains(t, lower, secret)
	}
	assert.Contains(t, lower, "<address>: <host> said no")
	for _, word := range strings.FieldsFunc(text.String(), func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF.:", r) }) {
		_, err := netip.ParseAddr(strings.Trim(word, ".:"))
		assert.Error(t, err, "%q is an address", word)
	}

	o.WithData, o.Dir = true, t.TempDir()
	text.Reset()
	report = Run(t.Context(), *o)
	require.NoError(t, report.WriteJSON(&text))
	assert.Contains(t, text.String(), testAddress)
	r, err := etl.Open(filepath.Join(o.Dir, "winnet-verify.etl"))
	require.NoError(t, err)
	defer r.Close()
	for n := 0; ; n++ {
		raw, err := r.Next()
		if err != nil {
			require.Equal(t, 4, n)
			break
		}
		wide, narrow := newNamed(testLabel).wide, []byte(testLabel)
		require.True(t, bytes.Contains(raw, wide) || bytes.Contains(raw, narrow), "only events of the test names are saved")
	}
}

// Ctrl-C ends the context.
func TestWineAnInterruptedProbeIsUndone(t *testing.T) {
	o := healthy(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	o.Only = map[string]bool{"dns-client-events": true, "throughput": true}
	running := ""
	o.System.AskClient = func(ctx context.Context, _ string) error {
		running, _ = o.System.Logman(t.Context(), "query", "-ets")
		cancel(errors.New("interrupted"))
		<-ctx.Done()
		return ctx.Err()
	}
	report := Run(ctx, *o)
	require.Contains(t, running, sessionPrefix+"client")
	require.Equal(t, map[Verdict]int{Unknown: 2}, report.Summary)
	require.Equal(t, "cut off: interrupted", report.Probes[0].Found)
	require.Equal(t, "not run: interrupted", report.Probes[1].Found)
	requireNoSessions(t, o)
}

func TestWineEventsThatTheHostDoesNotDescribeAreListed(t *testing.T) {
	o := healthy(t)
	manifest(t, "\nevent 1012 0 ", "\nevent 21012 0 ")
	o.Only = map[string]bool{"field-lists": true}
	r := Run(t.Context(), *o).Probes[0]
	require.Equal(t, []string{dns.Client().Name + " 1012 version 0"}, r.Evidence["absent"])
}

func TestWineEventsThatOnlyTheHostDescribesAreListedWithTheirFields(t *testing.T) {
	o := healthy(t)
	faults["field-lists/one more event"].harm(t, o)
	o.Only = map[string]bool{"field-lists": true}
	r := Run(t.Context(), *o).Probes[0]
	require.Equal(t, []string{dns.Client().Name + " 31012 version 2, level 4, keyword 0x8000000000000010, channel 16, task 77: More [ Some:2 More:9 ]"}, r.Evidence["unlisted"])
	require.Empty(t, r.Evidence["differences"])
}

func TestWineTheFieldsOfADifferentLayoutAreListed(t *testing.T) {
	o := healthy(t)
	faults["field-lists/another layout"].harm(t, o)
	o.Only = map[string]bool{"field-lists": true}
	r := Run(t.Context(), *o).Probes[0]
	differences := r.Evidence["differences"].([]string)
	require.Len(t, differences, 1)
	require.Contains(t, differences[0], "More:2")
	require.Equal(t, schema.Type(2), schema.U32)
}

func TestWineAKeywordThatTheHostDoesNotDefineIsListedByEvent(t *testing.T) {
	o := healthy(t)
	faults["keywords/one missing"].harm(t, o)
	o.Only = map[string]bool{"keywords": true}
	r := Run(t.Context(), *o).Probes[0]
	require.Contains(t, r.Evidence["missing"], dns.Client().Name+" event 1008: 0x0000000010000000")
}

// What other programs have pinned is data of the host.
func TestWineThePinsOfOtherProgramsAreNamedOnlyWithData(t *testing.T) {
	for _, withData := range []bool{false, true} {
		o := healthy(t)
		wine.Pins(os.Getenv("WINDOWSTEST_PINS")).Pin(t, "contoso_secret", "array", 75, 4, 2)
		o.Only, o.WithData, o.Dir = map[string]bool{"ebpf-pins": true}, withData, t.TempDir()
		r := Run(t.Context(), *o).Probes[0]
		require.Equal(t, Pass, r.Verdict, r.Found)
		require.Contains(t, r.Evidence["pins"], `map BPF:\cilium_events`)
		require.Equal(t, withData, strings.Contains(fmt.Sprint(r), "contoso"))
		require.Equal(t, map[string]int{"map": 3}, r.Evidence["kinds"])
	}
}
