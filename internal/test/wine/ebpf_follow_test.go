// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// readingMap is the collector's message when it reads a map of a type and size.
func readingMap(typ string, size int) string {
	return fmt.Sprintf(`"path": "/ebpf/global/cilium_events", "type": "%s", "bytes": %d}`, typ, size)
}

// emits waits until the collector has written count records.
func (n *node) emits(c *collector, count int) {
	n.t.Helper()
	require.Eventually(n.t, func() bool { return len(readRecords(n.t, n.records())) >= count }, time.Minute, 50*time.Millisecond, "%s", c.out)
}

func TestEverythingMayComeLater(t *testing.T) {
	n := newNode(t, "")
	c := n.start("receivers::ciliumwindows::check_cilium_on_windows: true")
	c.await(`CiliumOnWindows is missing; waiting until it is 1`, 1)
	n.registry("add", "/v", "CiliumOnWindows", "/t", "REG_DWORD", "/d", "1", "/f")
	defer n.registry("delete", "/v", "CiliumOnWindows", "/f")
	c.await("eBPF for Windows is not installed", 1)
	n.install("1.1", n.programs())
	c.await("no map is pinned at /ebpf/global/cilium_events; is Cilium running on this node? Does the driver of eBPF for Windows run (sc query ebpfcore)?", 1)
	n.Pin(t, "cilium_events", "perf", 1, 0, 64<<10)
	c.await(readingMap("WindowsPerfEventArray", 64<<10), 1)
	n.Pin(t, configMap, "array", 2, 4, 2)
	c.await(configSet, 1)
	n.emits(c, captured)
	c.interrupt()
	require.Equal(t, []uint32{0, 0}, n.words(configMap), "restored")
	require.Contains(t, c.out.String(), fmt.Sprintf("received %d = emitted %d + ", captured, captured))
}

// registry changes the key in which Windows says that Cilium is on.
func (n *node) registry(verb string, args ...string) {
	out, err := n.command("reg", append([]string{verb, `HKLM\SYSTEM\CurrentControlSet\Services\hns\State`}, args...)...).CombinedOutput()
	require.NoError(n.t, err, "%s", out)
}

func TestAMapThatReplacesTheOtherIsRead(t *testing.T) {
	n := newNode(t, "1.1")
	n.Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
	n.Pin(t, configMap, "array", 10, 4, 2)
	c := n.start()
	n.emits(c, captured)
	// Another ring buffer, one of another size, a perf event array, and the first one again, which has no new records.
	for i, next := range []struct {
		typ, name string
		id, size  int
	}{{"ring", "WindowsRingBuf", 2, 64 << 10}, {"ring", "WindowsRingBuf", 3, 128 << 10}, {"perf", "WindowsPerfEventArray", 4, 64 << 10}} {
		n.Pin(t, "cilium_events", next.typ, next.id, 0, next.size)
		n.emits(c, (i+2)*captured)
		c.await(readingMap(next.name, next.size), 1)
	}
	n.Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
	c.await(readingMap("WindowsRingBuf", 64<<10), 3)
	c.interrupt()
	require.Contains(t, c.out.String(), fmt.Sprintf("received %d = emitted %d + ", 4*captured, 4*captured), "every record of every map, once")
	require.Equal(t, []uint32{0, 0}, n.words(configMap), "restored")
}

func TestAMapThatIsRemovedIsReadToItsEndAndWaitedFor(t *testing.T) {
	n := newNode(t, "1.0")
	n.Pin(t, "cilium_events", "ring", 1, 0, 64<<10)
	c := n.start()
	c.await(reading, 1)
	n.Unpin(t, "cilium_events")
	c.await("no map is pinned at /ebpf/global/cilium_events", 1)
	n.emits(c, captured)
	n.Pin(t, "cilium_events", "ring", 2, 0, 64<<10)
	n.emits(c, 2*captured)
	c.interrupt()
}
