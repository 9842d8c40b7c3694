// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/otelcol-winnet/otelcol-winnet/internal/bench/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

const (
	phases            = 6   // fast, slow, fast …
	samples           = 300 // at most, of the run
	slowRate          = 3_000.0
	ringRate          = 20_000   // events that are written into the kernel's ring each second, if it has room
	dnsMiB, ciliumMiB = 256, 128 // the caps of the receivers
	constantMiB       = 160      // what the process takes above the caps at most; see docs/reliability.md
	recorded          = 300_000  // more than the queue holds
)

const config = `
receivers:
  asimdns: {memory: {max_mib: %[7]d}, enable_flags: "0xFFFFFFFFFFFFFFFF", enable_level: 5, correlate: true, replay: {path: %[1]q, repeat: 0}}
  ciliumwindows: {memory: {max_mib: %[8]d}, events_map: %[2]q, observability_config_map: %[3]q, check_cilium_on_windows: false, monitor_aggregation_level: none}
exporters:
  otlp_http/dns: {endpoint: %[4]q, compression: none, timeout: 60s, sending_queue: {enabled: false}}
  otlp_http/cilium: {endpoint: %[5]q, compression: none, timeout: 60s, sending_queue: {enabled: false}}
service:
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %[6]d}}}}]}}
  pipelines:
    logs/dns: {receivers: [asimdns], exporters: [otlp_http/dns]}
    logs/cilium: {receivers: [ciliumwindows], exporters: [otlp_http/cilium]}
`

// sink counts records. While it is slow it takes slowRate of them a second.
type sink struct {
	slow    *atomic.Bool
	records atomic.Int64
	failed  atomic.Int64
}

func newSink(t *testing.T, slow *atomic.Bool) (*sink, string) {
	s := &sink{slow: slow}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	request := plogotlp.NewExportRequest()
	if err == nil {
		err = request.UnmarshalProto(raw)
	}
	if err != nil {
		s.failed.Add(1)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	n := request.Logs().LogRecordCount()
	for left := time.Duration(float64(n) / slowRate * float64(time.Second)); left > 0 && s.slow.Load(); left -= 10 * time.Millisecond {
		time.Sleep(10 * time.Millisecond)
	}
	s.records.Add(int64(n))
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// output is what the collector prints. It keeps the last lines, and the number of goroutines of the last trace of the scheduler.
type output struct {
	mu         sync.Mutex
	lines      []string
	counting   float64
	goroutines float64
}

// goroutine is a line of a trace: GODEBUG=schedtrace, scheddetail. Status 6 is a goroutine that has ended.
var goroutine = regexp.MustCompile(`^\s+G\d+: status=(\d+)`)

func (o *output) read(from io.Reader) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text := lines.Text()
		o.mu.Lock()
		switch m := goroutine.FindStringSubmatch(text); {
		case m != nil:
			if m[1] != "6" {
				o.counting++
			}
		case strings.HasPrefix(text, "SCHED "):
			if o.counting > 0 {
				o.goroutines = o.counting
			}
			o.counting = 0
		case strings.HasPrefix(text, "  "): // threads and processors
		default:
			o.lines = append(o.lines, text)
			o.lines = o.lines[max(0, len(o.lines)-500):]
		}
		o.mu.Unlock()
	}
}

func (o *output) text() (text string, goroutines float64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.lines, "\n"), o.goroutines
}

// scrape returns the sum of each metric of the receivers, by name.
func scrape(url string) (map[string]float64, error) {
	answer, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	found := map[string]float64{}
	of := regexp.MustCompile(`^otelcol_receiver_([a-z_]+)(?:\{.*\})? ([0-9.e+]+)$`)
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if m := of.FindStringSubmatch(lines.Text()); m != nil {
			v, _ := strconv.ParseFloat(m[2], 64)
			found[m[1]] += v
		}
	}
	return found, nil
}

// account are the numbers of a receiver's last line.
type account struct {
	received, emitted, filtered, aggregated, undecodable, dropped, pending int64
	text                                                                   string
}

var accountLine = regexp.MustCompile(`received (\d+) = emitted (\d+) \+ filtered (\d+) \+ aggregated (\d+) \+ undecodable (\d+)[^+]*\+ dropped (\d+)[^+]*\+ pending (-?\d+)`)

func accountOf(t *testing.T, out, receiver string) (a account) {
	t.Helper()
	for line := range strings.SplitSeq(out, "\n") {
		m := accountLine.FindStringSubmatch(line)
		if m == nil || !strings.Contains(line, `"otelcol.component.id": "`+receiver+`"`) {
			continue
		}
		for i, to := range []*int64{&a.received, &a.emitted, &a.filtered, &a.aggregated, &a.undecodable, &a.dropped, &a.pending} {
			*to, _ = strconv.ParseInt(m[i+1], 10, 64)
		}
		a.text = m[0]
		return a
	}
	t.Fatalf("%s has no account:\n%s", receiver, out)
	return a
}

func (a account) String() string { return a.text }

func resident(pid int) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(raw, []byte("VmRSS:"))
	kib, err := strconv.ParseFloat(string(bytes.Fields(rest)[0]), 64)
	return kib / 1024, err
}

// TestSoak needs root, for the kernel's ring. WINNET_SOAK is how long it runs.
func TestSoak(t *testing.T) {
	binary := os.Getenv("WINNET_COLLECTOR")
	if os.Getenv("WINNET_SOAK") == "" || binary == "" {
		t.Skip("not run: make soak sets how long it takes, and the collector")
	}
	last, err := time.ParseDuration(os.Getenv("WINNET_SOAK"))
	require.NoError(t, err)

	dir := eventstest.Dir(t)
	events, settings := filepath.Join(dir, "cilium_events"), filepath.Join(dir, "cilium_observability_config")
	ring := eventstest.NewRing(t, events, 1<<20)
	eventstest.NewArray(t, settings, 4, 2)
	file := filepath.Join(t.TempDir(), "big.etl")
	require.NoError(t, recording.DNS("../../../testdata/dnsserver.etl", file, recorded))

	var slow atomic.Bool
	dns, dnsURL := newSink(t, &slow)
	cilium, ciliumURL := newSink(t, &slow)
	metrics := loopback.Port(t)
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, config, file, events, settings, dnsURL, ciliumURL, metrics, dnsMiB, ciliumMiB), 0o600))

	every := max(last/samples, time.Second)
	cmd := exec.Command(binary, "--config", path)
	cmd.Env = append(os.Environ(), fmt.Sprintf("GODEBUG=schedtrace=%d,scheddetail=1", max(1000, every.Milliseconds())))
	from, to := io.Pipe()
	cmd.Stdout, cmd.Stderr = to, to
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	out, ended := &output{}, make(chan error, 1)
	go out.read(from)
	go func() { ended <- cmd.Wait() }()
	url := fmt.Sprintf("http://127.0.0.1:%d/metrics", metrics)
	require.Eventually(t, func() bool {
		text, goroutines := out.text()
		return strings.Contains(text, "Everything is ready") && goroutines > 0
	}, time.Minute, 50*time.Millisecond)

	stop, written := make(chan struct{}), make(chan int64)
	go func() { written <- produce(t, ring, stop) }()
	r := measure(t, cmd.Process.Pid, url, last, every, &slow, out)
	slow.Store(false)
	close(stop)
	wrote := <-written
	require.Eventually(t, func() bool { // the reader has all that is in the ring
		found, err := scrape(url)
		return err == nil && found["ciliumwindows_events_received"] == float64(wrote)
	}, time.Minute, 100*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.NoError(t, <-ended)
	_ = to.Close()

	text, _ := out.text()
	accounts := map[string]account{"asimdns": accountOf(t, text, "asimdns"), "ciliumwindows": accountOf(t, text, "ciliumwindows")}
	for name, a := range accounts {
		require.Zero(t, a.pending, name)
		require.Equal(t, a.received, a.emitted+a.filtered+a.aggregated+a.undecodable+a.dropped, "%s: %s", name, a)
	}
	require.Equal(t, wrote, accounts["ciliumwindows"].received, "every event that the kernel's ring took")
	for name, s := range map[string]*sink{"asimdns": dns, "ciliumwindows": cilium} {
		came, a := s.records.Load(), accounts[name]
		require.GreaterOrEqual(t, came, a.emitted, name)
		require.LessOrEqual(t, came, a.emitted+a.dropped, "%s: the far end may have a batch whose answer the stop cut off", name)
	}
	require.Zero(t, dns.failed.Load()+cilium.failed.Load())
	report(t, r, last, accounts)
	require.Empty(t, r.grown())
	for _, s := range r.series {
		if s.name == "resident set" {
			require.LessOrEqual(t, slices.Max(s.values), float64(dnsMiB+ciliumMiB+constantMiB))
		}
	}
}

// produce has the kernel write events into the ring until stop is closed. It returns how many the ring took.
func produce(t *testing.T, ring *eventstest.Ring, stop <-chan struct{}) (took int64) {
	const at = 10 * time.Millisecond
	events := [][]byte{monitortest.Drop{Version: 2}.Bytes(), monitortest.Debug{}.Bytes()}
	tick := time.NewTicker(at)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return took
		case <-tick.C:
		}
		for n := range ringRate / int(time.Second/at) {
			if !ring.Write(t, events[n%len(events)]) {
				break // full
			}
			took++
		}
	}
}

// measure takes the samples.
func measure(t *testing.T, pid int, url string, last, every time.Duration, slow *atomic.Bool, out *output) *run {
	t.Helper()
	names := []series{
		{name: "DNS", unit: "events handled/s"}, {name: "Cilium", unit: "events handled/s"},
		{name: "queue of DNS", unit: "MiB"}, {name: "queue of Cilium", unit: "MiB"},
		{name: "resident set", unit: "MiB"}, {name: "resident set without the queues", unit: "MiB", bounded: true, allowed: 32},
		{name: "goroutines", unit: "number", bounded: true, allowed: 4}, {name: "handles", unit: "open files", bounded: true, allowed: 4},
	}
	r := &run{}
	for i := range names {
		r.series = append(r.series, &names[i])
	}
	begun, before, then := time.Now(), map[string]float64{}, time.Time{}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for now := range tick.C {
		since := now.Sub(begun)
		if since > last {
			return r
		}
		found, err := scrape(url)
		require.NoError(t, err, "the collector answers")
		at := time.Now()
		rss, err := resident(pid)
		require.NoError(t, err)
		handles, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		require.NoError(t, err)
		_, goroutines := out.text()
		seconds := at.Sub(then).Seconds()
		rate := func(receiver string) (sum float64) {
			for _, what := range []string{"emitted", "filtered", "aggregated"} {
				sum += found[receiver+"_events_"+what] - before[receiver+"_events_"+what]
			}
			return sum / seconds
		}
		if len(before) > 0 {
			r.at, r.slow = append(r.at, since), append(r.slow, slow.Load())
			for i, v := range []float64{rate("asimdns"), rate("ciliumwindows"),
				found["asimdns_queue_size"] / (1 << 20), found["ciliumwindows_queue_size"] / (1 << 20), rss,
				rss - (found["asimdns_queue_size"]+found["ciliumwindows_queue_size"])/(1<<20), goroutines, float64(len(handles))} {
				r.series[i].values = append(r.series[i].values, v)
			}
		}
		before, then = found, at
		slow.Store(int(phases*since/last)%2 == 1)
	}
	return r
}

// report writes soak.txt and soak.svg to the folder that WINNET_SOAK_DOCS names.
func report(t *testing.T, r *run, last time.Duration, accounts map[string]account) {
	t.Helper()
	var text, picture bytes.Buffer
	fmt.Fprintf(&text, "# make soak SOAK=%s, %s, %d processors, %s\n", last, time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version())
	for _, name := range []string{"asimdns", "ciliumwindows"} {
		fmt.Fprintf(&text, "# %s: %s\n", name, accounts[name])
	}
	r.write(&text)
	r.plot(&picture, fmt.Sprintf("Both receivers for %s, far end fast and slow in turn", last))
	t.Logf("\n%s", text.String()[:strings.Index(text.String(), "seconds\t")])
	if docs := os.Getenv("WINNET_SOAK_DOCS"); docs != "" {
		require.NoError(t, os.WriteFile(filepath.Join(docs, "soak.txt"), text.Bytes(), 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(docs, "soak.svg"), picture.Bytes(), 0o644))
	}
}

// write writes the figures and all samples as text.
func (r *run) write(w io.Writer) {
	for _, s := range r.series {
		growth, mean := r.growth(s)
		fmt.Fprintf(w, "# %s: mean %.1f, most %.1f, growth after the warm-up %+.1f %s\n", s.name, mean, slices.Max(s.values), growth, s.unit)
	}
	names := []string{"seconds", "slow"}
	for _, s := range r.series {
		names = append(names, strings.ReplaceAll(s.name, " ", "_"))
	}
	fmt.Fprintln(w, strings.Join(names, "\t"))
	for i, at := range r.at {
		fmt.Fprintf(w, "%.1f\t%d", at.Seconds(), phase(r.slow[i]))
		for _, s := range r.series {
			fmt.Fprintf(w, "\t%.1f", s.values[i])
		}
		fmt.Fprintln(w)
	}
}
