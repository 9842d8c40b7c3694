// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rival

import (
	"container/list"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/elastic/go-freelru"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// key is as long as a connection's. The rivals need keys of one length, or an allocation for each.
type key [40]byte

// store keeps events by key, a number of them at most: the oldest makes room for a new one.
type store interface {
	// add counts an event with the one that is kept under its key, or keeps it.
	add(k *key, data []byte, at int64)
	// count gives how many events the one stands for that is kept under a key, 0 where none is.
	count(k *key) int64
}

// entry is what the rivals keep of an event: what hold.Entry has for its users.
type entry struct {
	received, first, last, count int64
	_                            hold.Mark // Mark
	_, _                         int64     // Sum, Begun
	_                            uint16    // Tag
	data                         []byte    // used again for the next event of the entry
}

func (e *entry) begin(data []byte, at int64) {
	*e = entry{received: at, first: at, last: at, count: 1, data: append(e.data[:0], data...)}
}

func (e *entry) merge(at int64) {
	e.count++
	e.last = at
}

type ours struct{ *hold.Store }

func newOurs(live, bytes int) store { return ours{hold.New(live, bytes+1<<20)} }

func (s ours) add(k *key, data []byte, at int64) {
	if e := s.Get(k[:]); e != nil {
		e.Count++
		e.Last = at
		return
	}
	for s.Full(len(data)) {
		s.Drop(s.Oldest())
	}
	s.Put(k[:], data, at, at)
}

func (s ours) count(k *key) int64 {
	if e := s.Get(k[:]); e != nil {
		return e.Count
	}
	return 0
}

// lru is go-freelru. Its values are pointers since they change, and what it evicts is used again, so that it allocates nothing.
type lru struct {
	*freelru.LRU[key, *entry]
	gone *entry
}

func newLRU(live, _ int) store {
	seed := maphash.MakeSeed()
	l, err := freelru.New[key, *entry](uint32(live), func(k key) uint32 { return uint32(maphash.Bytes(seed, k[:])) })
	if err != nil {
		panic(err)
	}
	s := &lru{LRU: l}
	l.SetOnEvict(func(_ key, e *entry) { s.gone = e })
	return s
}

func (s *lru) add(k *key, data []byte, at int64) {
	if e, ok := s.Peek(*k); ok {
		e.merge(at)
		return
	}
	e := s.gone
	if s.gone = nil; e == nil {
		e = &entry{}
	}
	e.begin(data, at)
	s.Add(*k, e)
}

func (s *lru) count(k *key) int64 {
	if e, ok := s.Peek(*k); ok {
		return e.count
	}
	return 0
}

// listed is an entry of a goMap and its key.
type listed struct {
	entry
	key key
}

// goMap is a map with a list and a mutex. The oldest element is used again, so that it allocates nothing once it is full.
type goMap struct {
	mu    sync.Mutex
	live  int
	byKey map[key]*list.Element
	order *list.List // the oldest first
}

func newGoMap(live, _ int) store {
	return &goMap{live: live, byKey: map[key]*list.Element{}, order: list.New()}
}

func (s *goMap) add(k *key, data []byte, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if el := s.byKey[*k]; el != nil {
		el.Value.(*listed).merge(at)
		return
	}
	var el *list.Element
	if len(s.byKey) < s.live {
		el = s.order.PushBack(&listed{})
	} else {
		el = s.order.Front()
		delete(s.byKey, el.Value.(*listed).key)
		s.order.MoveToBack(el)
	}
	e := el.Value.(*listed)
	e.begin(data, at)
	e.key = *k
	s.byKey[*k] = el
}

func (s *goMap) count(k *key) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if el := s.byKey[*k]; el != nil {
		return el.Value.(*listed).count
	}
	return 0
}

var stores = []struct {
	name string
	make func(live, bytes int) store
}{{"ours", newOurs}, {"freelru", newLRU}, {"gomap", newGoMap}}

// stream makes the events of a benchmark: their keys are drawn from five for each four that are kept.
type stream struct {
	keys   uint32
	random *rand.Rand
	key    key
	at     int64
}

func newStream(live int) *stream {
	return &stream{keys: uint32(live + live/4), random: rand.New(rand.NewPCG(1, 2))}
}

func (s *stream) next() *key {
	s.at++
	binary.LittleEndian.PutUint64(s.key[:], uint64(s.random.Uint32N(s.keys))*0x9E3779B97F4A7C15)
	return &s.key
}

func TestTheRivalsKeepTheSame(t *testing.T) {
	const live = 1000
	var counts [][]int64
	for _, s := range stores {
		kept, events := s.make(live, live*250), newStream(live)
		for range 20 * live {
			kept.add(events.next(), make([]byte, 250), events.at)
		}
		var of []int64
		for n := range uint64(events.keys) {
			binary.LittleEndian.PutUint64(events.key[:], n*0x9E3779B97F4A7C15)
			of = append(of, kept.count(&events.key))
		}
		counts = append(counts, of)
	}
	require.Equal(t, counts[0], counts[1])
	require.Equal(t, counts[0], counts[2])
}

// BenchmarkHold is the cost of an event that is kept, or counted with one that is: data=0 as for connections, of which most events
// are only counted, data=250 as for DNS. cpu-ns/op is the processor time, B/key the heap that an event kept takes, gc-cpu-ms the
// processor time of a garbage collection.
func BenchmarkHold(b *testing.B) {
	for _, live := range []int{1_000, 100_000, 1_000_000} {
		for _, size := range []int{0, 250} {
			for _, s := range stores {
				b.Run(fmt.Sprintf("keys=%d/data=%d/%s", live, size, s.name), func(b *testing.B) {
					before, _ := heap()
					kept, events, data := s.make(live, live*size), newStream(live), make([]byte, size)
					for range 6 * live {
						kept.add(events.next(), data, events.at)
					}
					after, collection := heap()
					b.ReportAllocs()
					begun := processorTime()
					for b.Loop() {
						kept.add(events.next(), data, events.at)
					}
					b.ReportMetric(float64(processorTime()-begun)/float64(b.N), "cpu-ns/op")
					b.ReportMetric(float64(after-before)/float64(live), "B/key")
					b.ReportMetric(float64(collection.Microseconds())/1000, "gc-cpu-ms")
				})
			}
		}
	}
}

// heap gives the memory in use, in bytes, and the processor time that it takes to find out what is: the shortest of a few times.
func heap() (bytes uint64, collection time.Duration) {
	collection = time.Hour
	for range 5 {
		begun := processorTime()
		runtime.GC()
		collection = min(collection, processorTime()-begun)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, collection
}

// processorTime is what the process has used until now, user and system.
func processorTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
