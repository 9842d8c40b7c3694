// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/collector/service/telemetry"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

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
	host, port := "127.0.0.1", loopback.Port(t)
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

// run runs a round. With the option keeps it runs the receiver a second time, without faults, on the storage of the first. The error says which
// sum is wrong.
func (p *property) run(o round) error {
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
	host := (&kit.Storage{}).HostAs(component.MustNewID("kept"))
	one := play{property: p, round: o, cfg: cfg, follows: slices.Contains(taken, follows), host: host, made: int64(made), wanted: int64(made)}
	left, atTheEnd, err := one.run()
	if err != nil {
		return err
	}
	if atTheEnd {
		p.whole++
	} else {
		p.stopped++
	}
	if !slices.Contains(taken, keeps) {
		return nil
	}
	one.round.faults, one.round.stop, one.goesOn, one.wanted = nil, 0, true, one.made-left
	again, _, err := one.run()
	switch {
	case err != nil:
		return fmt.Errorf("on the storage of the run before, after which %d events had left: %w", left, err)
	case left+again < one.made, atTheEnd && again > 0:
		return fmt.Errorf("of %d events made, %d had left, and %d came after a restart", made, left, again)
	}
	return nil
}

// play is one run of a round's receiver.
type play struct {
	*property
	round
	cfg     component.Config
	follows bool  // the replay does not end; it is stopped when the receiver has the events wanted
	goesOn  bool  // the storage has the place of a run before
	made    int64 // events in all
	wanted  int64 // the least number of events that come
	host    component.Host
}

// run runs the receiver. It returns the number of events that have left it, without those that were dropped because it was stopped, and whether
// the replay had ended.
func (p *play) run() (left int64, atTheEnd bool, err error) {
	factory := factoryOf(p.receiver)
	next := &faultyNext{round: p.round, stopNow: make(chan struct{}), attempts: map[bool]int{}}
	var once sync.Once
	ended, account, statuses := make(chan struct{}), "", ""
	set := receivertest.NewNopSettings(factory.Type())
	set.MeterProvider = p.meters
	end := func() { once.Do(func() { close(ended) }) }
	set.Logger = zap.New(&lastAccount{LevelEnabler: zap.InfoLevel, account: &account, status: &statuses, ended: end})
	r, err := factory.CreateLogs(p.t.Context(), set, p.cfg, next)
	if err != nil {
		return 0, false, err
	}
	if err := r.Start(p.t.Context(), p.host); err != nil {
		return 0, false, err
	}
	stop := func(err error) (int64, bool, error) {
		return 0, false, errors.Join(err, r.Shutdown(context.Background()))
	}
	for deadline, waiting := time.After(patience), true; waiting; {
		select {
		case <-ended:
			waiting = false
		case <-next.stopNow:
			waiting = false
		case <-deadline:
			return stop(errors.New("the replay did not end"))
		case <-time.After(5 * time.Millisecond):
		}
		s, err := p.scrape()
		if err != nil {
			return stop(err)
		}
		// An event of a replay is counted as received once it has its place in the queue. The worker may have it already.
		if s.parts() > s.received+1 || s.received > p.made {
			return stop(fmt.Errorf("a scrape has %+v, of %d events made", s, p.made))
		}
		if p.follows && s.received >= p.wanted {
			waiting = false
		}
	}
	var last sum
	select {
	case <-ended:
		atTheEnd = true
		last, err = p.scrape()
	default:
	}
	limit := patience
	if p.faults[p.stop] == never { // only the end of the time ends the attempt
		limit = time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if e := errors.Join(err, r.Shutdown(ctx)); e != nil {
		return 0, false, e
	}
	if atTheEnd && !p.goesOn && (last.received != p.made || last.parts() != p.made) {
		return 0, false, fmt.Errorf("the scrape after the end has %+v, in all %d, of %d events made", last, last.parts(), p.made)
	}
	m := logged.FindStringSubmatch(account)
	if m == nil {
		return 0, false, fmt.Errorf("no account: %q", account)
	}
	var n [7]int64
	for i := range n {
		n[i], _ = strconv.ParseInt(m[1+i], 10, 64)
	}
	final := sum{n[0], n[1], n[2], n[3], n[4], n[5]}
	if final.received != final.parts() || n[6] != 0 || final.received > p.made {
		return 0, false, fmt.Errorf("the account at the end is %s, of %d events made", account, p.made)
	}
	records, ofStatus := next.taken()
	if records != final.emitted {
		return 0, false, fmt.Errorf("the next component has %d records, and the account is %s", records, account)
	}
	left = final.received
	if m := atShutdown.FindStringSubmatch(account); m != nil {
		dropped, _ := strconv.ParseInt(m[1], 10, 64)
		left -= dropped
	}
	return left, atTheEnd, checkStatus(statuses, ofStatus)
}

// atShutdown is in an account what was dropped because the receiver was stopped.
var atShutdown = regexp.MustCompile(`dropped [^+]*\bshutdown (\d+)`)

var loggedStatus = regexp.MustCompile(`received (\d+) = emitted (\d+) \+ dropped (\d+)[^+]* \+ pending (-?\d+)`)

// checkStatus returns an error if the account of the status records, which is empty if there are none, does not hold, or is not of those taken.
func checkStatus(account string, taken int64) error {
	if account == "" && taken == 0 {
		return nil
	}
	m := loggedStatus.FindStringSubmatch(account)
	if m == nil {
		return fmt.Errorf("no account of the %d status records taken: %q", taken, account)
	}
	var n [4]int64
	for i := range n {
		n[i], _ = strconv.ParseInt(m[1+i], 10, 64)
	}
	if n[0] != n[1]+n[2] || n[3] != 0 || n[1] != taken {
		return fmt.Errorf("the next component has %d status records, and their account is %s", taken, account)
	}
	return nil
}

// lastAccount is a log of which only the last accounts are kept.
type lastAccount struct {
	zapcore.LevelEnabler
	account *string
	status  *string // of the status records
	ended   func()
}

func (l *lastAccount) With([]zapcore.Field) zapcore.Core { return l }

func (l *lastAccount) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return c.AddCore(e, l)
}

func (l *lastAccount) Write(e zapcore.Entry, fields []zapcore.Field) error {
	for _, f := range fields {
		switch f.Key {
		case "events":
			*l.account = f.String
		case "status":
			*l.status = f.String
		}
	}
	if e.Message == "the replay has ended" {
		l.ended()
	}
	return nil
}

func (l *lastAccount) Sync() error { return nil }
