// SPDX-License-Identifier: Apache-2.0

package uid

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func makerOf(host string) *Maker {
	m := NewMaker("etw")
	m.SetHost(host)
	return m
}

// event is the n-th of some bytes, each with a time of its own.
func event(n, size int) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, uint64(n)), make([]byte, size)...)
}

func all(m *Maker, events [][]byte) (ids []string) {
	for _, raw := range events {
		ids = append(ids, string(m.Of(raw).Append(nil)))
	}
	return ids
}

func TestTheSameEventsHaveTheSameIdentifiers(t *testing.T) {
	var events [][]byte
	for i := range 3000 {
		events = append(events, event(i/2, i%2*200)) // two of each time
	}
	first := all(makerOf("dc1"), events)
	require.Equal(t, first, all(makerOf("dc1"), events), "another process")
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(first))), len(first))
	require.Equal(t, first[1500:], all(makerOf("dc1"), events[1500:]), "a restart in the middle")
	for _, id := range first {
		require.Regexp(t, "^[0-9a-f]{32}$", id)
	}
	require.NotContains(t, first, all(makerOf("dc2"), events[:1])[0], "another host")
	other := NewMaker("cilium")
	other.SetHost("dc1")
	require.NotContains(t, first, all(other, events[:1])[0], "another source")
}

// Identifiers are stored for years: they are the same in each version of the program, on each kind of processor.
func TestAnIdentifierNeverChanges(t *testing.T) {
	require.Equal(t, []string{"645409f2a9bebe50eaaad2e2966bb582", "645409f2a9bebe5088e24c9c15b63197"}, all(makerOf("dc1.corp.example.com"), [][]byte{event(7, 100), event(7, 100)}))
	require.Equal(t, []string{"00db096f3e1cc5085e0170d2cb55d949"}, all(makerOf("dc1.corp.example.com"), [][]byte{event(7, 1000)}))
}

// 1,000 events of one time, of which each comes three times, in the order of three processors' buffers.
func TestEqualEventsOfOneTimeHaveIdentifiersOfTheirOwn(t *testing.T) {
	var events [][]byte
	for range 3 {
		for i := range 1000 {
			events = append(events, event(i, 64))
		}
	}
	m := makerOf("dc1")
	ids := all(m, events)
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(ids))), 3000)
	m.Forget()
	require.Equal(t, ids, all(m, events), "the next recording has the same events")
}

func TestEventsWithoutATimeAreToldApartByTheirPosition(t *testing.T) {
	m := makerOf("dc1")
	first, second := m.At(event(0, 64), 1), m.At(event(0, 64), 30_001)
	require.NotEqual(t, first, second)
	m = makerOf("dc1")
	require.Equal(t, second, m.At(event(0, 64), 30_001))
	require.NotEqual(t, first, m.At(event(1, 64), 1))
}

func TestIdentifiersCostNoAllocation(t *testing.T) {
	m, raw, text := makerOf("dc1"), event(1, 300), make([]byte, 0, Size)
	require.Zero(t, testing.AllocsPerRun(100, func() { text = m.Of(raw).Append(text[:0]) }))
	require.Len(t, text, Size)
}

func BenchmarkOf(b *testing.B) {
	for _, size := range []int{120, 300, 1500} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			m, raw, text := makerOf("dc1"), event(1, size), make([]byte, 0, Size)
			b.ReportAllocs()
			for i := range b.N {
				binary.LittleEndian.PutUint64(raw, uint64(i))
				text = m.Of(raw).Append(text[:0])
			}
		})
	}
}

func TestTheTextIsHexadecimal(t *testing.T) {
	var id ID
	for i := range 256 {
		for k := range id {
			id[k] = byte(i + k*17)
		}
		require.Equal(t, hex.EncodeToString(id[:]), string(id.Append(nil)))
	}
}

func TestWhatAnEventNeedsLiesInOneCacheLine(t *testing.T) {
	const line = 64
	require.EqualValues(t, line, unsafe.Sizeof(bucket{}))
	require.EqualValues(t, MaxMemory, unsafe.Sizeof(Maker{}.seen))
	for range 10 {
		m := makerOf("dc1")
		for n := range 100 {
			require.Zero(t, uintptr(m.Memory(HashOf(event(n, 10))))%line)
		}
	}
}
