// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// model is the obvious store, a list. The hashes of keys differ in few bits, so that nearly all collide.
type model struct {
	t        testing.TB
	store    *Store
	hashBits int
	kept     []kept
}

type kept struct {
	key, data string
	hidden    bool
	at        int64
}

func newModel(t testing.TB, hashBits int) *model {
	m := &model{t: t, store: New(300, 4*segmentSize), hashBits: hashBits}
	m.store.order.first, m.store.order.next = math.MaxUint32-100, math.MaxUint32-100 // so that the numbers wrap around
	return m
}

// hash returns hashes that differ in few bits of the home, the slot and the tag.
func (m *model) hash(key string) uint64 {
	h := uint64(0)
	for _, c := range []byte(key) {
		h = h*31 + uint64(c)
	}
	h &= 1<<m.hashBits - 1
	return h<<60 | h<<32 | h&1
}

func (m *model) find(key string) int {
	for i := len(m.kept) - 1; i >= 0; i-- {
		if m.kept[i].key == key && !m.kept[i].hidden {
			return i
		}
	}
	return -1
}

// step does one operation on both, and compares them.
func (m *model) step(op, key byte, size int) {
	s := m.store
	name := fmt.Sprint("key ", key)
	if key%3 == 0 {
		name += strings.Repeat(" that is long", 5)
	}
	hash, i := m.hash(name), m.find(name)
	e := s.Find(hash, []byte(name))
	require.Equal(m.t, i < 0, e == nil)
	data := fmt.Sprint(op, strings.Repeat("x", size))
	switch {
	case op%16 == 13 && e != nil:
		s.Renew(e)
		m.kept = append(append(m.kept[:i:i], m.kept[i+1:]...), m.kept[i])
		m.same(e, m.kept[len(m.kept)-1])
	case op%4 == 0 && e != nil:
		m.same(e, m.kept[i])
		s.Drop(e)
		m.kept = append(m.kept[:i], m.kept[i+1:]...)
	case op%4 == 1 && e != nil:
		s.SetData(e, []byte(data))
		m.kept[i].data = data
		m.same(e, m.kept[i])
	case op%4 == 2 && len(m.kept) > 0:
		m.dropOldest()
	default:
		for s.Full(len(name) + len(data)) {
			m.dropOldest()
		}
		if i := m.find(name); i >= 0 {
			m.kept[i].hidden = true
		}
		m.kept = append(m.kept, kept{name, data, false, int64(op)})
		m.same(s.PutHash(hash, []byte(name), []byte(data), 7, int64(op)), m.kept[len(m.kept)-1])
	}
	require.Equal(m.t, len(m.kept), s.Len())
}

func (m *model) dropOldest() {
	e := m.store.Oldest()
	m.same(e, m.kept[0])
	m.store.Drop(e)
	m.kept = m.kept[1:]
}

func (m *model) same(e *Entry, k kept) {
	require.Equal(m.t, k.key, string(m.store.Key(e)))
	require.Equal(m.t, k.data, string(m.store.Data(e)))
	require.Equal(m.t, k.at, e.First)
}

// end drops all events, and checks that nothing is left.
func (m *model) end() {
	for len(m.kept) > 0 {
		m.dropOldest()
	}
	s := m.store
	require.Nil(m.t, s.Oldest())
	require.Zero(m.t, s.order.span())
	for _, g := range s.table.groups {
		require.Zero(m.t, g.tags)
		for _, count := range g.passed {
			require.Contains(m.t, []uint8{0, math.MaxUint8}, count)
		}
	}
	for _, seg := range s.arena.segments {
		require.Zero(m.t, seg.users)
	}
}

func TestAStoreDoesWhatAListDoesHoweverTheHashesCollide(t *testing.T) {
	for _, hashBits := range []int{0, 1, 4} {
		m, r := newModel(t, hashBits), rand.New(rand.NewPCG(3, uint64(hashBits)))
		for range 20_000 {
			m.step(byte(r.UintN(256)), byte(r.UintN(256)), r.IntN(2000))
		}
		m.end()
	}
}

// FuzzStore compares a store with the list. Three bytes of the input are an operation.
func FuzzStore(f *testing.F) {
	f.Add([]byte("aaabbbcccaaaddd"))
	f.Add([]byte{3, 0, 0, 3, 0, 9, 2, 0, 0, 1, 0, 255, 0, 0, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		m := newModel(t, 2)
		for ; len(ops) >= 3; ops = ops[3:] {
			m.step(ops[0], ops[1], int(ops[2])*40)
		}
		m.end()
	})
}

func TestAFullStoreIsNoLargerThanItsBounds(t *testing.T) {
	for _, most := range []int{1, 100, 1000, 33_333} {
		s := New(most, segmentSize)
		for i := range 3 * most {
			for s.Full(0) {
				s.Drop(s.Oldest())
			}
			s.Put(fmt.Append(nil, i), nil, 0, 0)
		}
		require.Equal(t, most, s.Len())
		size := len(s.table.entries)*int(reflect.TypeFor[Entry]().Size()) +
			len(s.table.groups)*int(reflect.TypeFor[group]().Size()) + len(s.order.slots)*4
		require.LessOrEqual(t, size, (most+2*spare)*EntrySize)
		require.NotNil(t, s.Get(fmt.Append(nil, 3*most-1)))
		require.Equal(t, fmt.Sprint(2*most), string(s.Key(s.Oldest())))
	}
}

func TestSearchesStayShortInAStoreThatHasLongBeenFull(t *testing.T) {
	const most = 10_000
	s, key := New(most, segmentSize), make([]byte, 8)
	for i := range uint64(50 * most) {
		for s.Full(0) {
			s.Drop(s.Oldest())
		}
		binary.LittleEndian.PutUint64(key, i)
		s.Put(key, nil, 0, 0)
	}
	var further, r = 0, rand.New(rand.NewPCG(1, 2))
	for range most {
		hash := r.Uint32()
		for g := s.table.home(hash); *s.table.count(g, hash) > 0; g = s.table.after(g, hash) {
			further++
		}
	}
	require.Less(t, further, most/2, "groups that a search looks at beyond the first")
}

func TestAStoreThatIsFilledBeyondItsBoundGrows(t *testing.T) {
	s := New(10, segmentSize)
	for i := range 1000 {
		s.Put(fmt.Append(nil, i), nil, 0, int64(i))
	}
	for i := range 1000 {
		require.Equal(t, int64(i), s.Get(fmt.Append(nil, i)).First)
	}
}

func TestAnEntryTakesTwoCacheLinesAndHasNoPointers(t *testing.T) {
	entry := reflect.TypeFor[Entry]()
	require.Equal(t, uintptr(128), entry.Size())
	for _, f := range append(reflect.VisibleFields(entry), reflect.VisibleFields(reflect.TypeFor[span]())...) {
		require.NotContains(t, []reflect.Kind{reflect.Pointer, reflect.Slice, reflect.String, reflect.Map, reflect.Interface}, f.Type.Kind(), f.Name)
	}
}

func TestAStoreAllocatesNothingOnceItIsFull(t *testing.T) {
	s, key, data := New(1000, 1<<20), make([]byte, 60), make([]byte, 300)
	i := uint32(0)
	event := func() {
		for s.Full(len(key) + len(data)) {
			s.Drop(s.Oldest())
		}
		i++
		binary.LittleEndian.PutUint32(key, i%5000)
		s.Put(key, data, 0, 0)
	}
	for range 10_000 {
		event()
	}
	require.Zero(t, testing.AllocsPerRun(10_000, event))
}
