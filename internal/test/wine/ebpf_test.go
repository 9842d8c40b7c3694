// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

const ciliumConfig = `
receivers:
  ciliumwindows:
    check_cilium_on_windows: false
    enabled_events: [DROP, TRACE, POLICY_VERDICT, DEBUG, CAPTURE]
    monitor_aggregation_level: none
    aggregation_interval: 100ms
    node_name: node-1
` + toFile + `
  pipelines:
    logs: {receivers: [ciliumwindows], exporters: [file]}
`

// reading is what the collector says when it reads the events map.
const reading = "reading the events map"

// metrics makes the collector say its metrics all the time.
const metrics = "service::telemetry::metrics: {level: normal, readers: [{periodic: {interval: 100, exporter: {console: {}}}}]}"

// metric is the value that the collector has last said of a metric of the receiver, which has one data point; -1 is none.
func (c *collector) metric(name string) int64 {
	text := c.out.String()
	at := strings.LastIndex(text, `"otelcol_receiver_ciliumwindows_`+name+`"`)
	if at < 0 {
		return -1
	}
	value := metricValue.FindStringSubmatch(text[at:])
	if value == nil {
		return -1
	}
	n, err := strconv.ParseInt(value[1], 10, 64)
	require.NoError(c.t, err)
	return n
}

var metricValue = regexp.MustCompile(`"Value": (\d+)\n`)

// node is a host with eBPF for Windows, whose datapath writes the capture of testdata into what is pinned.
type node struct {
	*host
	Pins
}

// captured is how many records the capture has.
const captured = 1200

// programs is where eBPF for Windows is installed.
func (h *host) programs() string {
	return filepath.Join(h.root, "dist/wine/drive_c/Program Files/ebpf-for-windows")
}

// newNode makes a node with a release of eBPF for Windows: 1.1, 1.0 or 0.21; none where that is empty.
func newNode(t *testing.T, release string) *node {
	h := newHost(t)
	h.config = ciliumConfig
	if release != "" {
		h.install(release, h.programs())
	}
	n := &node{h, Pins(t.TempDir())}
	h.set("WINDOWSTEST_PINS", windowsPath(string(n.Pins)))
	h.set("WINDOWSTEST_CAPTURE", windowsPath(filepath.Join(h.root, CapturePath)))
	return n
}

// eachType runs a test with a node that has a ring buffer, and with one that has a perf event array, of size bytes.
func eachType(t *testing.T, size int, test func(t *testing.T, n *node, typ string)) {
	for typ, release := range map[string]string{"ring": "1.0", "perf": "1.1"} {
		t.Run(typ, func(t *testing.T) {
			n := newNode(t, release)
			n.Pin(t, "cilium_events", typ, 1, 0, size)
			test(t, n, typ)
		})
	}
}

// install puts a release's ebpfapi.dll into a directory, for this test.
func (h *host) install(release, dir string) {
	h.t.Helper()
	dll, err := os.ReadFile(filepath.Join(h.root, "dist/rig/ebpf-"+release, "ebpf-for-windows/ebpfapi.dll"))
	require.NoError(h.t, err)
	require.NoError(h.t, os.MkdirAll(dir, 0o700))
	path := filepath.Join(dir, "ebpfapi.dll")
	require.NoError(h.t, os.WriteFile(path, dll, 0o600))
	h.t.Cleanup(func() { require.NoError(h.t, os.Remove(path)) })
}

// replay gives the records that the collector for Linux makes of the capture.
func (n *node) replay() []record {
	path := filepath.Join(n.dir, "replay.jsonl")
	cmd := exec.Command(filepath.Join(n.root, "dist/otelcol-winnet"), "--config", "yaml:"+ciliumConfig,
		"--config", "yaml:receivers::ciliumwindows::replay::path: "+filepath.Join(n.root, CapturePath), "--config", "yaml:exporters::file::path: "+path)
	r := run(n.t, cmd)
	r.await("the replay has ended", 1)
	r.interrupt()
	all := readRecords(n.t, path)
	require.NotEmpty(n.t, all, "%s", r.out)
	return all
}

// hubbleTime is what the body of a flow begins with.
var hubbleTime = regexp.MustCompile(`^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\.\d{3}: `)

// debugCPU is how the body of a debug message names the processor.
var debugCPU = regexp.MustCompile(` CPU: \d\d `)

// common is a record without what a live source and a replay cannot have in common: when the event was read, and on which
// host. A replay knows no host, only the node's name. The datapath here writes at once what the capture has over minutes, and live
// times are those of reading: whether the packet monitor told of a drop just before is another answer then, which decides about the
// mark of its own drops and of those without addresses.
func common(r record) record {
	r.Time = time.Time{}
	r.Body = hubbleTime.ReplaceAllString(r.Body, "")
	delete(r.Resource, "host.name")
	for _, name := range []string{"EventStartTime", "EventEndTime", "EventOriginalUid", "DvcHostname", "DvcDomain", "DvcDomainType", "DvcIpAddr"} {
		delete(r.Attributes, name)
	}
	if _, has := r.Attributes["SrcIpAddr"]; !has || r.Attributes["cilium.event.type"] == "pktmon-drop" {
		delete(r.Attributes, "cilium.drop.primary")
	}
	return r
}

// live gives the records that the collector for Windows makes of what the datapath writes into the pinned map.
func (n *node) live(count int, settings ...string) ([]record, *collector) {
	n.t.Helper()
	c := n.start(settings...)
	require.Eventually(n.t, func() bool { return len(readRecords(n.t, n.records())) >= count }, time.Minute, 100*time.Millisecond, "%s", c.out)
	c.interrupt()
	require.Contains(n.t, c.out.String(), "+ pending 0")
	return readRecords(n.t, n.records()), c
}

func TestTheRingBufferGivesTheRecordsThatTheReplayGives(t *testing.T) {
	n := newNode(t, "1.0")
	n.Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
	want := n.replay()
	recorded := filepath.Join(n.dir, "recorded.pcapng")
	got, _ := n.live(len(want), "receivers::ciliumwindows::record::path: '"+windowsPath(recorded)+"'")
	require.Len(t, got, len(want))
	for i := range want {
		// A ring buffer does not tell the processor.
		delete(want[i].Attributes, "cilium.cpu")
		want[i].Body = debugCPU.ReplaceAllString(want[i].Body, " CPU: N/A ")
		require.Equal(t, common(want[i]), common(got[i]), "record %d", i)
	}
	require.Equal(t, rawRecords(t, filepath.Join(n.root, CapturePath)), rawRecords(t, recorded), "the recorded file replays as the datapath wrote")
}

// rawRecords reads the records of a capture, byte for byte.
func rawRecords(t *testing.T, path string) (all []string) {
	t.Helper()
	c, err := events.OpenCapture(path)
	require.NoError(t, err)
	defer c.Close()
	for {
		r, err := c.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, string(r.Data))
	}
}

// byCPU sorts records by the processor that wrote them, and keeps their order. Losses come apart.
func byCPU(all []record) (written map[any][]record, losses []record) {
	written = map[any][]record{}
	for _, r := range all {
		if r.Attributes["cilium.event.type"] == "lost" {
			losses = append(losses, r)
			continue
		}
		cpu := r.Attributes["cilium.cpu"]
		written[cpu] = append(written[cpu], common(r))
	}
	return written, losses
}

func TestThePerfEventArrayGivesTheRecordsThatTheReplayGivesAndItsLosses(t *testing.T) {
	n := newNode(t, "1.1")
	n.Pin(t, "cilium_events", "perf", 1, 0, 64<<10)
	n.set("WINDOWSTEST_LOST", "5,0,7")
	want := n.replay()
	wantEvents, _ := byCPU(want)
	all, c := n.live(len(want)+1, "receivers::ciliumwindows::aggregation_interval: 1s", metrics,
		`receivers::ciliumwindows::events_map: 'BPF:\cilium_events'`) // another spelling of the same pin
	written, losses := byCPU(all)
	require.Equal(t, wantEvents, written)
	require.Len(t, losses, 1, "one record for all processors")
	require.EqualValues(t, 12, losses[0].Attributes["cilium.lost.count"])
	require.EqualValues(t, 12, c.metric("events_lost"))
}
