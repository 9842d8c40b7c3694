// SPDX-License-Identifier: Apache-2.0

// Faults of the live source: the built collector reads maps of this host's kernel, and its records go to a server that has the Logs Ingestion
// API's paths.

package roads

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/eventstest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor/monitortest"
)

// rowsFar keeps the rows of each stream. Its streams of events can be away while that of status records is there.
type rowsFar struct {
	httpFar
	mu      sync.Mutex
	rows    map[string][]map[string]any
	refuses bool
}

// Streams of the exporter sentinel.
const (
	networkStream = "Custom-ASimNetworkSessionLogs"
	statusStream  = "Custom-WinnetStatus"
)

var streamPath = regexp.MustCompile(`^/dataCollectionRules/[^/]+/streams/([^/]+)$`)

func newRowsFar(t *testing.T) *rowsFar {
	far := &rowsFar{rows: map[string][]map[string]any{}}
	serve(t, &far.httpFar, func(w http.ResponseWriter, r *http.Request) {
		raw, err := body(r)
		var rows []map[string]any
		stream := streamPath.FindStringSubmatch(r.URL.Path)
		if err != nil || stream == nil || json.Unmarshal(raw, &rows) != nil {
			http.Error(w, "want rows of a stream", http.StatusBadRequest)
			return
		}
		far.mu.Lock()
		defer far.mu.Unlock()
		if far.refuses && stream[1] != statusStream {
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		far.rows[stream[1]] = append(far.rows[stream[1]], rows...)
		w.WriteHeader(http.StatusNoContent)
	})
	return far
}

func (f *rowsFar) refuse(refuses bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuses = refuses
}

// of returns the rows of a stream.
func (f *rowsFar) of(stream string) []map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.rows[stream])
}

// security returns the security rows, as "type state", in order.
func (f *rowsFar) security() (all []string) {
	for _, row := range f.of(statusStream) {
		if row["Kind"] == "security" {
			all = append(all, fmt.Sprint(row["EventType"], " ", row["State"], " ", row["EventSeverity"]))
		}
	}
	return all
}

// lost returns the number of events in the rows of losses.
func (f *rowsFar) lost() (n int) {
	for _, row := range f.of(statusStream) {
		if row["EventType"] == "EventsLost" {
			count, _ := row["EventCount"].(float64)
			n += int(count)
		}
	}
	return n
}

// startLive starts the collector on the maps of a folder, and waits until it is ready.
func startLive(t *testing.T, dir string, far *rowsFar) *collector {
	t.Helper()
	c := start(t, home(t), nil, fmt.Sprintf(`yaml:
receivers:
  ciliumwindows:
    events_map: %s
    observability_config_map: %s
    monitor_aggregation_level: none
    heartbeat: 1s
    status_records: true
    queue: {max_size_mib: 1}
    batch: {max_records: 100, flush_interval: 100ms}
    retry: {initial_interval: 100ms, max_interval: 100ms}
exporters:
  sentinel:
    endpoint: http://%s
    rule_id: %s
    headers: {Authorization: Bearer token}
    sending_queue: {enabled: false}
    retry_on_failure: {initial_interval: 100ms, max_interval: 100ms, max_elapsed_time: 0}
service: {pipelines: {logs: {receivers: [ciliumwindows], exporters: [sentinel]}}}
`, filepath.Join(dir, "events"), filepath.Join(dir, "config"), far.Addr(), sentinelRule(0)))
	c.receiver = "ciliumwindows"
	return c
}

// Maps of the kernel, on the built collector, with its records as rows.
func TestFaultMapsThatAreTakenAwayAndGivenBackLoseNoEventAndAreSecurityRows(t *testing.T) {
	t.Parallel()
	dir, far := eventstest.Dir(t), newRowsFar(t)
	path, configPath := filepath.Join(dir, "events"), filepath.Join(dir, "config")
	config, ring := eventstest.NewArray(t, configPath, 4, 2), eventstest.NewRing(t, path, 1<<16)
	c := startLive(t, dir, far)
	var want []string
	await := func(more ...string) {
		t.Helper()
		want = append(want, more...)
		c.until(fmt.Sprint("the rows ", more), func() bool { return len(far.security()) >= len(want) })
		require.Equal(t, want, far.security())
	}
	written := 0
	write := func(to *eventstest.Ring, n uint32) {
		t.Helper()
		require.True(t, to.WriteTimes(t, monitortest.Drop{Version: 2}.Bytes(), n))
		written += int(n)
		c.untilAccepted(written)
	}
	write(ring, 100)
	var before uint32
	require.NoError(t, config.Lookup(uint32(0), &before))
	require.NoError(t, config.Put(uint32(0), uint32(77)))
	await("ConfigurationChanged raised High")
	require.NoError(t, config.Put(uint32(0), before))
	await("ConfigurationChanged cleared Informational")
	require.NoError(t, os.Remove(path))
	await("MapLost raised High")
	write(ring, 100) // into the map that is not pinned any more
	another := eventstest.NewRing(t, path, 1<<16)
	await("MapReplaced raised High", "MapLost cleared Informational")
	write(another, 100)
	require.NoError(t, os.Remove(configPath))
	await("ConfigurationMapLost raised High")
	const all = 300
	require.Equal(t, all, written)
	require.Equal(t, all, c.interrupt())
	require.Len(t, far.of(networkStream), all)
	atMost(t, written-len(far.of(networkStream)))
}

// The far end takes no events, so the receiver's queue of a live source is full. The status records have a way of their own.
func TestFaultEventsThatALiveSourceDropsAreCountedAndALossRow(t *testing.T) {
	t.Parallel()
	dir, far := eventstest.Dir(t), newRowsFar(t)
	far.refuse(true)
	eventstest.NewArray(t, filepath.Join(dir, "config"), 4, 2)
	ring := eventstest.NewRing(t, filepath.Join(dir, "events"), 1<<16)
	c := startLive(t, dir, far)
	written := 0
	event := monitortest.Drop{Capture: monitortest.Capture{Packet: make([]byte, 128)}, Version: 2}.Bytes()
	dropped := func() int { return c.metric("otelcol_receiver_ciliumwindows_events_dropped") }
	for dropped() == 0 {
		for range 500 {
			for !ring.Write(t, event) { // the receiver empties the ring
			}
			written++
		}
	}
	c.until("the loss is a row", func() bool { return far.lost() > 0 })
	far.refuse(false)
	c.untilAccepted(1) // the exporter pauses for some seconds, longer than a stop waits
	c.until("every dropped event is in a loss row", func() bool { return far.lost() >= dropped() })
	emitted := c.interrupt()
	received, _, counted, _ := c.firstAccount()
	require.Equal(t, written, received)
	require.Equal(t, written, emitted+counted)
	require.Equal(t, counted, far.lost(), "dropped, against the loss rows: %v", far.of(statusStream))
	require.Len(t, far.of(networkStream), emitted)
	atMost(t, written-emitted-counted)
}
