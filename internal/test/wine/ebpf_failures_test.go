// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"net"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAReleaseWithoutTheFunctionsForRingBuffersIsOutdated(t *testing.T) {
	n := newNode(t, "0.21")
	n.Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
	c := n.start()
	c.fails()
	require.Contains(t, c.out.String(), `the installed eBPF for Windows is too old: C:\Program Files\ebpf-for-windows\ebpfapi.dll has no function ebpf_map_set_wait_handle; install version 1.0 or later`)
}

func TestAReleaseWithoutTheFunctionsForPerfEventArraysIsOutdated(t *testing.T) {
	n := newNode(t, "1.0")
	n.Pin(t, "cilium_events", "perf", 1, 0, 64<<10)
	c := n.start()
	c.fails()
	require.Contains(t, c.out.String(), `the installed eBPF for Windows is too old: C:\Program Files\ebpf-for-windows\ebpfapi.dll has no function perf_buffer__poll; install version 1.1 or later`)
}

func TestAccessDeniedToAMapFailsTheStartAndSaysWhoMay(t *testing.T) {
	for _, call := range []string{"bpf(OBJ_GET)=1", "ebpf_map_set_wait_handle=20", "ebpf_ring_buffer_map_map_buffer=20"} {
		t.Run(call, func(t *testing.T) {
			n := newNode(t, "1.0")
			n.Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
			n.set("WINDOWSTEST_FAIL", call)
			c := n.start()
			c.fails()
			require.Contains(t, c.out.String(), "access to the map pinned at /ebpf/global/cilium_events is denied; reading it needs SYSTEM or a member of Administrators, with elevated rights")
		})
	}
}

func TestAPerfEventArrayThatCannotBeReadFailsTheStart(t *testing.T) {
	n := newNode(t, "1.1")
	n.Pin(t, "cilium_events", "perf", 1, 0, 64<<10)
	n.set("WINDOWSTEST_FAIL", "perf_buffer__new=1")
	c := n.start()
	c.fails()
	require.Contains(t, c.out.String(), "eBPF for Windows cannot read this perf event array")
}

func TestAMapThatCarriesNoEventsFailsTheStart(t *testing.T) {
	n := newNode(t, "1.1")
	n.Pin(t, "cilium_events", "array", 1, 4, 2)
	c := n.start()
	c.fails()
	require.Contains(t, c.out.String(), "not an events map; want a ring buffer or a perf event array")
}

func TestAProducerThatDiesInTheMiddleOfARecordDoesNotHoldUpTheShutdown(t *testing.T) {
	eachType(t, 1<<20, func(t *testing.T, n *node, _ string) {
		n.set("WINDOWSTEST_DIE", "1000")
		c := n.start()
		n.emits(c, 999)
		c.interrupt()
		require.Contains(t, c.out.String(), "received 999 = emitted 999 + ")
	})
}

func TestTheCollectorEndsInTimeWhileTheDatapathWrites(t *testing.T) {
	eachType(t, 64<<10, func(t *testing.T, n *node, typ string) {
		n.set("WINDOWSTEST_REPEAT", "0") // without end
		n.set("WINDOWSTEST_DROP", "1")
		c := n.start()
		n.writes(c, 1<<20)
		if typ == "ring" {
			c.await("the events map is nearly full", 1)
		}
		c.interrupt()
		require.Contains(t, c.out.String(), "+ pending 0")
	})
}

// An exporter makes no progress: the ring buffer is still read, and events that do not fit into the queue are dropped
// and counted. Events that the datapath could not write are not known to anyone.
func TestTheEventsThatASlowExporterLosesAreCounted(t *testing.T) {
	n := newNode(t, "1.0")
	n.Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
	n.set("WINDOWSTEST_REPEAT", "200")
	sink, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections and never answers
	require.NoError(t, err)
	defer sink.Close()
	c := n.start("exporters::otlp_http: {endpoint: 'http://"+sink.Addr().String()+"', compression: none, timeout: 1m, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}",
		"service::pipelines::logs::exporters: [otlp_http]", "receivers::ciliumwindows::queue: {max_size_mib: 1}", metrics)
	require.Eventually(t, func() bool { return c.metric("events_received") > 20_000 }, time.Minute, 50*time.Millisecond, "%s", c.out)
	require.Positive(t, c.metric("events_dropped"))
	c.interrupt()
	account := regexp.MustCompile(`received (\d+) = emitted (\d+) \+ filtered (\d+) \+ aggregated (\d+) \+ undecodable (\d+) \+ dropped (\d+)`).FindStringSubmatch(c.out.String())
	require.NotNil(t, account, "%s", c.out)
	var sum, number [7]int
	for i := 1; i < 7; i++ {
		number[i], err = strconv.Atoi(account[i])
		require.NoError(t, err)
		if i > 1 {
			sum[1] += number[i]
		}
	}
	require.Equal(t, number[1], sum[1], "%s", account[0])
	require.Positive(t, number[6], "%s", account[0])
}

// A program that may write to a working directory must not get its code into the collector.
func TestALibraryInTheWorkingDirectoryIsNotLoaded(t *testing.T) {
	n := newNode(t, "")
	n.Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
	n.install("0.21", n.dir)
	c := n.startIn(n.dir)
	notInstalled(t, c)
	c.interrupt()
	require.NotContains(t, c.out.String(), reading)

	n.install("1.1", n.programs())
	c = n.startIn(n.dir)
	c.await(reading, 1)
	c.interrupt()
}

// notInstalled waits until the collector reports that eBPF for Windows is not installed and that it waits for it.
func notInstalled(t *testing.T, c *collector) {
	t.Helper()
	c.await(`eBPF for Windows is not installed: no C:\\Program Files\\ebpf-for-windows\\ebpfapi.dll, no C:\\windows\\system32\\ebpfapi.dll; install version 1.0 or later`, 1)
}
