// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// grantsNothingMore asks the API server about every verb of every resource that it has.
func (s *servers) grantsNothingMore(t *testing.T) {
	config := &rest.Config{Host: "https://" + s.address, BearerToken: adminToken, TLSClientConfig: rest.TLSClientConfig{CAFile: s.ca()}, QPS: -1}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	require.NoError(t, err)
	_, served, err := client.ServerGroupsAndResources()
	require.NoError(t, err)
	type question struct{ group, version, resource, subresource, verb string }
	var questions []question
	verbs := []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate", "bind", "escalate"}
	for _, list := range served {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		require.NoError(t, err)
		for _, r := range list.APIResources {
			name, sub, _ := cut(r.Name)
			for _, verb := range verbs {
				questions = append(questions, question{gv.Group, gv.Version, name, sub, verb})
			}
		}
	}
	require.Greater(t, len(questions), 500)
	for _, role := range roles {
		granted := map[string]bool{}
		for _, r := range append([]string{"/nodes", "/pods", "/services"}, role.granted...) {
			granted[r+" list"], granted[r+" watch"] = true, true
		}
		// What Kubernetes lets every account do: ask about itself.
		for _, r := range []string{"authorization.k8s.io/selfsubjectaccessreviews", "authorization.k8s.io/selfsubjectrulesreviews", "authentication.k8s.io/selfsubjectreviews"} {
			granted[r+" create"] = true
		}
		reviews := schema.GroupVersionResource{Group: "authorization.k8s.io", Version: "v1", Resource: "subjectaccessreviews"}
		var mu sync.Mutex
		allowed := map[string]bool{}
		all(t, len(questions), func(i int) error {
			q := questions[i]
			review := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": map[string]any{
				"user": "system:serviceaccount:" + namespace + ":" + account + role.suffix, "groups": []any{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
				"resourceAttributes": map[string]any{"group": q.group, "version": q.version, "resource": q.resource, "subresource": q.subresource, "verb": q.verb},
			}}}
			answer, err := s.admin.Resource(reviews).Create(t.Context(), review, metav1.CreateOptions{})
			if err != nil {
				return err
			}
			if yes, _, _ := unstructured.NestedBool(answer.Object, "status", "allowed"); yes {
				what := q.group + "/" + q.resource
				if q.subresource != "" {
					what += "/" + q.subresource
				}
				mu.Lock()
				allowed[what+" "+q.verb] = true
				mu.Unlock()
			}
			return nil
		})
		require.Equal(t, granted, allowed, account+role.suffix)
	}
}

func cut(resource string) (name, sub string, ok bool) {
	for i := range resource {
		if resource[i] == '/' {
			return resource[:i], resource[i+1:], true
		}
	}
	return resource, "", false
}

// podsComeMoveAndGo holds that no event, of a capture that replays meanwhile, gets a pod that did not have its address, and in the end each gets the one that has it.
func (s *servers) podsComeMoveAndGo(t *testing.T) {
	for identity := range 20 {
		require.NoError(t, s.create(t.Context(), identities, map[string]any{"apiVersion": "cilium.io/v2", "kind": "CiliumIdentity", "metadata": map[string]any{"name": fmt.Sprint(2000 + identity)},
			"security-labels": map[string]any{"k8s:app": fmt.Sprintf("app-%d", identity), "k8s:io.kubernetes.pod.namespace": "shop", "k8s:io.cilium.k8s.policy.cluster": "east"}}))
	}
	n := s.start(t, nil)
	past := &history{owners: map[netip.Addr]map[string]bool{}}
	r := replay(t, s.start(t, nil), past)
	stop := r.busily(t, pods, address)
	ces := s.admin.Resource(endpoints).Namespace("shop")
	create := func(name string, identity int, a netip.Addr) error {
		past.add(a, name)
		_, err := ces.Create(t.Context(), &unstructured.Unstructured{Object: endpoint(name, identity, a)}, metav1.CreateOptions{})
		return err
	}
	begun := time.Now()
	all(t, pods, func(i int) error { return create(fmt.Sprintf("pod-%d", i), 2000+i%20, address(i)) })
	t.Logf("%d endpoints were created in %v", pods, time.Since(begun).Round(time.Millisecond))
	holds := func(want func(i int) string) {
		t.Helper()
		eventually(t, func() bool {
			for i := range pods {
				if n.pod(address(i)) != want(i) {
					return false
				}
			}
			return true
		}, "every address has its pod")
		r.hold(t, pods, address, want)
	}
	holds(func(i int) string { return fmt.Sprintf("pod-%d", i) })
	e := n.Endpoint(address(7), 0, time.Now().UnixNano())
	require.Equal(t, &flow.Endpoint{ID: 17, Identity: 2007, ClusterName: "east", Namespace: "shop", PodName: "pod-7", Local: true,
		Labels: []string{"k8s:app=app-7", "k8s:io.cilium.k8s.policy.cluster=east", "k8s:io.kubernetes.pod.namespace=shop"}}, e)

	// A third of the pods go, and others get their addresses at once; a third go for good.
	before := time.Now().UnixNano()
	eventually(t, func() bool { return time.Now().Unix() > time.Unix(0, before).Unix() }, "Kubernetes' times have whole seconds")
	all(t, pods, func(i int) error {
		switch i % 3 {
		case 0:
			if err := ces.Delete(t.Context(), fmt.Sprintf("pod-%d", i), metav1.DeleteOptions{}); err != nil {
				return err
			}
			return create(fmt.Sprintf("next-%d", i), 2000+(i+1)%20, address(i))
		case 1:
			return ces.Delete(t.Context(), fmt.Sprintf("pod-%d", i), metav1.DeleteOptions{})
		}
		return nil
	})
	holds(func(i int) string { return []string{fmt.Sprintf("next-%d", i), "", fmt.Sprintf("pod-%d", i)}[i%3] })
	for i := range pods {
		e := n.Endpoint(address(i), 0, before)
		require.NotNil(t, e, i)
		require.Equal(t, fmt.Sprintf("pod-%d", i), e.PodName, "the events from before the change keep their pod")
		if i%3 == 0 {
			require.Equal(t, fmt.Sprintf("pod-%d", i), n.Endpoint(address(i), uint32(2000+i%20), time.Now().UnixNano()).PodName, "the event's identity wins")
		}
	}
	stop()
	r.end(t)
	require.EqualValues(t, pods-pods/3, n.metric(t, "objects", "ciliumendpoints"))
	require.EqualValues(t, pods/3, n.metric(t, "conflicts", "other_owner"))
	require.EqualValues(t, 1, n.metric(t, "lists", "ciliumendpoints"))
	require.Zero(t, n.metric(t, "age", ""))
}

// outage shuts the extension out while pods change, restarts the API server and makes etcd forget: the watch cannot go on and is listed again.
func (s *servers) outage(t *testing.T) {
	n := s.start(t, nil)
	r := replay(t, s.start(t, nil), &history{owners: map[netip.Addr]map[string]bool{}})
	stays, goes, fresh := netip.MustParseAddr("10.9.0.1"), netip.MustParseAddr("10.9.0.2"), netip.MustParseAddr("10.9.0.3")
	addresses := []netip.Addr{stays, goes, fresh}
	at := func(i int) netip.Addr { return addresses[i] }
	for a, pods := range map[netip.Addr][]string{stays: {"stays"}, goes: {"goes", "heir"}, fresh: {"fresh"}} {
		for _, pod := range pods {
			r.past.add(a, pod)
		}
	}
	stop := r.busily(t, len(addresses), at)
	require.NoError(t, s.create(t.Context(), endpoints, endpoint("stays", 2001, stays)))
	require.NoError(t, s.create(t.Context(), endpoints, endpoint("goes", 2002, goes)))
	eventually(t, func() bool { return n.pod(stays) == "stays" && n.pod(goes) == "goes" }, "both pods are known")
	r.hold(t, len(addresses), at, func(i int) string { return []string{"stays", "goes", ""}[i] }) // the replay's names have watches of their own
	require.EqualValues(t, 1, n.metric(t, "lists", "ciliumendpoints"))

	s.door.shut()
	kill(s.apiRun)
	eventually(t, func() bool { return n.metric(t, "age", "") > 0 }, "the names grow old")
	eventually(t, func() bool {
		return n.status.Load() != nil && n.status.Load().Status() == componentstatus.StatusRecoverableError
	}, "the status says so")
	require.ErrorContains(t, n.status.Load().Err(), "the API server does not answer")
	require.Equal(t, "stays", n.pod(stays), "the last name that is known")
	require.Equal(t, "goes", n.pod(goes))
	r.hold(t, len(addresses), at, func(i int) string { return []string{"stays", "goes", ""}[i] })

	s.startAPI(t)
	require.NoError(t, s.admin.Resource(endpoints).Namespace("shop").Delete(t.Context(), "goes", metav1.DeleteOptions{}))
	require.NoError(t, s.create(t.Context(), endpoints, endpoint("fresh", 2003, fresh)))
	require.NoError(t, s.create(t.Context(), endpoints, endpoint("heir", 2004, goes)))
	s.compact(t)
	// Only a server that starts after the compaction has no changes from before it in its own memory.
	kill(s.apiRun)
	s.startAPI(t)
	during := time.Now().UnixNano()
	s.door.open(t)
	eventually(t, func() bool { return n.pod(fresh) == "fresh" && n.pod(goes) == "heir" }, "what changed meanwhile is known")
	require.Equal(t, "stays", n.pod(stays))
	require.EqualValues(t, 2, n.metric(t, "lists", "ciliumendpoints"), "the watch had expired (410), so there was another list")
	require.Equal(t, "heir", n.Endpoint(goes, 0, during).PodName, "its own time is believed as far back as the outage began")
	require.Equal(t, "goes", n.Endpoint(goes, 2002, during).PodName)
	eventually(t, func() bool {
		return n.metric(t, "age", "") == 0 && n.status.Load().Status() == componentstatus.StatusOK
	}, "the names are current again")
	r.hold(t, len(addresses), at, func(i int) string { return []string{"stays", "heir", "fresh"}[i] })
	stop()
	r.end(t)
}

// endpointSlices names pods by CiliumEndpointSlices, which have a hundred pods each, while a capture replays.
func (s *servers) endpointSlices(t *testing.T) {
	const size, n = 100, 10 * 100
	address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 2, byte(i >> 8), byte(i)}) }
	past := &history{owners: map[netip.Addr]map[string]bool{}}
	r := replay(t, s.startAs(t, account+"-slices", map[string]any{"endpoint_slices": true}), past)
	stop := r.busily(t, n, address)
	client := s.admin.Resource(slices)
	// put makes a slice of the pods of all indices that have a name.
	put := func(number int, indices []int, name func(i int) string) {
		t.Helper()
		ends := []any{}
		for _, i := range indices {
			if name := name(i); name != "" {
				past.add(address(i), name)
				ends = append(ends, map[string]any{"name": name, "id": int64(2000 + i%20),
					"networking": map[string]any{"addressing": []any{map[string]any{"ipv4": address(i).String()}}, "node": "192.168.0.1"}})
			}
		}
		object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "cilium.io/v2alpha1", "kind": "CiliumEndpointSlice",
			"metadata": map[string]any{"name": fmt.Sprintf("ces-%d", number)}, "namespace": "shop", "endpoints": ends}}
		before, err := client.Get(t.Context(), object.GetName(), metav1.GetOptions{})
		if errors.IsNotFound(err) {
			_, err = client.Create(t.Context(), object, metav1.CreateOptions{FieldValidation: "Strict"})
			require.NoError(t, err)
			return
		}
		require.NoError(t, err)
		object.SetResourceVersion(before.GetResourceVersion())
		_, err = client.Update(t.Context(), object, metav1.UpdateOptions{FieldValidation: "Strict"})
		require.NoError(t, err)
	}
	of := func(number int) (indices []int) {
		for i := range size {
			indices = append(indices, number*size+i)
		}
		return indices
	}
	first := func(i int) string { return fmt.Sprintf("pod-%d", i) }
	second := func(i int) string { return []string{fmt.Sprintf("next-%d", i), "", fmt.Sprintf("pod-%d", i)}[i%3] }
	for number := range n / size {
		put(number, of(number), first)
	}
	r.hold(t, n, address, first)
	for number := range n / size {
		put(number, of(number), second)
	}
	r.hold(t, n, address, second)
	// Cilium's operator puts the pods of two slices into one, and deletes the other.
	put(1, append(of(1), of(0)...), second)
	require.NoError(t, client.Delete(t.Context(), "ces-0", metav1.DeleteOptions{}))
	require.NoError(t, client.Delete(t.Context(), "ces-9", metav1.DeleteOptions{}))
	r.hold(t, n, address, func(i int) string {
		if i/size == 9 {
			return ""
		}
		return second(i)
	})
	stop()
	r.end(t)
	require.EqualValues(t, 8, r.names.metric(t, "objects", "ciliumendpointslices"))
}

// corePods names pods without Cilium's resources.
func (s *servers) corePods(t *testing.T) {
	n := s.startAs(t, account+"-pods", map[string]any{"identities": "pods", "cluster_name": "west"})
	require.NoError(t, s.create(t.Context(), accounts, map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": "default", "namespace": "shop"}}))
	require.NoError(t, s.create(t.Context(), services, map[string]any{"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "cart", "namespace": "shop"},
		"spec": map[string]any{"clusterIP": "10.96.7.7", "ports": []any{map[string]any{"port": int64(80)}}}}))
	pod := func(name string, more map[string]any) map[string]any {
		spec := map[string]any{"nodeName": "win1", "containers": []any{map[string]any{"name": "c", "image": "i"}}}
		for k, v := range more {
			spec[k] = v
		}
		return map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": spec, "metadata": map[string]any{"name": name, "generateName": "cart-7d9f8c6b5-", "namespace": "shop",
			"labels":          map[string]any{"app": "cart", "pod-template-hash": "7d9f8c6b5"},
			"ownerReferences": []any{map[string]any{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "cart-7d9f8c6b5", "uid": "u", "controller": true}}}}
	}
	update := func(name, phase string, ips ...string) {
		t.Helper()
		client := s.admin.Resource(corePods).Namespace("shop")
		o, err := client.Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(t, err)
		status := map[string]any{"phase": phase, "hostIP": "192.168.0.1", "hostIPs": []any{map[string]any{"ip": "192.168.0.1"}}, "podIP": ips[0]}
		var all []any
		for _, a := range ips {
			all = append(all, map[string]any{"ip": a})
		}
		status["podIPs"], status["startTime"] = all, time.Now().UTC().Format(time.RFC3339)
		o.Object["status"] = status
		_, err = client.UpdateStatus(t.Context(), o, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	require.NoError(t, s.create(t.Context(), corePods, pod("cart-a", nil)))
	require.NoError(t, s.create(t.Context(), corePods, pod("agent", map[string]any{"hostNetwork": true})))
	update("agent", "Running", "192.168.0.1")
	update("cart-a", "Running", "10.8.0.1", "fd00:8::1")
	v4, v6 := netip.MustParseAddr("10.8.0.1"), netip.MustParseAddr("fd00:8::1")
	eventually(t, func() bool { return n.pod(v4) == "cart-a" && n.pod(v6) == "cart-a" }, "the pod has both addresses")
	require.Equal(t, &flow.Endpoint{ClusterName: "west", Namespace: "shop", PodName: "cart-a", Workloads: []flow.Workload{{Kind: "Deployment", Name: "cart"}}, Local: true,
		Labels: []string{"k8s:app=cart", "k8s:io.cilium.k8s.policy.cluster=west", "k8s:io.cilium.k8s.policy.serviceaccount=default", "k8s:io.kubernetes.pod.namespace=shop"}},
		n.Endpoint(v4, 0, time.Now().UnixNano()))
	node := netip.MustParseAddr("192.168.0.1")
	eventually(t, func() bool { return n.Endpoint(node, 0, time.Now().UnixNano()) != nil }, "the node is known")
	require.Equal(t, &flow.Endpoint{Identity: 1, Labels: []string{"reserved:host"}, Local: true}, n.Endpoint(node, 0, time.Now().UnixNano()), "a pod of the host's network has no address of its own")
	eventually(t, func() bool {
		return n.Service(netip.MustParseAddr("10.96.7.7"), 80, flow.L4TCP, time.Now().UnixNano()) != nil
	}, "the service is known")

	// A job's pod that has ended keeps its address in its object, and another pod has it.
	update("cart-a", "Succeeded", "10.8.0.1", "fd00:8::1")
	eventually(t, func() bool { return n.pod(v4) == "" }, "the pod has ended")
	require.NoError(t, s.create(t.Context(), corePods, pod("cart-b", nil)))
	update("cart-b", "Running", "10.8.0.1")
	eventually(t, func() bool { return n.pod(v4) == "cart-b" }, "the next pod has the address")
	require.Empty(t, n.pod(v6))
	require.EqualValues(t, 1, n.metric(t, "objects", "pods"))
}
