// SPDX-License-Identifier: Apache-2.0

package windows

import (
	"bytes"
	"context"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events/pinned"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
)

// requireEBPF skips the test without a real eBPF for Windows.
func requireEBPF(t *testing.T) {
	t.Helper()
	if os.Getenv("WINNET_EBPF") != "required" {
		t.Skip("not run: it needs a real eBPF for Windows with its JIT compiler; .github/workflows/windows.yml installs it and sets WINNET_EBPF=required")
	}
	ring, perf := events.Readable() // loads ebpfapi.dll from where it is installed, which cilium/ebpf would look for elsewhere
	require.NoError(t, ring)
	require.NoError(t, perf)
}

const (
	eventsPin = "/ebpf/global/cilium_events"
	configPin = "/ebpf/global/cilium_observability_config"
	// perfArray is BPF_MAP_TYPE_PERF_EVENT_ARRAY of eBPF for Windows, which cilium/ebpf does not name.
	perfArray = ebpf.WindowsRingBuf + 1
)

// record is what the program writes: 16 bytes on its stack.
var record = bytes.Repeat([]byte{0x04, 0, 0, 0, 0x57, 0, 0, 0}, 2)

const word = 0x00000057_00000004 // half of it, little endian

// newMap makes a map that is pinned until the test ends.
func newMap(t *testing.T, pin string, spec *ebpf.MapSpec) *ebpf.Map {
	t.Helper()
	m, err := ebpf.NewMap(spec)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	require.NoError(t, m.Pin(pin))
	t.Cleanup(func() { require.NoError(t, m.Unpin()) })
	return m
}

// output returns the instructions that write the record into a map.
func output(m *ebpf.Map) asm.Instructions {
	stack := asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1), // the context
		asm.LoadImm(asm.R7, word, asm.DWord),
		asm.StoreMem(asm.R10, -16, asm.R7, asm.DWord),
		asm.StoreMem(asm.R10, -8, asm.R7, asm.DWord),
	}
	if m.Type() == perfArray {
		const currentCPU = 0xFFFFFFFF // EBPF_MAP_FLAG_CURRENT_CPU
		// int bpf_perf_event_output(void* ctx, struct bpf_map* perf_event_array, uint64_t flags, void* data, uint64_t size)
		return append(stack,
			asm.Mov.Reg(asm.R1, asm.R6), asm.LoadMapPtr(asm.R2, m.FD()), asm.LoadImm(asm.R3, currentCPU, asm.DWord),
			asm.Mov.Reg(asm.R4, asm.R10), asm.Add.Imm(asm.R4, -16), asm.Mov.Imm(asm.R5, int32(len(record))), asm.WindowsFnPerfEventOutput.Call(),
		)
	}
	// int bpf_ringbuf_output(struct bpf_map* ring_buffer, void* data, uint64_t size, uint64_t flags)
	return append(stack,
		asm.LoadMapPtr(asm.R1, m.FD()), asm.Mov.Reg(asm.R2, asm.R10), asm.Add.Imm(asm.R2, -16),
		asm.Mov.Imm(asm.R3, int32(len(record))), asm.Mov.Imm(asm.R4, 0), asm.WindowsFnRingbufOutput.Call(),
	)
}

// write makes a program of type BIND write the record n times or more: by running it, or where this Windows cannot run such a program, by
// attaching it and binding sockets.
func write(t *testing.T, m *ebpf.Map, n int) {
	t.Helper()
	const permit = 0 // BIND_PERMIT
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.WindowsBind, Name: "winnet_test", License: "MIT", Instructions: append(output(m), asm.Mov.Imm(asm.R0, permit), asm.Return()),
	})
	require.NoError(t, err)
	defer program.Close()
	const context = 128 // bytes; bind_md_t is smaller
	if _, err = program.Run(&ebpf.RunOptions{Data: make([]byte, 16), DataOut: make([]byte, 16), Context: make([]byte, context), Repeat: uint32(n)}); err == nil {
		return
	}
	t.Logf("running the program: %v; it is attached instead", err)
	attached, err := link.AttachRawLink(link.RawLinkOptions{Program: program, Attach: ebpf.AttachWindowsBind})
	require.NoError(t, err)
	defer attached.Close()
	for range n {
		socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, socket.Close())
	}
}

func TestRealEventsMapsDeliverWhatAProgramWrites(t *testing.T) {
	requireEBPF(t)
	for name, spec := range map[string]*ebpf.MapSpec{
		"ring": {Type: ebpf.WindowsRingBuf, Name: "cilium_events", MaxEntries: 64 << 10},
		"perf": {Type: perfArray, Name: "cilium_events", MaxEntries: 64 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			const wanted = 100
			m := newMap(t, eventsPin, spec)
			source, err := events.Open(eventsPin)
			require.NoError(t, err)
			var mu sync.Mutex
			received, other := 0, [][]byte(nil)
			source.Start(func(_ int64, _, body []byte) bool {
				mu.Lock()
				defer mu.Unlock()
				if bytes.Equal(body, record) {
					received++
				} else {
					other = append(other, bytes.Clone(body))
				}
				return true
			})
			write(t, m, wanted)
			require.Eventually(t, func() bool {
				mu.Lock()
				defer mu.Unlock()
				return received >= wanted
			}, 30*time.Second, 10*time.Millisecond, "%d records", received)
			require.Empty(t, other, "every record has the bytes that were written")
			require.Zero(t, source.Stats().Lost)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			require.NoError(t, source.Close(ctx))
		})
	}
}

func TestARealConfigurationMapTakesTheSettingsAndGetsTheFormerOnesBack(t *testing.T) {
	requireEBPF(t)
	newMap(t, configPin, &ebpf.MapSpec{Type: ebpf.WindowsArray, Name: "cilium_obs", KeySize: 4, ValueSize: 4, MaxEntries: 2})
	m, err := obsconfig.Open(configPin)
	require.NoError(t, err)
	defer m.Close()
	read := func() []byte {
		value := make([]byte, 4)
		require.NoError(t, m.Lookup(0, value))
		return value
	}
	before := read()
	applied, err := obsconfig.Apply(m, obsconfig.Layout{Preset: obsconfig.PresetBitmask}, obsconfig.Settings{Level: obsconfig.LevelMedium})
	require.NoError(t, err)
	require.Equal(t, []byte{2, 0, 0, 0}, read(), "drops")
	require.NoError(t, applied.Restore())
	require.Equal(t, before, read())
}

func TestTheRealPinsAreListed(t *testing.T) {
	requireEBPF(t)
	newMap(t, configPin, &ebpf.MapSpec{Type: ebpf.WindowsArray, Name: "cilium_obs", KeySize: 4, ValueSize: 4, MaxEntries: 2})
	pins, err := pinned.List()
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(pins, func(p pinned.Pin) bool {
		return p.Kind == "map" && pinned.Canonical(p.Path) == pinned.Canonical(configPin)
	}), "%v", pins)
}

func TestAMissingRealPinIsReportedAsMissing(t *testing.T) {
	requireEBPF(t)
	_, err := pinned.Open("/ebpf/global/winnet_no_such_pin")
	require.ErrorIs(t, err, os.ErrNotExist)
}
