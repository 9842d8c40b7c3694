// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	slimcore "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
	slimmeta "github.com/cilium/cilium/pkg/k8s/slim/k8s/apis/meta/v1"
	"github.com/cilium/cilium/pkg/k8s/utils"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/labelsfilter"
	"github.com/stretchr/testify/require"
	"log/slog"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

type object = map[string]any

func named(namespace, name string, more object) object {
	m := object{"name": name, "namespace": namespace}
	maps.Copy(m, more)
	return m
}

func ips(addresses ...string) (all []any) {
	for _, a := range addresses {
		all = append(all, object{"ip": a})
	}
	return all
}

func TestAPodHasItsAddressesOnlyWhileTheyAreItsOwn(t *testing.T) {
	r := &Reader{Node: "win1", Label: Relevant}
	read := func(spec, status object) []netip.Addr {
		o := r.Read(names.Pods, object{"metadata": named("shop", "a", nil), "spec": spec, "status": status})
		require.Equal(t, "shop/a", o.Key)
		if len(o.Ends) == 0 {
			return nil
		}
		return o.Ends[0].Addresses
	}
	both := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fd00::1")}
	require.Equal(t, both, read(object{}, object{"phase": "Running", "podIP": "10.0.0.1", "podIPs": ips("10.0.0.1", "fd00::1")}), "dual stack")
	require.Equal(t, both[:1], read(object{}, object{"podIP": "10.0.0.1"}), "of an old server")
	require.Nil(t, read(object{"hostNetwork": true}, object{"podIP": "192.168.0.1"}))
	require.Nil(t, read(object{}, object{"podIP": "192.168.0.1", "hostIP": "192.168.0.1"}), "the node's address")
	require.Nil(t, read(object{}, object{"phase": "Succeeded", "podIP": "10.0.0.1"}))
	require.Nil(t, read(object{}, object{"phase": "Failed", "podIP": "10.0.0.1"}))
	require.Nil(t, read(object{}, object{"phase": "Pending"}))
	require.Nil(t, read(object{}, object{"podIP": "0.0.0.0", "podIPs": ips("::", "no address")}))
}

func TestAPodHasItsAddressesSinceItsNetworkWasReady(t *testing.T) {
	status := object{"podIP": "10.0.0.1", "startTime": "2026-03-01T12:00:00Z"}
	since := func() int64 {
		return (&Reader{Label: Relevant}).Read(names.Pods, object{"metadata": named("shop", "a", nil), "status": status}).Ends[0].Since
	}
	at := func(s string) int64 {
		v, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return v.UnixNano()
	}
	require.Equal(t, at("2026-03-01T12:00:00Z"), since())
	condition := object{"type": "PodReadyToStartContainers", "status": "True", "lastTransitionTime": "2026-03-01T12:00:07Z"}
	status["conditions"] = []any{condition}
	require.Equal(t, at("2026-03-01T12:00:07Z"), since())
	condition["status"] = "False"
	require.Equal(t, at("2026-03-01T12:00:00Z"), since())
	status["startTime"] = "yesterday"
	require.Zero(t, since())
}

// Hubble's own function decides, on the same pods.
func TestAWorkloadIsThatOfCilium(t *testing.T) {
	hash := map[string]string{"pod-template-hash": "7d9f8c6b5"}
	n := 0
	for _, generate := range []string{"", "cart-"} {
		for _, controller := range []bool{true, false} {
			for _, owner := range [][2]string{
				{"ReplicaSet", "cart-7d9f8c6b5"}, {"ReplicaSet", "cart"}, {"ReplicaSet", "7d9f8c6b5"}, {"DaemonSet", "agent"}, {"StatefulSet", "db"}, {"Job", "backup"}, {"Job", "backup-28371060"},
				{"Job", "-28371060"}, {"Job", "backup-1234567"}, {"Job", "a\nbackup-28371060"}, {"ReplicationController", "web-3"}, {"CloneSet", "x"}, {"", ""},
			} {
				for _, own := range []map[string]string{nil, hash, {"deploymentconfig": "web"}} {
					pod := &slimcore.Pod{ObjectMeta: slimmeta.ObjectMeta{Name: "p", GenerateName: generate, Labels: own,
						OwnerReferences: []slimmeta.OwnerReference{{Kind: "Node", Name: "n"}, {Kind: owner[0], Name: owner[1], Controller: &controller}}}}
					ownLabels := object{}
					for k, v := range own {
						ownLabels[k] = v
					}
					got := workload(object{"metadata": object{"name": "p", "generateName": generate, "labels": ownLabels,
						"ownerReferences": []any{object{"kind": "Node", "name": "n"}, object{"kind": owner[0], "name": owner[1], "controller": controller}}}})
					meta, kind, ok := utils.GetWorkloadMetaFromPod(pod)
					want := flow.Workload{}
					if ok {
						want = flow.Workload{Kind: kind.Kind, Name: meta.Name}
					}
					require.Equal(t, want, got, "%v %v %v %v", generate, controller, owner, own)
					n++
				}
			}
		}
	}
	require.Equal(t, 156, n)
}

// Cilium's own filter decides, on the same labels.
func TestRelevantLabelsAreThoseOfCilium(t *testing.T) {
	require.NoError(t, labelsfilter.ParseLabelPrefixCfg(slog.New(slog.DiscardHandler), nil, nil, ""))
	for _, key := range []string{
		"app", "app.kubernetes.io/name", "app.kubernetes.io", "kubernetes.io/os", "io.kubernetes.pod.namespace", "io.kubernetes.pod.name", "io.kubernetes", "k8s.io/x", "my.k8s.io/x", "k8s-app",
		"statefulset.kubernetes.io/pod-name", "statefulset.kubernetes.io/other", "apps.kubernetes.io/pod-index", "batch.kubernetes.io/job-completion-index", "batch.kubernetes.io/controller-uid",
		"batch.kubernetes.io/job-name", "beta.kubernetes.io/arch", "node.beta.kubernetes.io/x", "pod-template-generation", "pod-template-hash", "controller-revision-hash", "controller-uid",
		"annotation", "annotation.x", "annotations", "etcd_node", "etcd_nodes", "topology.kubernetes.io/zone", "io.cilium.k8s.policy.cluster", "io.cilium.k8s.policy.serviceaccount",
		"io.cilium.k8s.namespace.labels.team", "version", "", "a/b", "xkubernetes.io", "kubernetesxio/a", "app.kubernetes.io.beta.kubernetes.io",
	} {
		relevant, _ := labelsfilter.Filter(labels.Labels{key: labels.NewLabel(key, "v", labels.LabelSourceK8s)})
		require.Equal(t, len(relevant) == 1, Relevant(key), "%q", key)
	}
}

func TestTheLabelsOfAPodAreThoseOfItsIdentityAsFarAsThePodSaysThem(t *testing.T) {
	r := &Reader{Cluster: "east", Label: Relevant}
	o := r.Read(names.Pods, object{
		"metadata": named("shop", "a", object{"labels": object{"app": "cart", "pod-template-hash": "1", "empty": "", "io.cilium.k8s.policy.cluster": "forged", "io.kubernetes.pod.namespace": "forged", "n": 1}}),
		"spec":     object{"serviceAccountName": "cart"}, "status": object{"podIP": "10.0.0.1"},
	})
	require.Equal(t, []string{"k8s:app=cart", "k8s:empty", "k8s:io.cilium.k8s.policy.cluster=east", "k8s:io.cilium.k8s.policy.serviceaccount=cart", "k8s:io.kubernetes.pod.namespace=shop"}, o.Ends[0].Labels)
}

func TestGlobsSayWhichLabelsAreWritten(t *testing.T) {
	require.Nil(t, Wanted(nil))
	wanted := Wanted([]string{"app", "app.kubernetes.io/*", "container:*", "k8s:team"})
	for label, want := range map[string]bool{
		"k8s:app=cart": true, "k8s:app.kubernetes.io/name=cart": true, "k8s:application=cart": false, "container:x": true, "k8s:x": false, "k8s:team=a": true, "any:team=a": false,
		"reserved:host": true, "k8s:xapp=1": false, "k8s:app2": false, "k8s:app": true, "k8s:x=app": false,
	} {
		require.Equal(t, want, wanted(label), label)
	}
}

func TestAServiceHasEveryAddressAndPortThatClientsDial(t *testing.T) {
	o := (&Reader{}).Read(names.Services, object{
		"metadata": named("shop", "cart", object{"creationTimestamp": "2026-03-01T12:00:00Z"}),
		"spec": object{"clusterIP": "10.96.0.1", "clusterIPs": []any{"10.96.0.1", "fd00::96"}, "externalIPs": []any{"198.51.100.7"},
			"ports": []any{object{"port": int64(80)}, object{"port": float64(53), "protocol": "UDP"}, object{"port": int64(70000)}, object{"port": "x"}, object{"port": int64(9), "protocol": "QUIC"}}},
		"status": object{"loadBalancer": object{"ingress": []any{object{"ip": "203.0.113.9"}, object{"hostname": "lb.example.com"}}}},
	})
	require.Equal(t, flow.Service{Namespace: "shop", Name: "cart"}, o.Service)
	var all []string
	for _, f := range o.Frontends {
		all = append(all, fmt.Sprint(f.Address, " ", f.Port, " ", f.Protocol))
	}
	slices.Sort(all)
	require.Equal(t, []string{"10.96.0.1 53 UDP", "10.96.0.1 80 TCP", "198.51.100.7 53 UDP", "198.51.100.7 80 TCP", "203.0.113.9 53 UDP", "203.0.113.9 80 TCP", "fd00::96 53 UDP", "fd00::96 80 TCP"}, all)
	headless := (&Reader{}).Read(names.Services, object{"metadata": named("shop", "db", nil), "spec": object{"clusterIP": "None", "clusterIPs": []any{"None"}, "ports": []any{object{"port": int64(80)}}}})
	require.Empty(t, headless.Frontends)
}

// A hostile object must not take memory that its size does not explain, nor stop the reader.
func TestAnObjectOfAnyFormIsRead(t *testing.T) {
	forms := []any{nil, "text", 1, 1.5, -1, true, []any{}, []any{"x", nil, object{}}, object{}, object{"ip": object{}}}
	r := &Reader{Node: "win1", Label: Relevant}
	paths := []string{"metadata", "spec", "status", "endpoints", "security-labels", "namespace"}
	for kind := names.Pods; kind <= names.Services; kind++ {
		for _, path := range paths {
			for _, form := range forms {
				o := object{"metadata": object{"name": "7"}}
				o[path] = form
				r.Read(kind, o)
			}
		}
		require.Nil(t, r.Read(kind, object{}))
	}
	addresses, ports := []any{}, []any{}
	for i := range 1000 {
		addresses = append(addresses, fmt.Sprintf("10.0.%d.%d", i/256, i%256))
		ports = append(ports, object{"port": int64(i + 1)})
	}
	o := r.Read(names.Services, object{"metadata": object{"name": "s"}, "spec": object{"externalIPs": addresses, "ports": ports}})
	require.Len(t, o.Frontends, maxFrontends)
	require.Nil(t, r.Read(names.Identities, object{"metadata": object{"name": "99999999999"}}))
	require.Nil(t, r.Read(names.Identities, object{"metadata": object{"name": "x"}}))
}
