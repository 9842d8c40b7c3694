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

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
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

// reading is the collector's message when it reads the events map.
const reading = "reading the events map"

// metrics makes the collector log its metrics continuously.
const metrics = "service::telemetry::metrics: {level: normal, readers: [{periodic: {interval: 100, exporter: {console: {}}}}]}"

// metric returns the last logged value of a receiver's metric that has one data point, or -1 if there is none.
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

// node is a host with eBPF for Windows. Its datapath writes the capture of testdata into the pinned maps.
type node struct {
	*host
	Pins
}

// captured is the number of records in the capture.
const captured = 1200

// programs returns the folder in which eBPF for Windows is installed.
func (h *host) programs() string {
	return filepath.Join(h.root, "dist/wine/drive_c/Program Files/ebpf-for-windows")
}

// newNode makes a node with a release of eBPF for Windows: 1.1, 1.0 or 0.21, or without it if release is "".
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

// install copies a release's ebpfapi.dll into a directory, for this test.
func (h *host) install(release, dir string) {
	h.t.Helper()
	dll, err := os.ReadFile(filepath.Join(h.root, "dist/rig/ebpf-"+release, "ebpf-for-windows/ebpfapi.dll"))
	require.NoError(h.t, err)
	require.NoError(h.t, os.MkdirAll(dir, 0o700))
	path := filepath.Join(dir, "ebpfapi.dll")
	require.NoError(h.t, os.WriteFile(path, dll, 0o600))
	h.t.Cleanup(func() { require.NoError(h.t, os.Remove(path)) })
}

// replay returns the records that the collector for Linux makes of the capture.
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

// hubbleTime matches the beginning of a flow's body.
var hubbleTime = regexp.MustCompile(`^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\.\d{3}: `)

// debugCPU matches the processor in the body of a debug message.
var debugCPU = regexp.MustCompile(` CPU: \d\d `)

// common returns a record without the parts that differ between a live source and a replay: when the event was read,
// and on which host. A replay has no host, only the node's name. The stand-in writes at once what the capture has over
// minutes, and live times are those of reading. This changes whether the packet monitor has just reported a drop, and
// thus the mark of its own drops and of drops without addresses.
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

// live returns the records that the collector for Windows makes of the records in the pinned map.
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
		// A ring buffer does not contain the processor.
		delete(want[i].Attributes, "cilium.cpu")
		want[i].Body = debugCPU.ReplaceAllString(want[i].Body, " CPU: N/A ")
		require.Equal(t, common(want[i]), common(got[i]), "record %d", i)
	}
	require.Equal(t, rawRecords(t, filepath.Join(n.root, CapturePath)), rawRecords(t, recorded), "the recorded file has the records that the datapath wrote")
}

// rawRecords reads the records of a capture, byte for byte.
func rawRecords(t *testing.T, path string) (all []string) {
	t.Helper()
	c, err := capture.Open(path)
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

// byCPU groups records by the processor that wrote them, in order. It returns losses separately.
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
