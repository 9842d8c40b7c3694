// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/json"
	"fmt"
	"net/netip"
)

// The node that the events of a cluster's objects are of.
const (
	Node        = "node-1"
	nodeAddress = "192.168.0.1"
)

// Snapshot returns the objects of a cluster, a List of Kubernetes' API in JSON: pods on this node and elsewhere, with Cilium's endpoints and identities, nodes,
// and services. They have the addresses of generated records whose generator is Near.
func Snapshot() ([]byte, error) {
	var items []any
	object := func(version, kind, namespace, name string, rest map[string]any) map[string]any {
		metadata := map[string]any{"name": name}
		if namespace != "" {
			metadata["namespace"] = namespace
		}
		o := map[string]any{"apiVersion": version, "kind": kind, "metadata": metadata}
		for k, v := range rest {
			o[k] = v
		}
		items = append(items, o)
		return o
	}
	for number, labels := range identities {
		object("cilium.io/v2", "CiliumIdentity", "", fmt.Sprint(number), map[string]any{"security-labels": labels})
	}
	for last := range 256 {
		pod := func(namespace, app string, identity, id int) {
			host := nodeAddress
			if id == 0 {
				host = "192.168.0.2"
			}
			name := fmt.Sprintf("%s-%d", app, last)
			var pairs []any
			for i, a := range addresses(last) {
				if i == 0 {
					pairs = append(pairs, map[string]any{"ipv6": a.String()})
				} else {
					pairs = append(pairs, map[string]any{"ipv4": a.String()})
				}
			}
			status := map[string]any{"id": id, "networking": map[string]any{"addressing": pairs, "node": host}}
			if identity != 0 {
				status["identity"] = map[string]any{"id": identity}
			}
			object("cilium.io/v2", "CiliumEndpoint", namespace, name, map[string]any{"status": status})
			if id != 0 { // Hubble knows the workloads of its own node alone, and a snapshot those of all pods that it has
				p := object("v1", "Pod", namespace, name, nil)
				p["metadata"].(map[string]any)["generateName"] = app + "-"
				p["metadata"].(map[string]any)["ownerReferences"] = []any{map[string]any{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": app, "uid": "u", "controller": true}}
			}
		}
		node := func(name string, more ...any) {
			all := more
			for _, a := range addresses(last) {
				all = append(all, map[string]any{"type": "InternalIP", "address": a.String()})
			}
			object("v1", "Node", "", name, map[string]any{"status": map[string]any{"addresses": all}})
		}
		switch last % 9 {
		case 0:
			pod("shop", "cart", 128, 7)
		case 1:
			pod("shop", "shelf", 20417, 14)
		case 2:
			pod("data", "db", 1001, 21)
		case 4:
			pod("data", "db", 1001, 0)
		case 5:
			pod("web", "front", 30000, 0) // its identity has no object yet
		case 6:
			if last == 6 {
				node(Node, map[string]any{"type": "InternalIP", "address": nodeAddress})
			} else {
				node(fmt.Sprintf("node-%d", last))
			}
		}
		service := func(name string, ports ...any) {
			var external []any
			for _, a := range addresses(last) {
				external = append(external, a.String())
			}
			object("v1", "Service", "shop", fmt.Sprintf("%s-%d", name, last), map[string]any{"spec": map[string]any{"clusterIP": "None", "externalIPs": external, "ports": ports}})
		}
		port := func(number int, protocol string) any { return map[string]any{"port": number, "protocol": protocol} }
		switch last % 4 {
		case 1:
			service("web", port(80, "TCP"), port(443, "TCP"))
			service("quic", port(443, "UDP"), port(80, "SCTP"))
		case 2:
			service("dns", port(53, "UDP"), port(53, "TCP"), port(8472, "SCTP"))
		}
	}
	return json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
}

// identities are the labels of security identities, as their objects have them.
var identities = map[uint32]map[string]any{
	128:   {"k8s:app": "cart", "k8s:version": "1", "k8s:io.kubernetes.pod.namespace": "shop", ClusterLabel: "prod"},
	20417: {"k8s:app": "shelf", "k8s:app.kubernetes.io/name": "shelf", "any:odd": "", "k8s:io.kubernetes.pod.namespace": "shop", ClusterLabel: "prod"},
	1001:  {"k8s:app": "db", "cni:tier": "2", "k8s:io.kubernetes.pod.namespace": "data", ClusterLabel: "prod"},
}

// addresses returns the addresses of a generator that is Near which end in a byte: the one of IPv6 first.
func addresses(last int) (all []netip.Addr) {
	all = append(all, netip.AddrFrom16([16]byte{0: 0xfd, 15: byte(last)}))
	for i := range 3 {
		for j := range 4 {
			all = append(all, netip.AddrFrom4([4]byte{10, byte(i), byte(j), byte(last)}))
		}
	}
	return all
}
