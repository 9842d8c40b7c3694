// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEventsAreFoundByTheirKeyAndLeaveInOrder(t *testing.T) {
	s := New(100, 1<<20)
	for i := range 10 {
		require.Nil(t, s.Get(fmt.Appendf(nil, "key %d", i)))
		s.Put(fmt.Appendf(nil, "key %d", i), fmt.Appendf(nil, "data %d", i), int64(1000+i), int64(i))
	}
	e := s.Get([]byte("key 7"))
	e.Count++
	e.Last = 99
	for i := range 10 {
		e := s.Oldest()
		require.Equal(t, fmt.Sprintf("key %d", i), string(s.Key(e)))
		require.Equal(t, fmt.Sprintf("data %d", i), string(s.Data(e)))
		require.Equal(t, int64(1000+i), e.Received)
		require.Equal(t, int64(i), e.First)
		if i == 7 {
			require.Equal(t, int64(2), e.Count)
			require.Equal(t, int64(99), e.Last)
		}
		s.Drop(e)
	}
	require.Nil(t, s.Oldest())
	require.Zero(t, s.Len())
}

func TestAnEntryMayGoBeforeItIsTheOldest(t *testing.T) {
	s := New(100, 1<<20)
	for _, key := range []string{"a", "b", "c"} {
		s.Put([]byte(key), nil, 0, 0)
	}
	s.Drop(s.Get([]byte("b")))
	require.Nil(t, s.Get([]byte("b")))
	require.Equal(t, 2, s.Len())
	s.Drop(s.Oldest())
	require.Equal(t, "c", string(s.Key(s.Oldest())))
	s.Put([]byte("b"), []byte("again"), 0, 0)
	require.Equal(t, "again", string(s.Data(s.Get([]byte("b")))))
}

func TestTheNewestEntryUnderAKeyIsTheOneFound(t *testing.T) {
	s := New(100, 1<<20)
	s.Put([]byte("a"), []byte("1"), 0, 0)
	s.Put([]byte("a"), []byte("2"), 0, 0)
	require.Equal(t, "2", string(s.Data(s.Get([]byte("a")))))
	require.Equal(t, "1", string(s.Data(s.Oldest())))
	s.Drop(s.Oldest())
	require.Equal(t, "2", string(s.Data(s.Get([]byte("a")))))
	s.Drop(s.Oldest())
	require.Nil(t, s.Get([]byte("a")))
}

func TestAStoreIsFullByNumberAndByBytes(t *testing.T) {
	s := New(2, 1<<20)
	require.False(t, s.Full(10))
	s.Put([]byte("a"), nil, 0, 0)
	require.False(t, s.Full(10))
	s.Put([]byte("b"), nil, 0, 0)
	require.True(t, s.Full(10))
	s.Drop(s.Oldest())
	require.False(t, s.Full(10))

	const limit = 4 * segmentSize
	s = New(1<<20, limit)
	data := make([]byte, 1000)
	n := 0
	for ; !s.Full(len(data) + 4); n++ {
		s.Put(binary.BigEndian.AppendUint32(nil, uint32(n)), data, 0, 0)
		require.LessOrEqual(t, s.arena.bytes, limit)
	}
	require.Greater(t, n, limit/(len(data)+4)-10, "nearly all of the memory is used")
	s.Drop(s.Oldest())
	for s.Full(len(data) + 4) {
		s.Drop(s.Oldest())
	}
	s.Put([]byte("next"), data, 0, 0)
	require.NotNil(t, s.Get([]byte("next")))
}

func TestAnEventLargerThanASegmentIsKept(t *testing.T) {
	s := New(10, 1)
	require.False(t, s.Full(3*segmentSize), "an empty store takes any event")
	s.Put([]byte("k"), make([]byte, 3*segmentSize), 0, 0)
	require.True(t, s.Full(segmentSize))
	require.Len(t, s.Data(s.Get([]byte("k"))), 3*segmentSize)
	s.Drop(s.Oldest())
	require.False(t, s.Full(segmentSize))
	s.Put([]byte("k"), []byte("x"), 0, 0)
	require.Equal(t, "x", string(s.Data(s.Get([]byte("k")))))
}

// TestAStoreDoesWhatAMapAndAListDo compares the store with the obvious implementation, by random operations.
func TestAStoreDoesWhatAMapAndAListDo(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	s := New(500, 8*segmentSize)
	want := map[string]string{}
	var order []string
	remove := func(key string) {
		delete(want, key)
		for i, k := range order {
			if k == key {
				order = append(order[:i], order[i+1:]...)
				break
			}
		}
	}
	for i := range 50_000 {
		key := fmt.Sprint(rnd.IntN(800))
		switch e := s.Get([]byte(key)); {
		case e != nil && rnd.IntN(3) == 0:
			require.Equal(t, want[key], string(s.Data(e)))
			s.Drop(e)
			remove(key)
		case e != nil:
			require.Equal(t, want[key], string(s.Data(e)))
			if data := fmt.Sprint(i, string(make([]byte, rnd.IntN(2000)))); !s.Full(len(key) + len(data)) {
				s.SetData(e, []byte(data))
				require.Equal(t, data, string(s.Data(e)))
				require.Equal(t, key, string(s.Key(e)))
				want[key] = data
			}
		default:
			require.NotContains(t, want, key)
			data := fmt.Sprint(i, string(make([]byte, rnd.IntN(2000))))
			for s.Full(len(key) + len(data)) {
				oldest := s.Oldest()
				require.Equal(t, order[0], string(s.Key(oldest)))
				s.Drop(oldest)
				remove(order[0])
			}
			s.Put([]byte(key), []byte(data), 0, 0)
			want[key] = data
			order = append(order, key)
		}
		require.Equal(t, len(order), s.Len())
		require.LessOrEqual(t, s.arena.bytes, 8*segmentSize)
	}
	for len(order) > 0 {
		require.Equal(t, want[order[0]], string(s.Data(s.Oldest())))
		s.Drop(s.Oldest())
		remove(order[0])
	}
	require.Zero(t, s.Len())
}

func BenchmarkStore(b *testing.B) {
	for _, live := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(live), func(b *testing.B) {
			s := New(live, live*400)
			key, data := make([]byte, 60), make([]byte, 250)
			i := uint64(0)
			event := func() {
				binary.LittleEndian.PutUint64(key, i*0x9E3779B97F4A7C15)
				if s.Get(key) == nil {
					for s.Full(len(key) + len(data)) {
						s.Drop(s.Oldest())
					}
					s.Put(key, data, 0, 0)
				}
				i++
			}
			for range live {
				event()
			}
			b.ReportAllocs()
			for b.Loop() {
				event()
			}
		})
	}
}
