// SPDX-License-Identifier: Apache-2.0

package names

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// filled is a store with pods, 50 to an identity, 30 to a node, and a service for each 20.
func filled(pods int) *Store {
	s := New(Options{Keep: 5 * time.Minute, MaxSize: 1 << 30})
	now := Listed(zero, 0)
	for i := range pods/50 + 1 {
		s.Apply(Identities, &Object{Key: fmt.Sprint(1000 + i), Identity: &Identity{Number: uint32(1000 + i), Labels: []string{
			fmt.Sprintf("k8s:app=application-%d", i), "k8s:app.kubernetes.io/part-of=shop", "k8s:io.cilium.k8s.policy.cluster=default",
			fmt.Sprintf("k8s:io.cilium.k8s.policy.serviceaccount=application-%d", i), fmt.Sprintf("k8s:io.kubernetes.pod.namespace=namespace-%d", i%100),
		}}}, now)
	}
	for i := range pods {
		o := &Object{Ends: []End{{
			Namespace: fmt.Sprintf("namespace-%d", i/50%100), Pod: fmt.Sprintf("application-%d-7d9f8c6b5-%05x", i/50, i), Identity: uint32(1000 + i/50),
			Workload:  flow.Workload{Kind: "Deployment", Name: fmt.Sprintf("application-%d", i/50)},
			Addresses: []netip.Addr{benchAddress(i)}, Host: netip.AddrFrom4([4]byte{192, 168, byte(i / 30 >> 8), byte(i / 30)}), Since: zero - second,
		}}}
		o.Key = o.Ends[0].Namespace + "/" + o.Ends[0].Pod
		s.Apply(Endpoints, o, now)
	}
	for i := range pods / 20 {
		address := benchAddress(i)
		b := address.As4()
		b[0] = 172
		o := &Object{Key: fmt.Sprintf("namespace-%d/service-%d", i%100, i), Service: flow.Service{Namespace: fmt.Sprintf("namespace-%d", i%100), Name: fmt.Sprintf("service-%d", i)}}
		o.Frontends = []Frontend{{netip.AddrFrom4(b), 80, flow.L4TCP}, {netip.AddrFrom4(b), 443, flow.L4TCP}}
		s.Apply(Services, o, now)
	}
	return s
}

func benchAddress(i int) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 10<<24|uint32(i))
	return netip.AddrFrom4(b)
}

// BenchmarkLookup looks up pods of a cluster of 100,000. One operation is one look-up. A node's flows have 4,096 addresses; 256, of few, stay in the
// processor's cache; of all, they are 65,536, and most look-ups then wait for memory.
func BenchmarkLookup(b *testing.B) {
	const pods = 100_000
	s := filled(pods)
	addresses := make([]netip.Addr, 1<<16)
	for i := range addresses {
		addresses[i] = benchAddress(i * 7919 % pods)
	}
	const few, node = 1<<8 - 1, 1<<12 - 1
	for _, bench := range []struct {
		name string
		one  func(i int) bool
	}{
		{"owner", func(i int) bool { return s.Endpoint(addresses[i&node], 0, zero) != nil }},
		{"owner-of-few", func(i int) bool { return s.Endpoint(addresses[i&few], 0, zero) != nil }},
		{"owner-with-identity", func(i int) bool { i &= node; return s.Endpoint(addresses[i], uint32(1000+i*7919%pods/50), zero) != nil }},
		{"owner-of-all", func(i int) bool { return s.Endpoint(addresses[i], 0, zero) != nil }},
		{"identity-alone", func(i int) bool {
			i &= node
			return s.Endpoint(addresses[i], uint32(1000+(i+50)*7919%pods/50), zero) != nil
		}},
		{"nobody", func(i int) bool {
			return s.Endpoint(netip.AddrFrom4([4]byte{8, 8, byte(i >> 8), byte(i)}), 0, zero) == nil
		}},
		{"no-service", func(i int) bool { return s.Service(addresses[i&node], 443, flow.L4TCP, zero) == nil }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for i := range addresses {
				bench.one(i)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if !bench.one(i) {
					b.Fatal(i)
				}
				i = (i + 1) & (len(addresses) - 1)
			}
		})
	}
}

// BenchmarkMemory measures what 1,000 pods take of a cluster of 100,000, with their identities and services: before any of them was looked up, and when
// all were. The estimate is what the metric says.
func BenchmarkMemory(b *testing.B) {
	const pods = 100_000
	for b.Loop() {
		before := heapSize()
		s := filled(pods)
		unseen := heapSize() - before
		for i := range pods {
			if s.Endpoint(benchAddress(i), 0, zero) == nil {
				b.Fatal(i)
			}
		}
		seen := heapSize() - before
		b.ReportMetric(float64(unseen)/(pods/1000), "B/1000pods-unseen")
		b.ReportMetric(float64(seen)/(pods/1000), "B/1000pods")
		b.ReportMetric(float64(s.Account().Size)/(pods/1000), "B/1000pods-estimated")
	}
}

func heapSize() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkChange replaces a pod that has an address by another one.
func BenchmarkChange(b *testing.B) {
	s := filled(100_000)
	i, now := 0, zero
	names := [2]string{strings.Repeat("a", 30), strings.Repeat("b", 30)}
	b.ReportAllocs()
	for b.Loop() {
		i++
		now += int64(time.Millisecond)
		for n := range 2 {
			o := &Object{Key: "n/" + names[n], Ends: []End{{Namespace: "n", Pod: names[n], Identity: 1000, Addresses: []netip.Addr{benchAddress(200_000)}}}}
			s.Apply(Endpoints, o, Watched(now))
			s.Delete(Endpoints, o.Key, now)
		}
		if i%1000 == 0 {
			s.Sweep(now)
		}
	}
}
