// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/collector/service/telemetry"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// threeTimes plays the file three times.
const threeTimes = "replay: {repeat: 3}"

// options are the parts of a random configuration of each receiver. One is left out when the configuration is not valid with it.
func options(name string) []string {
	common := []string{
		"batch: {max_records: 1}", "batch: {max_records: 7, flush_interval: 10ms}", "batch: {max_size_mib: 1}", "queue: {max_size_mib: 1}",
		"retry: {enabled: false}", threeTimes, "volume: lean", "volume: balanced", "archive: true",
	}
	if name == "asimdns" {
		return append(common,
			"correlate: true", "correlation: {timeout: 1s}", "aggregation: {window: 5s}", "aggregation: {window: 24h}", "exclude_aaaa_records: true", "enable_deduplication: true",
			"excluded_event_ids: [256, 257, 3006]", "excluded_domains: ['*.example', '*.com']", "filters: {include: [{EventResult: [Success]}]}",
			"filters: {exclude: [{DnsQueryTypeName: [A]}]}", "include_info_events: false", "profile: asim", "profile: documented", "packet: {parse: false}",
			"enable_level: 2", "attributes: slim")
	}
	return append(common,
		"monitor_aggregation_level: none", "monitor_aggregation_level: low", "monitor_aggregation_level: medium", "aggregation_interval: 1s", "enabled_events: [DROP]",
		"enabled_events: [DROP, TRACE, POLICY_VERDICT, DEBUG, CAPTURE]", "filters: {allow: [{verdict: [DROPPED]}]}", "filters: {deny: [{protocol: [tcp]}]}", "body: none",
		"connections: {enabled: true}", "attributes: slim")
}

// fault is what the next component does with a batch.
type fault int

const (
	refuses fault = iota
	refusesForGood
	takesPart
	panics
	isSlow
	never // returns when its context ends
)

// round is one run of a receiver. All that is random in it comes from its seed, so that a shorter round differs only in what it lacks.
type round struct {
	receiver string
	seed     uint64
	events   int
	options  []int         // in force, by their place in options
	faults   map[int]fault // by the number of the attempt
	stop     int           // the collector is stopped at this attempt; 0 is not before the end
}

func newRound(seed uint64) round {
	r := rand.New(rand.NewPCG(seed, 1))
	one := round{receiver: []string{"asimdns", "ciliumwindows"}[r.IntN(2)], seed: seed, events: 1 + r.IntN(600), faults: map[int]fault{}}
	for i := range options(one.receiver) {
		if r.IntN(5) == 0 {
			one.options = append(one.options, i)
		}
	}
	r.Shuffle(len(one.options), func(i, j int) { one.options[i], one.options[j] = one.options[j], one.options[i] })
	for range r.IntN(5) {
		one.faults[1+r.IntN(8)] = fault(r.IntN(int(never)))
	}
	if r.IntN(3) == 0 {
		one.stop = 1 + r.IntN(4)
		if r.IntN(3) == 0 {
			one.faults[one.stop] = never
		}
	}
	return one
}

// String has all that is needed to make the round again.
func (o round) String() string {
	return fmt.Sprintf("%s, seed %d, %d events, faults %v, stop %d, configuration:\n%s", o.receiver, o.seed, o.events, o.faults, o.stop, strings.Join(o.texts(), "\n"))
}

// texts are the options in force.
func (o round) texts() (texts []string) {
	for _, i := range o.options {
		texts = append(texts, options(o.receiver)[i])
	}
	return texts
}

// shorter returns rounds that lack something.
func (o round) shorter() (all []round) {
	if o.stop != 0 {
		one := o
		one.stop = 0
		all = append(all, one)
	}
	for _, n := range []int{o.events / 2, o.events - 1} {
		if n > 0 {
			one := o
			one.events = n
			all = append(all, one)
		}
	}
	for i := range o.options {
		one := o
		one.options = slices.Delete(slices.Clone(o.options), i, i+1)
		all = append(all, one)
	}
	for at := range o.faults {
		one := o
		one.faults = map[int]fault{}
		for other, f := range o.faults {
			if other != at {
				one.faults[other] = f
			}
		}
		all = append(all, one)
	}
	return all
}

// shrink returns the shortest round that it finds that fails, and its error.
func shrink(o round, err error, run func(round) error) (round, error) {
	for tries := 0; tries < 100; {
		shorter := false
		for _, one := range o.shorter() {
			tries++
			if e := run(one); e != nil {
				o, err, shorter = one, e, true
				break
			}
		}
		if !shorter {
			break
		}
	}
	return o, err
}

// Random events, some of them damaged, with random filters and other settings, faults of the next component and stops, through the factories
// of the receivers. The metrics are those that the collector serves. WINNET_SEED repeats a seed, WINNET_ROUNDS sets the number of rounds.
func TestFaultsAtRandomLeaveTheScrapedSumTheNumberOfEvents(t *testing.T) {
	rounds, seed := 40, rand.Uint64()
	if text := os.Getenv("WINNET_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		rounds = 1
	}
	if text := os.Getenv("WINNET_ROUNDS"); text != "" {
		var err error
		rounds, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	p := newProperty(t)
	var made int
	for i := range uint64(rounds) {
		one := newRound(seed + i)
		if err := p.run(one); err != nil {
			short, e := shrink(one, err, p.run)
			t.Fatalf("%v\nin round %v\n\nthe shortest round that fails: %v\nin round %v\n\nrepeat it with WINNET_SEED=%d", err, one, e, short, one.seed)
		}
		made += one.events
	}
	t.Logf("%d rounds from seed %d, %d events", rounds, seed, made)
	require.Equal(t, rounds, p.whole+p.stopped)
	atMost(t, 0)
}

// property runs rounds, with the collector's own metrics.
type property struct {
	t       *testing.T
	dir     string
	server  [][]byte        // events of the DNS Server and the DNS Client
	flows   []events.Record // Cilium's
	meters  metric.MeterProvider
	url     string
	whole   int // rounds to the end
	stopped int // rounds that were stopped
}

func newProperty(t *testing.T) *property {
	p := &property{t: t, dir: t.TempDir()}
	testdata := filepath.Join(root(t), "testdata")
	for _, name := range []string{"dnsserver.etl", "dnsclient.etl"} {
		r, err := etl.Open(filepath.Join(testdata, name))
		require.NoError(t, err)
		for {
			raw, err := r.Next()
			if err != nil {
				require.ErrorIs(t, err, io.EOF)
				break
			}
			p.server = append(p.server, bytes.Clone(raw))
		}
		require.NoError(t, r.Close())
	}
	for _, name := range []string{"cilium_events.pcapng", "cilium_ways.pcapng"} {
		r, err := capture.Open(filepath.Join(testdata, name))
		require.NoError(t, err)
		for {
			one, err := r.Next()
			if err != nil {
				require.ErrorIs(t, err, io.EOF)
				break
			}
			one.Data = bytes.Clone(one.Data)
			p.flows = append(p.flows, one)
		}
		require.NoError(t, r.Close())
	}

	factory := otelconftelemetry.NewFactory()
	cfg := factory.CreateDefaultConfig().(*otelconftelemetry.Config)
	host, port := "127.0.0.1", freePort(t)
	prometheus := cfg.Metrics.Readers[0].Pull.Exporter.Prometheus
	prometheus.Host, prometheus.Port = &host, &port
	resource := pcommon.NewResource()
	meters, err := factory.CreateMeterProvider(t.Context(), telemetry.MeterSettings{Settings: telemetry.Settings{Resource: &resource}, Logger: zap.NewNop()}, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, meters.Shutdown(context.Background())) })
	p.meters, p.url = meters, fmt.Sprintf("http://%s:%d/metrics", host, port)
	return p
}

// file writes a round's events: runs of those in the test data, some damaged, and some that are noise.
func (p *property) file(o round) (path string, made int, err error) {
	r := rand.New(rand.NewPCG(o.seed, 2))
	damage := func(data []byte, from int) []byte {
		if len(data) <= from || r.IntN(8) > 0 {
			return data
		}
		data = bytes.Clone(data)
		for range 1 + r.IntN(4) {
			data[from+r.IntN(len(data)-from)] = byte(r.Uint32())
		}
		return data
	}
	path = filepath.Join(p.dir, "round"+map[string]string{"asimdns": ".etl", "ciliumwindows": ".pcapng"}[o.receiver])
	f, err := os.Create(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	if o.receiver == "asimdns" {
		w, err := etl.Create(f, etl.Options{LoggerName: "random", Clock: etl.ClockSystemTime, OS: etl.OSVersion{Major: 10, Build: 20348}})
		if err != nil {
			return "", 0, err
		}
		const header = 80 // of an event; it is left as it is
		at := 0
		for range o.events {
			if r.IntN(20) == 0 {
				at = r.IntN(len(p.server))
			}
			if err := w.Write(damage(p.server[at], header)); err != nil {
				return "", 0, err
			}
			made, at = made+1, (at+1)%len(p.server)
		}
		return path, made, w.Close()
	}
	w, err := capture.NewWriter(f)
	if err != nil {
		return "", 0, err
	}
	at := 0
	for range o.events {
		if r.IntN(20) == 0 {
			at = r.IntN(len(p.flows))
		}
		one := p.flows[at]
		one.Data = damage(one.Data, 0)
		if err := w.Write(one); err != nil {
			return "", 0, err
		}
		made, at = made+1, (at+1)%len(p.flows)
	}
	return path, made, w.Flush()
}

// factoryOf returns the factory of a receiver.
func factoryOf(name string) receiver.Factory {
	if name == "asimdns" {
		return asimdnsreceiver.NewFactory()
	}
	return ciliumwindowsreceiver.NewFactory()
}

// configOf returns the configuration of a receiver with a file to replay and those of the texts that are valid together, and these.
func configOf(name, path string, texts []string) (cfg component.Config, taken []string, err error) {
	merged := map[string]any{}
	base := []string{"retry: {initial_interval: 100ms, max_interval: 100ms}", fmt.Sprintf("replay: {path: %q}", path)}
	if name == "asimdns" {
		base = append(base, "enable_flags: '0xFFFFFFFFFFFFFFFF'", "enable_level: 5")
	}
	for i, text := range append(base, texts...) {
		var section map[string]any
		if err := yaml.Unmarshal([]byte(text), &section); err != nil {
			return nil, nil, err
		}
		conf := confmap.NewFromStringMap(merged)
		if err := conf.Merge(confmap.NewFromStringMap(section)); err != nil {
			return nil, nil, err
		}
		next := factoryOf(name).CreateDefaultConfig()
		switch err := errors.Join(conf.Unmarshal(next), confmap.Validate(next)); {
		case err == nil:
			merged, cfg = conf.ToStringMap(), next
			if i >= len(base) {
				taken = append(taken, text)
			}
		case i < len(base):
			return nil, nil, err
		}
	}
	return cfg, taken, nil
}

// Each option is valid, alone or with a volume.
func TestTheOptionsOfRandomConfigurationsAreValid(t *testing.T) {
	for _, name := range []string{"asimdns", "ciliumwindows"} {
		for _, text := range options(name) {
			_, alone, err := configOf(name, "a.etl", []string{text})
			require.NoError(t, err)
			_, with, err := configOf(name, "a.etl", []string{"volume: balanced", text})
			require.NoError(t, err)
			require.True(t, len(alone) == 1 || len(with) == 2, "%s: %s", name, text)
		}
	}
}

// faultyNext is the next component of a round.
type faultyNext struct {
	consumertest.LogsSink
	round
	attempts int
	stopNow  chan struct{}
}

func (n *faultyNext) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	n.attempts++
	if n.attempts == n.stop {
		close(n.stopNow)
	}
	f, is := n.faults[n.attempts]
	if !is {
		return n.LogsSink.ConsumeLogs(ctx, logs)
	}
	switch f {
	case refuses:
		return errors.New("busy")
	case refusesForGood:
		return consumererror.NewPermanent(errors.New("bad records"))
	case takesPart:
		half := logs.LogRecordCount() / 2
		taken, rest := part(logs, 0, half), part(logs, half, math.MaxInt)
		return errors.Join(n.LogsSink.ConsumeLogs(ctx, taken), consumererror.NewLogs(errors.New("busy"), rest))
	case panics:
		panic("a fault of this test")
	case isSlow:
		time.Sleep(20 * time.Millisecond)
	case never:
		<-ctx.Done()
		return ctx.Err()
	}
	return n.LogsSink.ConsumeLogs(ctx, logs)
}

// part returns a copy of the records from one place up to another, with their resources and scopes.
func part(logs plog.Logs, from, to int) plog.Logs {
	some := plog.NewLogs()
	logs.CopyTo(some)
	i := -1
	for _, rl := range some.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			sl.LogRecords().RemoveIf(func(plog.LogRecord) bool { i++; return i < from || i >= to })
		}
	}
	return some
}

// main is the number of records that it has, without the archive's.
func (n *faultyNext) main() (records int64) {
	for _, logs := range n.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			if tier, has := rl.Resource().Attributes().Get("winnet.tier"); has && tier.Str() == "archive" {
				continue
			}
			for _, sl := range rl.ScopeLogs().All() {
				records += int64(sl.LogRecords().Len())
			}
		}
	}
	return records
}

// sum is an account, as it was scraped or logged.
type sum struct{ received, emitted, filtered, aggregated, undecodable, dropped int64 }

func (s sum) parts() int64 {
	return s.emitted + s.filtered + s.aggregated + s.undecodable + s.dropped
}

var series = regexp.MustCompile(`(?m)^otelcol_receiver_(asimdns|ciliumwindows)_events_(received|emitted|filtered|aggregated|undecodable|dropped)(?:\{[^}]*\})? (\S+)$`)

func (p *property) scrape() (s sum, err error) {
	response, err := http.Get(p.url)
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return s, err
	}
	to := map[string]*int64{"received": &s.received, "emitted": &s.emitted, "filtered": &s.filtered, "aggregated": &s.aggregated, "undecodable": &s.undecodable, "dropped": &s.dropped}
	for _, m := range series.FindAllStringSubmatch(string(text), -1) {
		value, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			return s, err
		}
		*to[m[2]] += int64(value)
	}
	return s, nil
}

var logged = regexp.MustCompile(`received (\d+) = emitted (\d+) \+ filtered (\d+) \+ aggregated (\d+) \+ undecodable (\d+)[^+]* \+ dropped (\d+)[^+]* \+ pending (-?\d+)`)

// run runs a round. The error says which sum is wrong.
func (p *property) run(o round) error {
	factory := factoryOf(o.receiver)
	path, made, err := p.file(o)
	if err != nil {
		return err
	}
	cfg, taken, err := configOf(o.receiver, path, o.texts())
	if err != nil {
		return err
	}
	if slices.Contains(taken, threeTimes) {
		made *= 3
	}
	next := &faultyNext{round: o, stopNow: make(chan struct{})}
	var once sync.Once
	ended, account := make(chan struct{}), ""
	set := receivertest.NewNopSettings(factory.Type())
	set.MeterProvider = p.meters
	set.Logger = zap.New(&lastAccount{LevelEnabler: zap.InfoLevel, account: &account, ended: func() { once.Do(func() { close(ended) }) }})
	r, err := factory.CreateLogs(p.t.Context(), set, cfg, next)
	if err != nil {
		return err
	}
	if err := r.Start(p.t.Context(), componenttest.NewNopHost()); err != nil {
		return err
	}
	waiting := true
	for deadline := time.After(patience); waiting; {
		select {
		case <-ended:
			waiting = false
		case <-next.stopNow:
			waiting = false
		case <-deadline:
			return errors.Join(errors.New("the replay did not end"), r.Shutdown(context.Background()))
		case <-time.After(5 * time.Millisecond):
		}
		s, err := p.scrape()
		if err != nil {
			return errors.Join(err, r.Shutdown(context.Background()))
		}
		// An event of a replay is counted as received once it has its place in the queue. The worker may have it already.
		if s.parts() > s.received+1 || s.received > int64(made) {
			return errors.Join(fmt.Errorf("a scrape has %+v, of %d events made", s, made), r.Shutdown(context.Background()))
		}
	}
	var last sum
	atTheEnd := false
	select {
	case <-ended:
		atTheEnd = true
		last, err = p.scrape()
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if e := errors.Join(err, r.Shutdown(ctx)); e != nil {
		return e
	}
	if atTheEnd {
		p.whole++
		if last.received != int64(made) || last.parts() != int64(made) {
			return fmt.Errorf("the scrape after the end has %+v, in all %d, of %d events made", last, last.parts(), made)
		}
	} else {
		p.stopped++
	}
	m := logged.FindStringSubmatch(account)
	if m == nil {
		return fmt.Errorf("no account: %q", account)
	}
	var n [7]int64
	for i := range n {
		n[i], _ = strconv.ParseInt(m[1+i], 10, 64)
	}
	final := sum{n[0], n[1], n[2], n[3], n[4], n[5]}
	if final.received != final.parts() || n[6] != 0 || final.received > int64(made) {
		return fmt.Errorf("the account at the end is %s, of %d events made", account, made)
	}
	if got := next.main(); got != final.emitted {
		return fmt.Errorf("the next component has %d records, and the account is %s", got, account)
	}
	return nil
}

// lastAccount is a log of which only the last account is kept.
type lastAccount struct {
	zapcore.LevelEnabler
	account *string
	ended   func()
}

func (l *lastAccount) With([]zapcore.Field) zapcore.Core { return l }

func (l *lastAccount) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return c.AddCore(e, l)
}

func (l *lastAccount) Write(e zapcore.Entry, fields []zapcore.Field) error {
	for _, f := range fields {
		if f.Key == "events" && f.Type == zapcore.StringerType {
			*l.account = f.Interface.(fmt.Stringer).String()
		}
	}
	if e.Message == "the replay has ended" {
		l.ended()
	}
	return nil
}

func (l *lastAccount) Sync() error { return nil }
