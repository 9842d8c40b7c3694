// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// Cluster says who has the addresses and identities of generated records. The getters of Cilium's agent and this project's Names are made of it.
type Cluster struct{}

// Owner is who has an address.
type Owner struct {
	Local          bool   // an endpoint of the node
	ID             uint16 // of a local one
	Identity       uint32 // 0 if only the pod is known
	Namespace, Pod string // "" for what is no pod
	Workload       flow.Workload
}

// Owner returns who has the address; ok is false when nobody is known.
func (Cluster) Owner(address netip.Addr) (o Owner, ok bool) {
	if !address.IsValid() {
		return o, false
	}
	bytes := address.Unmap().AsSlice()
	last := bytes[len(bytes)-1]
	pod := func(namespace, name string) Owner {
		return Owner{
			Namespace: namespace, Pod: fmt.Sprintf("%s-%d", name, last), Workload: flow.Workload{Kind: "StatefulSet", Name: name},
		}
	}
	switch last % 9 {
	case 0, 1, 2:
		o = pod("shop", "cart")
		o.Local, o.ID, o.Identity = true, 7*(1+uint16(last%9)), []uint32{1001, 128, 20417}[last%9]
	case 3:
		return Owner{Local: true, ID: 28, Identity: 4}, true
	case 4:
		o = pod("data", "db")
		o.Identity = 1001
	case 5:
		o = pod("web", "front")
		o.Identity = 30000
	case 6:
		return Owner{Identity: 6}, true
	case 7:
		return pod("jobs", "batch"), true
	default:
		return o, false
	}
	return o, true
}

// Local returns an endpoint of the node.
func (c Cluster) Local(id uint16) (o Owner, ok bool) {
	for last := range byte(9) {
		if o, ok = c.Owner(netip.AddrFrom4([4]byte{10, 0, 0, last})); ok && o.Local && o.ID == id {
			return o, true
		}
	}
	return Owner{}, false
}

// ClusterLabel is the label that has the name of the cluster.
const ClusterLabel = "k8s:io.cilium.k8s.policy.cluster"

// Labels returns the labels of an identity, sorted; nil if it is not known.
func (Cluster) Labels(identity uint32) []string {
	switch identity {
	case 1:
		return []string{"reserved:host"}
	case 2:
		return []string{"reserved:world"}
	case 4:
		return []string{"reserved:health"}
	case 6:
		return []string{"reserved:remote-node"}
	case 128:
		return []string{"k8s:app=cart", "k8s:version=1"}
	case 1001, 20417:
		labels := []string{"any:odd", "cni:tier=2", ClusterLabel + "=prod", "k8s:app=db", "k8s:app.kubernetes.io/name=db", fmt.Sprintf("k8s:number=%d", identity)}
		slices.Sort(labels)
		return labels
	case 16777217:
		return []string{"cidr:10.0.0.0/8", "reserved:world"}
	}
	return nil
}

// cluster returns the name of the cluster among the labels of an identity.
func (c Cluster) cluster(identity uint32) string {
	if slices.Contains(c.Labels(identity), ClusterLabel+"=prod") {
		return "prod"
	}
	return ""
}

// Service returns the service that has the address and the port; nil if none has.
func (Cluster) Service(address netip.Addr, port uint16) *flow.Service {
	if !address.IsValid() || port == 0 || port%3 != 2 {
		return nil
	}
	bytes := address.Unmap().AsSlice()
	return []*flow.Service{nil, {Namespace: "shop", Name: "cart"}, {Namespace: "data", Name: "db"}, {Name: "bare"}}[bytes[len(bytes)-1]%4]
}

// Names returns the names of the cluster. As Hubble does, they have the labels of a local endpoint whatever the event's identity, and else
// those of the event's identity.
func (c Cluster) Names() flow.Names { return names{c} }

type names struct{ Cluster }

func (n names) Endpoint(address netip.Addr, identity uint32, _ int64) *flow.Endpoint {
	o, ok := n.Owner(address)
	if identity == 0 || o.Local {
		identity = o.Identity
	}
	labels := n.Labels(identity)
	if !ok && labels == nil {
		return nil
	}
	e := &flow.Endpoint{
		ID: uint32(o.ID), Local: o.Local, Identity: o.Identity, Namespace: o.Namespace, PodName: o.Pod, Labels: labels, ClusterName: n.cluster(identity),
	}
	if o.Local && o.Pod != "" { // Hubble knows the workloads of local pods only
		e.Workloads = []flow.Workload{o.Workload}
	}
	return e
}

func (n names) Service(address netip.Addr, port uint16, _ flow.L4Protocol, _ int64) *flow.Service {
	return n.Cluster.Service(address, port)
}
