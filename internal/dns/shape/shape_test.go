// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/aggregate"
)

const (
	Sum   = aggregate.Sum
	Noise = aggregate.Noise
	First = aggregate.First
	Burst = aggregate.Burst
	Whole = aggregate.Whole
)

var (
	start  = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	client = netip.MustParseAddr("10.1.4.21")
)

func lean(t *testing.T) *Classifier {
	t.Helper()
	c, err := New(LeanWhole(), NoiseConfig{Window: time.Hour}, time.Minute)
	require.NoError(t, err)
	return c
}

// query is an answered query for an address.
func query(name string, at time.Time) *Exchange {
	return &Exchange{Client: client, Name: dns.Fold([]byte(name)), Type: mdns.TypeA, HasType: true, HasCode: true, Time: at.UnixNano()}
}

// again gives the class of an exchange whose name the client has asked for a minute before.
func again(c *Classifier, x *Exchange) aggregate.Class {
	before := *x
	before.Name, before.Time = append([]byte(nil), x.Name...), x.Time-int64(time.Minute)
	c.Class(&before)
	return c.Class(x)
}

func TestAnExchangeIsSummedUnlessThereIsAReason(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Exchange)
		want   aggregate.Class
	}{
		"an address":         {func(*Exchange) {}, Sum},
		"not there":          {func(x *Exchange) { x.Code, x.Failed = 3, true }, Sum},
		"SERVFAIL":           {func(x *Exchange) { x.Code, x.Failed = 2, true }, Whole},
		"REFUSED":            {func(x *Exchange) { x.Code, x.Failed = 5, true }, Whole},
		"unanswered":         {func(x *Exchange) { x.HasCode, x.Failed = false, true }, Whole},
		"no result":          {func(x *Exchange) { x.HasCode = false }, Sum},
		"TXT":                {func(x *Exchange) { x.Type = mdns.TypeTXT }, Whole},
		"NULL":               {func(x *Exchange) { x.Type = mdns.TypeNULL }, Whole},
		"ANY":                {func(x *Exchange) { x.Type = mdns.TypeANY }, Whole},
		"AXFR":               {func(x *Exchange) { x.Type = mdns.TypeAXFR }, Whole},
		"IXFR":               {func(x *Exchange) { x.Type = mdns.TypeIXFR }, Whole},
		"no type":            {func(x *Exchange) { x.HasType, x.Type = false, mdns.TypeTXT }, Sum},
		"an update":          {func(x *Exchange) { x.Change = true }, Whole},
		"SOA":                {func(x *Exchange) { x.Type = mdns.TypeSOA }, Noise},
		"a telemetry name":   {func(x *Exchange) { x.Name = dns.Fold([]byte("V10.Events.Data.Microsoft.Com.")) }, Noise},
		"TXT of telemetry":   {func(x *Exchange) { x.Name, x.Type = []byte("v10.events.data.microsoft.com"), mdns.TypeTXT }, Whole},
		"failing telemetry":  {func(x *Exchange) { x.Name, x.Code, x.Failed = []byte("v10.events.data.microsoft.com"), 2, true }, Whole},
		"a private address":  {func(x *Exchange) { x.Name, x.Type = []byte("21.4.1.10.in-addr.arpa"), mdns.TypePTR }, Noise},
		"a public address":   {func(x *Exchange) { x.Name, x.Type = []byte("1.2.0.192.in-addr.arpa"), mdns.TypePTR }, Sum},
		"a long name":        {func(x *Exchange) { x.Name = []byte(strings.Repeat("abab.", 18) + "com") }, Whole},
		"the longest name":   {func(x *Exchange) { x.Name = []byte(strings.Repeat("abab.", 17) + "abcde") }, Sum},
		"a random label":     {func(x *Exchange) { x.Name = []byte("k7q2mzx4vb9wj3hn5tcy8rgd.example.com") }, Whole},
		"words":              {func(x *Exchange) { x.Name = []byte("login-service-production-eastern.example.com") }, Sum},
		"more than a label":  {func(x *Exchange) { x.Name = []byte(strings.Repeat("a", 64) + ".com") }, Whole},
		"escaped octets":     {func(x *Exchange) { x.Name = []byte(strings.Repeat(`\000`, 16) + ".com") }, Whole},
		"the root":           {func(x *Exchange) { x.Name = []byte(".") }, Sum},
		"no name":            {func(x *Exchange) { x.Name = nil }, Sum},
		"dots":               {func(x *Exchange) { x.Name = []byte("....") }, Sum},
		"a client not known": {func(x *Exchange) { x.Client = netip.Addr{} }, Sum},
	} {
		t.Run(name, func(t *testing.T) {
			x := query("www.example.com", start)
			tc.change(x)
			require.Equal(t, tc.want, again(lean(t), x))
		})
	}
}

func TestTheFirstQueryOfAClientForANameIsNotSummedAlsoIfItIsNoise(t *testing.T) {
	c := lean(t)
	require.Equal(t, First, c.Class(query("www.example.com", start)))
	require.Equal(t, Sum, c.Class(query("WWW.example.com.", start)), "in any case")
	other := query("www.example.com", start)
	other.Client = netip.MustParseAddr("10.1.4.58")
	require.Equal(t, First, c.Class(other), "another client")
	require.Equal(t, First, c.Class(query("www2.example.com", start)), "another name")
	require.Equal(t, Sum, c.Class(query("www.example.com", start.Add(23*time.Hour))))
	require.Equal(t, Sum, c.Class(query("www.example.com", start.Add(46*time.Hour))), "the day begins with the last query")
	require.Equal(t, First, c.Class(query("www.example.com", start.Add(71*time.Hour))), "after a day")
	for name, typ := range map[string]uint16{
		"ctldl.windowsupdate.com": mdns.TypeA, "21.4.1.10.in-addr.arpa": mdns.TypePTR, "corp.example.com": mdns.TypeSOA,
	} {
		noise := query(name, start)
		noise.Type = typ
		require.Equal(t, First, c.Class(noise), name)
		require.Equal(t, Noise, c.Class(noise), name)
	}
	c.Forget()
	require.Equal(t, First, c.Class(query("www.example.com", start.Add(71*time.Hour))), "of another host")
}

func TestAClockThatLeapsMakesNamesNewAgain(t *testing.T) {
	for _, leap := range []time.Duration{25 * time.Hour, -25 * time.Hour, 50 * 365 * 24 * time.Hour, -50 * 365 * 24 * time.Hour, -80 * 365 * 24 * time.Hour} {
		c := lean(t)
		c.Class(query("www.example.com", start))
		require.Equal(t, First, c.Class(query("www.example.com", start.Add(leap))), leap)
		if at := start.Add(leap); at.Unix() > 0 {
			require.Equal(t, Sum, c.Class(query("www.example.com", at.Add(time.Minute))), "%v: it goes on from there", leap)
		}
	}
	c := lean(t)
	c.Class(query("www.example.com", start))
	require.Equal(t, Sum, c.Class(query("www.example.com", start.Add(-time.Hour))), "a late event, or a small step back")
}

func TestTheMemoryOfNamesNeverTakesANewPairForAKnownOne(t *testing.T) {
	// A model knows every time of every pair. The memory has room for few, so that most are evicted.
	random := rand.New(rand.NewPCG(1, 2))
	s := newSeen(time.Hour, 40*setSize)
	times := map[string][]int64{}
	known, forgotten := 0, 0
	now := start.UnixNano()
	for range 200_000 {
		now += random.Int64N(int64(20 * time.Second))
		at := now
		switch random.IntN(2000) {
		case 0:
			now += int64(2 * time.Hour) // the clock is set forward
		case 1:
			now -= int64(2 * time.Hour)
		case 2, 3, 4, 5, 6, 7:
			at -= random.Int64N(int64(10 * time.Minute)) // a late event
		}
		name := fmt.Sprintf("host%d.example.com", int(random.ExpFloat64()*200))
		isNew := s.add(client, []byte(name), at)
		near := false
		for _, before := range times[name] {
			near = near || max(at-before, before-at) <= int64(time.Hour)
		}
		if !isNew {
			known++
			require.True(t, near, "%s was not asked for within an hour", name)
		} else if near {
			forgotten++
		}
		times[name] = append(times[name], at)
		if n := len(times[name]); n > 400 {
			times[name] = times[name][n-400:]
		}
	}
	require.Greater(t, known, 10_000, "it remembers")
	require.Greater(t, forgotten, 1_000, "it forgets, which makes an exchange whole")
}

func TestANewNameIsNewHoweverManyCameBefore(t *testing.T) {
	s := newSeen(24*time.Hour, 40*setSize)
	for i := range 300_000 {
		require.True(t, s.add(client, fmt.Appendf(nil, "n%d.example.com", i), start.UnixNano()), "name %d", i)
	}
}

func TestTheMemoryOfNamesRemembersAsMuchAsItHasRoomFor(t *testing.T) {
	const bytes = 1 << 20
	require.Equal(t, 64, setSize)
	s := newSeen(24*time.Hour, bytes)
	pairs := bytes / setSize * ways / 2 // half full
	again := 0
	for range 2 {
		again = 0
		for i := range pairs {
			if !s.add(client, fmt.Appendf(nil, "n%d", i), start.UnixNano()) {
				again++
			}
		}
	}
	require.Greater(t, again, pairs*85/100)
	require.LessOrEqual(t, len(s.sets)*setSize, bytes)
}

func TestANameThatFillsTheMemoryMakesOthersNewAndNothingElse(t *testing.T) {
	s := newSeen(24*time.Hour, setSize)
	for i := range ways {
		require.True(t, s.add(client, fmt.Appendf(nil, "n%d", i), start.Add(time.Duration(i)*time.Second).UnixNano()))
	}
	at := start.Add(time.Minute).UnixNano()
	require.True(t, s.add(client, []byte("more"), at), "it evicts the oldest")
	require.True(t, s.add(client, []byte("n0"), at))
	require.False(t, s.add(client, fmt.Appendf(nil, "n%d", ways-1), at))
}

// What is forgotten takes no room from later names.
func TestForgottenNamesTakeNoRoom(t *testing.T) {
	s := newSeen(time.Hour, setSize)
	for i := range ways {
		require.True(t, s.add(client, fmt.Appendf(nil, "a%d.example.com", i), start.UnixNano()))
	}
	s.forget()
	at := start.UnixNano()
	for i := range ways {
		require.True(t, s.add(client, fmt.Appendf(nil, "a%d.example.com", i), at+int64(i)*int64(time.Minute)))
	}
	for i := range ways {
		require.False(t, s.add(client, fmt.Appendf(nil, "a%d.example.com", i), at), i)
	}
}

func TestNXDOMAINsBeyondTheRateOfAClientAreABurst(t *testing.T) {
	c := lean(t)
	missing := func(client string, at time.Time) aggregate.Class {
		x := query("nowhere.example.com", at)
		x.Client, x.Code, x.Failed = netip.MustParseAddr(client), 3, true
		return c.Class(x)
	}
	require.Equal(t, First, missing("10.0.0.1", start), "new")
	for range leanNXDomainPerMinute - 1 {
		require.Equal(t, Sum, missing("10.0.0.1", start))
	}
	require.Equal(t, Burst, missing("10.0.0.1", start.Add(time.Second)))
	require.Equal(t, Burst, missing("10.0.0.1", start.Add(2*time.Second)))
	require.Equal(t, First, missing("10.0.0.2", start), "new")
	require.Equal(t, Sum, missing("10.0.0.2", start), "another client")
	require.Equal(t, Sum, missing("10.0.0.1", start.Add(time.Minute)), "the next minute")
	require.Equal(t, Sum, missing("10.0.0.1", start.Add(-time.Hour)), "the clock was set back")
}

// An exchange without an answer is classified when none can come any more, between others of the present.
func TestAnExchangeThatComesLateCountsForThePresentMinute(t *testing.T) {
	const late = 10 * time.Minute
	c, err := New(LeanWhole(), NoiseConfig{}, late)
	require.NoError(t, err)
	counts := map[aggregate.Class]int{}
	for i := range 600 { // of 5 minutes
		at := start.Add(time.Duration(i) * time.Second / 2)
		x := query("www.example.com", at)
		x.Failed, x.Code = true, 2
		if i%2 == 1 {
			x.Time, x.HasCode = at.Add(-late).UnixNano(), false
		}
		counts[c.Class(x)]++
	}
	require.Equal(t, map[aggregate.Class]int{Whole: 6 * leanRecordsPerMinute, Burst: 600 - 6*leanRecordsPerMinute}, counts)
}

func TestTheRateNeverCountsTooFew(t *testing.T) {
	// More clients than there is room for, in random order: none may have more than the limit without being found.
	random := rand.New(rand.NewPCG(3, 4))
	r := newRates(5, 0)
	counts := map[int]int{}
	for range 100_000 {
		i := int(random.ExpFloat64() * 6000)
		counts[i]++
		addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		if exceeds := r.exceeds(addr, start.UnixNano()); counts[i] > 5 {
			require.True(t, exceeds, "client %d has %d", i, counts[i])
		}
	}
	require.Greater(t, len(counts), rateSets*rateWays)
}

func TestEntropyIsShannons(t *testing.T) {
	e := newEntropy()
	for label, want := range map[string]float64{"": 0, "aaaa": 0, "ab": 1, "abab": 1, "abcd": 2, "0123456789abcdef": 4, "aab": 0.9182958340544896} {
		require.InDelta(t, want, e.of([]byte(label)), 1e-12, label)
	}
	require.True(t, e.exceeds([]byte("www.0123456789abcdefg.com"), 4))
	require.False(t, e.exceeds([]byte("www.0123456789abcdef.com"), 4), "16 characters have 4 bits each at most")
	require.True(t, e.exceeds([]byte("0123456789abcdefg"), 4))
	require.False(t, e.exceeds([]byte(""), 0.1))
}

func TestPrivateReverseNamesAreThoseOfPrivateRanges(t *testing.T) {
	for _, addr := range []string{
		"10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "127.0.0.1", "169.254.1.1", "fd00::1", "fc00::1", "fdff::", "fe80::1", "febf::1", "::1",
	} {
		name, err := mdns.ReverseAddr(addr)
		require.NoError(t, err)
		require.True(t, private([]byte(strings.TrimSuffix(name, "."))), name)
	}
	for _, addr := range []string{"11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "192.0.2.1", "169.253.1.1", "8.8.8.8", "2001:db8::1", "fec0::1", "fe00::1", "ff02::1", "::2", "::"} {
		name, err := mdns.ReverseAddr(addr)
		require.NoError(t, err)
		require.False(t, private([]byte(strings.TrimSuffix(name, "."))), name)
	}
	for name, want := range map[string]bool{
		"10.in-addr.arpa": true, "168.192.in-addr.arpa": true, "16.172.in-addr.arpa": true, "d.f.ip6.arpa": true, "8.e.f.ip6.arpa": true,
		"192.in-addr.arpa": false, "172.in-addr.arpa": false, "in-addr.arpa": false, "ip6.arpa": false, ".in-addr.arpa": false, "": false, "f.ip6.arpa": false, "e.f.ip6.arpa": false,
		"016.172.in-addr.arpa": false, "x10.in-addr.arpa": false, "10.in-addr.arpa.example.com": false, "10in-addr.arpa": false, "1e1.172.in-addr.arpa": false,
		"9999.172.in-addr.arpa": false, "xx.e.f.ip6.arpa": false,
	} {
		require.Equal(t, want, private([]byte(name)), name)
	}
}

func TestAFileReplacesTheNamesThatAreNoise(t *testing.T) {
	file := filepath.Join(t.TempDir(), "noise.txt")
	require.NoError(t, os.WriteFile(file, []byte("\ufeff# ours\r\n\r\nprint.corp.example.com # the printers\r\n*.Cams.example.com\r\n"), 0o600))
	noise := NoiseConfig{Window: time.Hour, File: file}
	require.NoError(t, noise.Validate())
	c, err := New(NoWhole(), noise, 0)
	require.NoError(t, err)
	for name, want := range map[string]aggregate.Class{
		"print.corp.example.com": Noise, "a.cams.example.com": Noise, "cams.example.com": Sum, "v10.events.data.microsoft.com": Sum,
	} {
		require.Equal(t, want, c.Class(query(name, start)), name)
	}
}

func TestAFileOfNoiseThatCannotBeUsedIsRefused(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.txt")
	require.NoError(t, os.WriteFile(bad, []byte("a.example\nb *.example\n"), 0o600))
	wide, wideBig := filepath.Join(dir, "wide.txt"), filepath.Join(dir, "wide_big.txt")
	require.NoError(t, os.WriteFile(wide, []byte("\xff\xfea\x00.\x00b\x00\r\x00\n\x00"), 0o600))
	require.NoError(t, os.WriteFile(wideBig, []byte("\xfe\xff\x00a"), 0o600))
	for file, want := range map[string]string{
		filepath.Join(dir, "none.txt"): "want a file of names, one a line",
		dir:                            "is not a regular file; want a file of names",
		bad:                            "line 2: ",
		wide:                           "is in UTF-16, as Windows PowerShell writes with >; want UTF-8",
		wideBig:                        "want UTF-8",
	} {
		noise := NoiseConfig{Window: time.Hour, File: file}
		require.ErrorContains(t, noise.Validate(), "file: ")
		require.ErrorContains(t, noise.Validate(), want)
		_, err := New(NoWhole(), noise, 0)
		require.ErrorContains(t, err, want)
	}
}

func TestALineOfNoiseThatCanMatchNothingIsRefusedWithItsNumber(t *testing.T) {
	for line, want := range map[string]string{
		"10.1.4.21":                             `line 2: "10.1.4.21" is an address`,
		"10.0.0.0/8":                            `line 2: "10.0.0.0/8" is an address`,
		"fd00::1":                               `line 2: "fd00::1" is an address`,
		"https://print.example.com":             "one name a line, without scheme and port",
		"print.example.com:631":                 "one name a line, without scheme and port",
		"a.example.com,b.example.com":           "one name a line",
		"a b":                                   "a blank",
		"*.*.example.com":                       "not the leftmost label",
		strings.Repeat("abab.", 18) + "com":     "names of 93 characters or more, and whole.name_length keeps those of more than 90 whole",
		"*." + strings.Repeat("ab.", 29) + "c":  "",
		"*." + strings.Repeat("ab.", 29) + "co": "names of 91 characters or more",
		"k7q2mzx4vb9wj3hn5tcy8rgd.example.com":  "above whole.label_entropy, 4 bits per character",
		"0/25.2.0.192.in-addr.arpa":             "",
		"_ldap._tcp.dc._msdcs.example.com":      "",
	} {
		file := filepath.Join(t.TempDir(), "noise.txt")
		require.NoError(t, os.WriteFile(file, []byte("# ours\n"+line+"\n"), 0o600))
		noise, whole := NoiseConfig{Window: time.Hour, File: file}, LeanWhole()
		err := errors.Join(noise.Validate(), noise.CheckFile(&whole))
		_, newErr := New(whole, noise, 0)
		if want == "" {
			require.NoError(t, err, line)
			require.NoError(t, newErr, line)
			continue
		}
		require.ErrorContains(t, err, "line 2: ", line)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, newErr, want)
	}
	whole := LeanWhole()
	_, err := newNoise(embedded, &whole)
	require.NoError(t, err, "every line of the embedded list can match in volume lean")
}

func TestAllIsSummedByDefault(t *testing.T) {
	whole := NoWhole()
	require.NoError(t, whole.Validate())
	require.NoError(t, (&NoiseConfig{}).Validate())
	c, err := New(whole, NoiseConfig{}, 0)
	require.NoError(t, err)
	for _, x := range []*Exchange{
		query("new.example", start), {Change: true}, {Failed: true}, {Type: mdns.TypeTXT, HasType: true}, query(strings.Repeat("x", 300), start), query("time.windows.com", start),
	} {
		require.Equal(t, Sum, c.Class(x))
	}
}

func TestAValueThatIsNotAllowedIsRefused(t *testing.T) {
	for want, change := range map[string]func(*WholeConfig){
		`types: "TEXT" is not a query type; want names such as TXT`:                    func(c *WholeConfig) { c.Types = []string{"A", "TEXT"} },
		"nxdomain_per_minute: -1 is not allowed; want 1 to 1000000, or 0 (off)":        func(c *WholeConfig) { c.NXDomainPerMinute = -1 },
		"name_length: 2000 is not allowed; want 1 to 1024, or 0 (off)":                 func(c *WholeConfig) { c.NameLength = 2000 },
		"label_entropy: 9 is not allowed; want bits per character up to 8, or 0 (off)": func(c *WholeConfig) { c.LabelEntropy = 9 },
		"new_within: 1s is not allowed; want 0 (off), or 1m0s to 168h0m0s":             func(c *WholeConfig) { c.NewWithin = time.Second },
		"new_max_size_mib: 0 is not allowed; want 1 to 16384":                          func(c *WholeConfig) { c.NewMaxSizeMiB = 0 },
	} {
		c := LeanWhole()
		require.NoError(t, c.Validate())
		change(&c)
		require.ErrorContains(t, c.Validate(), want)
	}
	nan := WholeConfig{LabelEntropy: math.NaN(), NewMaxSizeMiB: 1}
	require.ErrorContains(t, nan.Validate(), "label_entropy: NaN is not allowed")
	require.ErrorContains(t, (&NoiseConfig{Window: 48 * time.Hour}).Validate(), "window: 48h0m0s is not allowed; want 0 (off), or 1s to 24h0m0s")
}

func TestAClassAllocatesNothing(t *testing.T) {
	c := lean(t)
	x := query("www.example.com", start)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		x.Time += int64(time.Second)
		c.Class(x)
	}))
}

func FuzzClass(f *testing.F) {
	f.Add([]byte("www.example.com"), int64(1), uint16(1), uint64(0), uint8(0))
	f.Add([]byte{0xFF, 0, '.', '.'}, int64(-1), uint16(12), uint64(3), uint8(255))
	c, err := New(LeanWhole(), NoiseConfig{Window: time.Hour}, time.Minute)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, name []byte, at int64, typ uint16, code uint64, bits uint8) {
		x := Exchange{Name: dns.Fold(name), Time: at, Type: typ, Code: code, HasType: bits&1 != 0, HasCode: bits&2 != 0, Failed: bits&4 != 0, Change: bits&8 != 0}
		c.Class(&x)
	})
}

func BenchmarkClass(b *testing.B) {
	c, err := New(LeanWhole(), NoiseConfig{Window: time.Hour}, time.Minute)
	require.NoError(b, err)
	names := make([][]byte, 10_000)
	for i := range names {
		names[i] = fmt.Appendf(nil, "host%d.corp.example.com", i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		x := Exchange{Client: client, Name: names[i%len(names)], Type: mdns.TypeA, HasType: true, HasCode: true, Time: start.UnixNano()}
		c.Class(&x)
	}
}

// FuzzNoiseList reads any text as a list of noise: names, or an error of one line that names the line.
func FuzzNoiseList(f *testing.F) {
	f.Add(embedded)
	for _, text := range []string{"", "\ufeff*.example.com\r\n# \x00", "a..b", "*.*.", "\u202eexample.com", strings.Repeat("a.", 40_000), strings.Repeat("a", 1<<16), "\xff\xfe"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := newNoise(text, &WholeConfig{})
		if err != nil {
			require.Regexp(t, `^line [0-9]+: `, err.Error())
			for _, r := range err.Error() {
				require.True(t, r >= ' ' && r != 0x7f, "%q", err)
			}
			return
		}
		n.names.Has([]byte("www.example.com"))
	})
}

func TestWhatIsWholeBeyondTheRateOfAClientIsABurst(t *testing.T) {
	c := lean(t)
	at := start
	class := func(client string, change func(*Exchange)) aggregate.Class {
		x := query("www.example.com", at)
		x.Client = netip.MustParseAddr(client)
		change(x)
		return c.Class(x)
	}
	odd := []func(*Exchange){
		func(x *Exchange) { x.Code, x.Failed = 2, true },
		func(x *Exchange) { x.HasCode, x.Failed = false, true },
		func(x *Exchange) { x.Type = mdns.TypeTXT },
		func(x *Exchange) { x.Name = []byte(strings.Repeat("abab.", 18) + "com") },
		func(x *Exchange) { x.Name = []byte("x7k2q9w4m1z8v5b3n6.example.com") },
	}
	for i := range leanRecordsPerMinute {
		require.Equal(t, Whole, class("10.0.0.1", odd[i%len(odd)]), i)
	}
	for i, change := range odd {
		require.Equal(t, Burst, class("10.0.0.1", change), i)
	}
	require.Equal(t, Whole, class("10.0.0.2", odd[0]), "another client")
	require.Equal(t, Sum, class("10.0.0.1", func(x *Exchange) { x.Code, x.Failed = 3, true }), "NXDOMAINs have a rate of their own")
	for range 3 * leanRecordsPerMinute {
		require.Equal(t, Whole, class("10.0.0.3", func(x *Exchange) { x.Change = true }), "a change is always a record")
	}
	at = at.Add(time.Minute)
	require.Equal(t, Whole, class("10.0.0.1", odd[0]), "the next minute")
	c.Forget()
	require.Equal(t, Whole, class("10.0.0.1", odd[0]), "another host")
}

func TestTheMemoryOfNamesIsInMiBUnlessAMeasurementSetsBytes(t *testing.T) {
	sets := func(c WholeConfig) int {
		classifier, err := New(c, NoiseConfig{}, 0)
		require.NoError(t, err)
		return len(classifier.seen.sets)
	}
	c := LeanWhole()
	require.Equal(t, 64<<20/setSize, sets(c))
	c.BoundNew(3 * setSize)
	require.Equal(t, 3, sets(c))
}
