// SPDX-License-Identifier: Apache-2.0

package names

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

const second = int64(time.Second)

// zero is the time that the tests count seconds from.
var zero = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano()

func seconds(n float64) int64 { return zero + int64(n*float64(second)) }

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func newStore() *Store { return New(Options{Keep: 5 * time.Minute, MaxSize: 64 << 20}) }

// pod is a pod with an identity, as CiliumEndpoint says it.
func pod(name string, identity uint32, addresses ...string) *Object {
	e := End{Namespace: "shop", Pod: name, Identity: identity}
	for _, a := range addresses {
		e.Addresses = append(e.Addresses, ip(a))
	}
	return &Object{Key: "shop/" + name, Ends: []End{e}}
}

func label(number uint32, labels ...string) *Object {
	return &Object{Key: "n", Identity: &Identity{Number: number, Labels: labels}}
}

// named is the pod that a look-up finds; "" for no endpoint.
func named(s *Store, address string, identity uint32, at int64) string {
	e := s.Endpoint(ip(address), identity, at)
	switch {
	case e == nil:
		return ""
	case e.PodName == "":
		return "no pod"
	}
	return e.Namespace + "/" + e.PodName
}

func TestAnAddressThatIsUsedAgainHasTheOwnerOfTheEventsTime(t *testing.T) {
	s := newStore()
	s.Apply(Endpoints, pod("a", 0, "10.0.0.1"), Watched(seconds(10)))
	s.Delete(Endpoints, "shop/a", seconds(20))
	s.Apply(Endpoints, pod("b", 0, "10.0.0.1"), Watched(seconds(30)))
	for at, want := range map[float64]string{5: "", 9: "shop/a", 10: "shop/a", 19.999: "shop/a", 20: "", 25: "", 28: "shop/b", 30: "shop/b", 1e6: "shop/b"} {
		require.Equal(t, want, named(s, "10.0.0.1", 0, seconds(at)), "%v s", at)
	}
	require.Equal(t, [outcomes]int64{3, 3, 0, 3}, s.Account().Lookups)
}

func TestAnOwnerWhoseEndWasNotSeenEndsWithTheNextOne(t *testing.T) {
	s := newStore()
	s.Apply(Endpoints, pod("a", 0, "10.0.0.1"), Watched(seconds(10)))
	s.Apply(Endpoints, pod("b", 0, "10.0.0.1"), Watched(seconds(30)))
	s.Delete(Endpoints, "shop/a", seconds(31))
	require.Equal(t, "shop/a", named(s, "10.0.0.1", 0, seconds(29.9)))
	require.Equal(t, "shop/b", named(s, "10.0.0.1", 0, seconds(30)))
	require.Equal(t, "shop/b", named(s, "10.0.0.1", 0, seconds(40)))
}

func TestTheEventsIdentityWinsOverTheAddress(t *testing.T) {
	s := newStore()
	s.Apply(Identities, label(1001, "k8s:app=a", "k8s:io.cilium.k8s.policy.cluster=east", "k8s:io.kubernetes.pod.namespace=shop"), Watched(seconds(0)))
	s.Apply(Endpoints, pod("a", 1001, "10.0.0.1"), Watched(seconds(10)))
	s.Apply(Endpoints, pod("b", 1002, "10.0.0.1"), Watched(seconds(30)))

	require.Equal(t, "shop/a", named(s, "10.0.0.1", 1001, seconds(31)), "the owner before has the event's identity")
	require.Equal(t, "shop/b", named(s, "10.0.0.1", 1002, seconds(29)))
	e := s.Endpoint(ip("10.0.0.2"), 1001, seconds(31))
	require.Equal(t, &flow.Endpoint{Identity: 1001, ClusterName: "east", Namespace: "shop", Labels: []string{"k8s:app=a", "k8s:io.cilium.k8s.policy.cluster=east", "k8s:io.kubernetes.pod.namespace=shop"}}, e)

	s.Apply(Endpoints, pod("c", 1003, "10.0.0.3"), Watched(seconds(10)))
	require.Equal(t, "no pod", named(s, "10.0.0.3", 1001, seconds(31)), "labels of the event's identity alone")
	require.Equal(t, "", named(s, "10.0.0.3", 1009, seconds(31)), "nothing is known of the event's identity")
	require.Equal(t, "no pod", named(s, "10.0.0.3", 2, seconds(31)), "the world has no pod")
	require.Equal(t, [winners]int64{2, 2, 1}, s.Account().Conflicts)
	require.Equal(t, [outcomes]int64{0, 2, 3, 1}, s.Account().Lookups)
}

func TestANodesAddressHasNoPod(t *testing.T) {
	s := newStore()
	node := func(name, address string, local bool) *Object {
		return &Object{Key: name, Ends: []End{{Node: true, Pod: name, Local: local, Addresses: []netip.Addr{ip(address)}}}}
	}
	s.Replace(Nodes, []*Object{node("win1", "192.168.0.1", true), node("win2", "192.168.0.2", false)}, Listed(seconds(0), 0))
	e := s.Endpoint(ip("192.168.0.1"), 0, seconds(1))
	require.Equal(t, flow.Endpoint{Identity: 1, Labels: []string{"reserved:host"}, Local: true}, *e)
	require.Equal(t, flow.Endpoint{Identity: 6, Labels: []string{"reserved:remote-node"}}, *s.Endpoint(ip("192.168.0.2"), 0, seconds(1)))
	require.Equal(t, flow.Endpoint{Identity: 7, Labels: []string{"reserved:kube-apiserver", "reserved:remote-node"}}, *s.Endpoint(ip("192.168.0.2"), 7, seconds(1)))

	// Pods are local by their node's address, whatever comes first.
	p := pod("a", 1001, "10.0.0.1")
	p.Ends[0].Host = ip("192.168.0.1")
	s.Apply(Endpoints, p, Watched(seconds(1)))
	require.True(t, s.Endpoint(ip("10.0.0.1"), 0, seconds(2)).Local)
	s.Apply(Nodes, node("win1", "192.168.0.9", true), Watched(seconds(3)))
	require.False(t, s.Endpoint(ip("10.0.0.1"), 0, seconds(4)).Local)
}

func TestLabelsOfAnIdentityMayComeAfterThePod(t *testing.T) {
	s := newStore()
	s.Apply(EndpointSlices, pod("a", 1001, "10.0.0.1"), Watched(seconds(10)))
	require.Empty(t, s.Endpoint(ip("10.0.0.1"), 0, seconds(11)).Labels)
	s.Apply(Identities, label(1001, "k8s:app=a"), Watched(seconds(12)))
	require.Equal(t, []string{"k8s:app=a"}, s.Endpoint(ip("10.0.0.1"), 0, seconds(13)).Labels)
}

func TestTheWorkloadOfAPodOfThisNodeMayComeAfterIt(t *testing.T) {
	s := newStore()
	s.Apply(Endpoints, pod("a", 1001, "10.0.0.1"), Watched(seconds(10)))
	require.Empty(t, s.Endpoint(ip("10.0.0.1"), 0, seconds(11)).Workloads)
	cart := flow.Workload{Kind: "Deployment", Name: "cart"}
	s.Apply(OwnPods, &Object{Key: "shop/a", Ends: []End{{Namespace: "shop", Pod: "a", Workload: cart}}}, Watched(seconds(12)))
	require.Equal(t, []flow.Workload{cart}, s.Endpoint(ip("10.0.0.1"), 0, seconds(13)).Workloads)
	s.Delete(OwnPods, "shop/a", seconds(14))
	require.Equal(t, []flow.Workload{cart}, s.Endpoint(ip("10.0.0.1"), 0, seconds(15)).Workloads, "its last flows")
}

func TestAListReplacesWhatWasThere(t *testing.T) {
	s := newStore()
	s.Replace(Pods, []*Object{pod("a", 0, "10.0.0.1"), pod("b", 0, "10.0.0.2", "fd00::2")}, Listed(seconds(0), 0))
	s.Replace(Pods, []*Object{pod("b", 0, "10.0.0.2", "fd00::2"), pod("c", 0, "10.0.0.3")}, Listed(seconds(100), seconds(50)))
	require.Equal(t, "shop/a", named(s, "10.0.0.1", 0, seconds(60)))
	require.Equal(t, "", named(s, "10.0.0.1", 0, seconds(101)))
	require.Equal(t, "shop/b", named(s, "fd00::2", 0, seconds(101)))
	require.Equal(t, "shop/b", named(s, "::ffff:10.0.0.2", 0, seconds(101)))
	require.Equal(t, "shop/c", named(s, "10.0.0.3", 0, seconds(101)))
	require.EqualValues(t, 2, s.Account().Objects[Pods])
}

func TestInAListThePodThatBeganLaterHasTheAddress(t *testing.T) {
	older, newer := pod("older", 0, "10.0.0.1"), pod("newer", 0, "10.0.0.1")
	older.Ends[0].Since, newer.Ends[0].Since = seconds(10), seconds(20)
	for _, list := range [][]*Object{{older, newer}, {newer, older}} {
		s := newStore()
		s.Replace(Pods, list, Listed(seconds(30), 0))
		require.Equal(t, "shop/newer", named(s, "10.0.0.1", 0, seconds(31)))
		require.Equal(t, "shop/older", named(s, "10.0.0.1", 0, seconds(15)))
		require.Equal(t, "", named(s, "10.0.0.1", 0, seconds(5)))
	}
}

// An API server's clock that is wrong by hours must not give a pod the flows of the pod before.
func TestATimeOfAnObjectThatIsFarFromItsArrivalIsNotBelieved(t *testing.T) {
	s := newStore()
	s.Apply(Pods, pod("a", 0, "10.0.0.1"), Watched(seconds(0)))
	past, future := pod("b", 0, "10.0.0.1"), pod("c", 0, "10.0.0.1")
	past.Ends[0].Since, future.Ends[0].Since = seconds(-7200), seconds(7200)
	s.Apply(Pods, past, Watched(seconds(100)))
	require.Equal(t, "shop/a", named(s, "10.0.0.1", 0, seconds(69)))
	s.Apply(Pods, future, Watched(seconds(200)))
	require.Equal(t, "shop/b", named(s, "10.0.0.1", 0, seconds(199)))
	require.Equal(t, "shop/c", named(s, "10.0.0.1", 0, seconds(200)))
}

// Kubernetes' times have whole seconds: of one in which both had the address, only the event's identity says whose it was.
func TestWithinTheSecondOfAChangeOnlyTheIdentitySaysWho(t *testing.T) {
	s := newStore()
	s.Apply(Endpoints, pod("a", 1001, "10.0.0.1"), Watched(seconds(0)))
	s.Delete(Endpoints, "shop/a", seconds(10.5))
	b := pod("b", 1002, "10.0.0.1")
	b.Ends[0].Since = seconds(10)
	s.Apply(Endpoints, b, Watched(seconds(10.7)))
	for at, want := range map[float64]string{9.9: "shop/a", 10.1: "", 10.4: "", 10.5: "shop/b", 11: "shop/b"} {
		require.Equal(t, want, named(s, "10.0.0.1", 0, seconds(at)), "%v s", at)
	}
	require.Equal(t, "shop/a", named(s, "10.0.0.1", 1001, seconds(10.1)))
	require.Equal(t, "shop/b", named(s, "10.0.0.1", 1002, seconds(10.1)))
}

// The clock of the node steps back by an hour between two changes.
func TestTheOrderOfChangesHoldsWhenTheClockStepsBack(t *testing.T) {
	s := newStore()
	s.Apply(Pods, pod("a", 0, "10.0.0.1"), Watched(seconds(3600)))
	s.Apply(Pods, pod("b", 0, "10.0.0.1"), Watched(seconds(10)))
	require.Equal(t, "shop/b", named(s, "10.0.0.1", 0, seconds(11)))
	require.Equal(t, "shop/b", named(s, "10.0.0.1", 0, seconds(4000)))
}

func TestAPodWhoseIdentityChangesHasBoth(t *testing.T) {
	s := newStore()
	s.Apply(Identities, &Object{Key: "1001", Identity: &Identity{Number: 1001, Labels: []string{"k8s:v=1"}}}, Watched(seconds(0)))
	s.Apply(Identities, &Object{Key: "1002", Identity: &Identity{Number: 1002, Labels: []string{"k8s:v=2"}}}, Watched(seconds(0)))
	s.Apply(Endpoints, pod("a", 1001, "10.0.0.1"), Watched(seconds(0)))
	s.Apply(Endpoints, pod("a", 1002, "10.0.0.1", "fd00::1"), Watched(seconds(10)))
	s.Apply(Endpoints, pod("a", 1002, "fd00::1"), Watched(seconds(20)))
	require.Equal(t, []string{"k8s:v=1"}, s.Endpoint(ip("10.0.0.1"), 0, seconds(9)).Labels)
	require.Equal(t, []string{"k8s:v=2"}, s.Endpoint(ip("10.0.0.1"), 0, seconds(11)).Labels)
	require.Equal(t, []string{"k8s:v=1"}, s.Endpoint(ip("10.0.0.1"), 1001, seconds(11)).Labels)
	require.Equal(t, "", named(s, "10.0.0.1", 0, seconds(21)), "it has this address no more")
	require.Equal(t, "shop/a", named(s, "fd00::1", 0, seconds(21)))
}

// A list of objects does not say which of two came last.
func TestOfTwoPodsWithAnAddressSinceTheSameTimeNeitherHasIt(t *testing.T) {
	end := func(pod string, identity uint32) *Object {
		return &Object{Key: "shop/" + pod, Ends: []End{{Namespace: "shop", Pod: pod, Identity: identity, Addresses: []netip.Addr{ip("10.0.0.1")}}}}
	}
	pod := func(s *Store, identity uint32, at int64) string {
		if e := s.Endpoint(ip("10.0.0.1"), identity, at); e != nil {
			return e.PodName
		}
		return ""
	}
	for _, a := range []Arrival{Recorded(), Listed(seconds(0), 0)} {
		s := New(Options{Keep: time.Hour, MaxSize: 1 << 20})
		s.Replace(Endpoints, []*Object{end("a", 1001), end("b", 1002), end("c", 1003)}, a)
		require.Empty(t, pod(s, 0, seconds(1)))
		require.Equal(t, "b", pod(s, 1002, seconds(1)), "the event's identity says which")
		s.Delete(Endpoints, "shop/a", seconds(10))
		require.Empty(t, pod(s, 0, seconds(11)))
		s.Delete(Endpoints, "shop/c", seconds(20))
		require.Equal(t, "b", pod(s, 0, seconds(21)), "only one is left")
		s.Delete(Endpoints, "shop/b", seconds(30))
		require.Empty(t, pod(s, 0, seconds(31)))
		require.Equal(t, "b", pod(s, 0, seconds(29)))
	}
	// Another one may have had the address meanwhile.
	again := New(Options{Keep: time.Hour, MaxSize: 1 << 20})
	again.Replace(Endpoints, []*Object{end("a", 1001), end("b", 1002)}, Listed(seconds(0), 0))
	again.Apply(Endpoints, end("c", 1003), Watched(seconds(10)))
	again.Delete(Endpoints, "shop/a", seconds(20))
	require.Equal(t, "c", pod(again, 0, seconds(21)))
	again.Delete(Endpoints, "shop/c", seconds(30))
	require.Equal(t, "c", pod(again, 0, seconds(29)))
	require.Equal(t, "b", pod(again, 0, seconds(40)))
	// The object of an endpoint and a slice name the same pod.
	s := New(Options{Keep: time.Hour, MaxSize: 1 << 20})
	s.Replace(Endpoints, []*Object{end("a", 1001)}, Recorded())
	s.Replace(EndpointSlices, []*Object{end("a", 1001)}, Recorded())
	require.Equal(t, "a", pod(s, 0, seconds(1)))
	// A watch says which came last.
	s = New(Options{Keep: time.Hour, MaxSize: 1 << 20})
	s.Apply(Endpoints, end("a", 1001), Watched(seconds(0)))
	s.Apply(Endpoints, end("b", 1002), Watched(seconds(0)))
	require.Equal(t, "b", pod(s, 0, seconds(5)))
}

func TestServicesAreFoundByAddressPortAndProtocol(t *testing.T) {
	s := newStore()
	dns := func(address string) *Object {
		return &Object{Key: "kube-system/dns", Service: flow.Service{Namespace: "kube-system", Name: "dns"}, Frontends: []Frontend{
			{ip(address), 53, flow.L4UDP}, {ip(address), 53, flow.L4UDP}, {ip(address), 53, flow.L4TCP},
		}}
	}
	s.Replace(Services, []*Object{dns("10.96.0.10")}, Listed(seconds(0), 0))
	require.Equal(t, &flow.Service{Namespace: "kube-system", Name: "dns"}, s.Service(ip("10.96.0.10"), 53, flow.L4UDP, seconds(1)))
	require.Nil(t, s.Service(ip("10.96.0.10"), 53, flow.L4SCTP, seconds(1)))
	require.Nil(t, s.Service(ip("10.96.0.10"), 54, flow.L4UDP, seconds(1)))
	s.Apply(Services, dns("10.96.0.11"), Watched(seconds(10)))
	require.NotNil(t, s.Service(ip("10.96.0.10"), 53, flow.L4UDP, seconds(9)))
	require.Nil(t, s.Service(ip("10.96.0.10"), 53, flow.L4UDP, seconds(10)))
	require.NotNil(t, s.Service(ip("10.96.0.11"), 53, flow.L4TCP, seconds(10)))
	s.Delete(Services, "kube-system/dns", seconds(20))
	require.Nil(t, s.Service(ip("10.96.0.11"), 53, flow.L4TCP, seconds(20)))
	require.EqualValues(t, 3, s.Account().Services)
}

func TestOwnersBeforeAreForgottenAfterAWhileAndNothingIsLeft(t *testing.T) {
	s := newStore()
	for i := range 1000 {
		now := seconds(float64(i))
		s.Apply(Identities, &Object{Key: "1001", Identity: &Identity{Number: 1001, Labels: []string{"k8s:app=a"}}}, Watched(now))
		s.Apply(Endpoints, pod("a", 1001, "10.0.0.1", "fd00::1"), Watched(now))
		s.Apply(Endpoints, pod("b", 0, "10.0.0.2"), Watched(now))
		s.Apply(Pods, &Object{Key: "shop/c", Ends: []End{{Namespace: "shop", Pod: "c", Labels: []string{"k8s:app=c"}, Addresses: []netip.Addr{ip("10.0.0.3")}}}}, Watched(now))
		s.Apply(Services, &Object{Key: "s", Frontends: []Frontend{{ip("10.96.0.1"), 80, flow.L4TCP}}}, Watched(now))
		for kind, key := range map[Kind]string{Identities: "1001", Endpoints: "shop/a", Pods: "shop/c", Services: "s"} {
			s.Delete(kind, key, now)
		}
		s.Delete(Endpoints, "shop/b", now)
	}
	e := s.addresses.of(ip("10.0.0.1"))
	require.Len(t, e.spans(), maxSpans)
	s.Sweep(seconds(1000 + 301))
	require.Zero(t, s.Account().Size)
	require.Zero(t, s.addresses.keys+s.services.keys)
	require.Empty(t, s.numbers.identities)
	require.Empty(t, s.sets)
	require.Empty(t, s.expiry.queue)
	require.Empty(t, s.expiry.there)
}

func TestWhatFindsNoRoomIsRefusedAndCounted(t *testing.T) {
	s := New(Options{Keep: time.Hour, MaxSize: 20_000})
	for i := range 100 {
		name := string(rune('a'+i/26)) + string(rune('a'+i%26))
		s.Apply(Endpoints, pod(name, 0, netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}).String()), Watched(seconds(0)))
	}
	a := s.Account()
	require.EqualValues(t, 100, a.Objects[Endpoints]+a.Refused[Endpoints])
	require.Positive(t, a.Objects[Endpoints])
	require.Positive(t, a.Refused[Endpoints])
	require.LessOrEqual(t, a.Size, int64(20_000))

	// Owners before the last change give way to new ones.
	held := a.Objects[Endpoints]
	for i := range held {
		name := string(rune('a'+i/26)) + string(rune('a'+i%26))
		s.Delete(Endpoints, "shop/"+name, seconds(1))
	}
	for i := range held {
		name := string(rune('A'+i/26)) + string(rune('a'+i%26))
		s.Apply(Endpoints, pod(name, 0, netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}).String()), Watched(seconds(2)))
	}
	require.Equal(t, a.Refused, s.Account().Refused)
	require.Equal(t, "shop/Aa", named(s, "10.0.0.0", 0, seconds(2)))
}

func TestWhatAnObjectGrowsByIsBoundedToo(t *testing.T) {
	const most = 100_000
	s := New(Options{Keep: 24 * time.Hour, MaxSize: most})
	service := func(i, ports int) *Object {
		o := &Object{Key: fmt.Sprint("s", i), Service: flow.Service{Namespace: "shop", Name: fmt.Sprint("s", i)}}
		for port := range ports {
			o.Frontends = append(o.Frontends, Frontend{netip.AddrFrom4([4]byte{10, 96, 0, byte(i)}), uint16(port + 1), flow.L4TCP})
		}
		return o
	}
	for i := range 10 {
		s.Apply(Services, service(i, 1), Watched(seconds(0)))
	}
	require.Zero(t, s.Account().Refused[Services])
	for i := range 10 {
		s.Apply(Services, service(i, 1000), Watched(seconds(1)))
		require.LessOrEqual(t, s.Account().Size, int64(most))
	}
	require.EqualValues(t, 10, s.Account().Refused[Services])
	require.Zero(t, s.Account().Objects[Services])
	require.Nil(t, s.Service(ip("10.96.0.7"), 1, flow.L4TCP, seconds(2)))

	slice := &Object{Key: "slice"}
	for i := range 4000 {
		slice.Ends = append(slice.Ends, End{Namespace: "shop", Pod: fmt.Sprint(i), Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})}})
		if i == 0 {
			s.Apply(EndpointSlices, slice, Watched(seconds(3)))
			require.EqualValues(t, 1, s.Account().Objects[EndpointSlices])
		}
	}
	s.Apply(EndpointSlices, slice, Watched(seconds(4)))
	require.LessOrEqual(t, s.Account().Size, int64(most))
	require.EqualValues(t, 1, s.Account().Refused[EndpointSlices])
	s.Apply(Identities, label(2001, "k8s:a=b"), Watched(seconds(5)))
	require.Zero(t, s.Account().Refused[Identities], "there is room again")
	s.Apply(Identities, label(2001, strings.Repeat("k8s:a", most)), Watched(seconds(6)))
	require.LessOrEqual(t, s.Account().Size, int64(most))
	require.EqualValues(t, 1, s.Account().Refused[Identities])
}

func TestWhatIsToBeForgottenIsKeptOnceHoweverOftenItChanges(t *testing.T) {
	s := New(Options{Keep: 24 * time.Hour, MaxSize: 1 << 20})
	for i := range 20_000 {
		s.Apply(Endpoints, pod("a", uint32(1001+i%2), "10.0.0.1"), Watched(seconds(float64(i))))
	}
	require.Len(t, s.addresses.of(ip("10.0.0.1")).spans(), maxSpans)
	require.LessOrEqual(t, len(s.expiry.queue), 3, "the address and two identities")
	require.LessOrEqual(t, cap(s.expiry.queue), 16)

	// What ended later stays for its own time.
	s.Sweep(seconds(24*3600 + 19_996.5))
	require.Len(t, s.addresses.of(ip("10.0.0.1")).spans(), 4)
	s.Sweep(seconds(24*3600 + 20_001))
	require.Len(t, s.addresses.of(ip("10.0.0.1")).spans(), 1)
}

func TestAServiceIsFoundWithoutItsProtocolIfItIsTheOnlyOne(t *testing.T) {
	s := newStore()
	at := func(name string, port uint16, protocols ...flow.L4Protocol) {
		o := &Object{Key: name, Service: flow.Service{Namespace: "shop", Name: name}}
		for _, p := range protocols {
			o.Frontends = append(o.Frontends, Frontend{ip("10.96.0.10"), port, p})
		}
		s.Apply(Services, o, Watched(seconds(0)))
	}
	at("dns", 53, flow.L4TCP, flow.L4UDP)
	at("log", 514, flow.L4UDP)
	at("web", 443, flow.L4TCP)
	at("quic", 443, flow.L4UDP)
	for port, want := range map[uint16]string{53: "dns", 514: "log"} {
		require.Equal(t, &flow.Service{Namespace: "shop", Name: want}, s.Service(ip("10.96.0.10"), port, flow.L4None, seconds(1)))
	}
	require.Nil(t, s.Service(ip("10.96.0.10"), 443, flow.L4None, seconds(1)), "it may be either")
	require.Nil(t, s.Service(ip("10.96.0.10"), 80, flow.L4None, seconds(1)))
	require.EqualValues(t, 2, s.Account().Services)
}

func TestEveryReservedIdentityHasItsLabelAndNoPod(t *testing.T) {
	s := newStore()
	s.Apply(Pods, pod("a", 0, "10.0.0.1"), Watched(seconds(0)))
	for number := uint32(1); ; number++ {
		name, reserved := flow.IdentityName(number)
		if !reserved {
			require.Equal(t, "shop/a", named(s, "10.0.0.1", number, seconds(1)), number)
			require.EqualValues(t, 15, number)
			return
		}
		require.Equal(t, "no pod", named(s, "10.0.0.1", number, seconds(1)), name)
		require.Contains(t, s.Endpoint(ip("10.0.0.1"), number, seconds(1)).Labels, "reserved:"+name)
	}
}

// A look-up that makes an endpoint again must not undo a workload that comes at this moment.
func TestAWorkloadIsNotLostToALookup(t *testing.T) {
	s := newStore()
	work := &Object{Key: "shop/a", Ends: []End{{Namespace: "shop", Pod: "a", Workload: flow.Workload{Kind: "Deployment", Name: "cart"}}}}
	var looking sync.WaitGroup
	defer looking.Wait()
	stop := make(chan struct{})
	defer close(stop)
	looking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				s.generation.Add(1)
				s.Endpoint(ip("10.0.0.1"), 0, seconds(1))
			}
		}
	})
	for i := range 5000 {
		s.Apply(Endpoints, pod("a", 1001, "10.0.0.1"), Watched(seconds(0)))
		s.Apply(OwnPods, work, Watched(seconds(0)))
		require.Len(t, s.Endpoint(ip("10.0.0.1"), 0, seconds(1)).Workloads, 1, i)
		s.Delete(Endpoints, "shop/a", seconds(0))
		s.Delete(OwnPods, "shop/a", seconds(0))
	}
}

// Readers take no lock. The race detector watches them, and each finds the pod that has the address, whatever happens to the others.
func TestLookupsGoOnWhileEverythingChanges(t *testing.T) {
	s := newStore()
	address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	s.Apply(Endpoints, pod("stays", 7001, "10.9.9.9"), Watched(seconds(0)))
	stop, done := make(chan struct{}), make(chan error, 2)
	for range 2 {
		go func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					done <- nil
					return
				default:
				}
				if e := s.Endpoint(ip("10.9.9.9"), 7001, seconds(1)); e == nil || e.PodName != "stays" {
					done <- fmt.Errorf("found %v", e)
					return
				}
				if e := s.Endpoint(address(i%3000), 0, seconds(1)); e != nil && e.PodName != address(i%3000).String() {
					done <- fmt.Errorf("found %v of %v", e, address(i%3000))
					return
				}
				s.Service(address(i%3000), 80, flow.L4TCP, seconds(1))
			}
		}()
	}
	for range 3 {
		for i := range 3000 {
			s.Apply(Endpoints, pod(address(i).String(), uint32(1000+i%7), address(i).String()), Watched(seconds(0)))
			s.Apply(Services, &Object{Key: address(i).String(), Frontends: []Frontend{{address(i), 80, flow.L4TCP}}}, Watched(seconds(0)))
			s.Apply(Identities, &Object{Key: fmt.Sprint(i % 7), Identity: &Identity{Number: uint32(1000 + i%7), Labels: []string{fmt.Sprint("k8s:v=", i)}}}, Watched(seconds(0)))
		}
		for i := range 3000 {
			s.Delete(Endpoints, "shop/"+address(i).String(), seconds(2))
			s.Delete(Services, address(i).String(), seconds(2))
		}
		s.Sweep(seconds(1e6))
	}
	close(stop)
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	require.Equal(t, 1, s.addresses.keys)
	require.Len(t, s.addresses.slots.Load().items, fewestSlots, "the table is small again")
}

func TestKeysThatCollideAreFoundAndTakenAway(t *testing.T) {
	table := newTable(func(int) uint32 { return 61 }, func(a, b *string) bool { return a == b })
	owners := make([]string, 200)
	for i := range owners {
		table.claim(i, &owners[i], 0, true, 0, false)
	}
	for i := range owners {
		require.Same(t, &owners[i], table.of(i).newest.owner)
	}
	for i := range owners {
		table.release(i, &owners[i], 1, 1)
		table.forget(i, 2)
		require.Nil(t, table.of(i).at(0))
	}
	require.Zero(t, table.keys)
	require.Nil(t, table.of(-1))
}
