// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

const (
	maxAddresses = 16   // of an end
	maxFrontends = 4096 // of a service
	maxEnds      = 4096 // of a CiliumEndpointSlice, which Cilium gives at most 100 by default
)

// Reader reads objects.
type Reader struct {
	Node    string // the name of the node that the events are of
	Cluster string // the cluster's name for the labels of pods; "" for none

	// Label reports whether a pod's label is relevant. It is asked for pods only, since the labels of an identity are relevant by themselves.
	Label func(key string) bool
}

// Read returns what is used of an object; nil if the object has no name, or if it says nothing that is used.
func (r *Reader) Read(kind names.Kind, object map[string]any) *names.Object {
	o := &names.Object{Key: text(object, "metadata", "name")}
	if o.Key == "" {
		return nil
	}
	if namespace := text(object, "metadata", "namespace"); namespace != "" {
		o.Key = namespace + "/" + o.Key
	}
	switch kind {
	case names.Pods:
		o.Ends = r.pod(object)
	case names.OwnPods:
		o.Ends = ownPod(object)
	case names.Endpoints:
		o.Ends = endpoint(object)
	case names.EndpointSlices:
		o.Ends = slice(object)
	case names.Identities:
		if o.Identity = identity(object); o.Identity == nil {
			return nil
		}
	case names.Nodes:
		o.Ends = r.node(object)
	case names.Services:
		service(object, o)
	}
	return o
}

// field returns a field of an object, which may have any form.
func field(object any, path ...string) any {
	for _, name := range path {
		m, _ := object.(map[string]any)
		object = m[name]
	}
	return object
}

func text(object any, path ...string) string {
	s, _ := field(object, path...).(string)
	return s
}

func list(object any, path ...string) []any {
	l, _ := field(object, path...).([]any)
	return l
}

func truth(object any, path ...string) bool {
	b, _ := field(object, path...).(bool)
	return b
}

// number returns a whole number from 0 to most; 0 if there is none.
func number(object any, most uint64, path ...string) uint64 {
	var n uint64
	switch v := field(object, path...).(type) {
	case int64:
		n = uint64(max(v, 0))
	case int:
		n = uint64(max(v, 0))
	case uint64:
		n = v
	case float64:
		if v >= 0 && v <= float64(most) && v == float64(uint64(v)) {
			n = uint64(v)
		}
	case string:
		n, _ = strconv.ParseUint(v, 10, 64)
	}
	if n > most {
		return 0
	}
	return n
}

// moment returns a time in nanoseconds since 1970; 0 if there is none.
func moment(object any, path ...string) int64 {
	switch v := field(object, path...).(type) {
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t.UnixNano()
		}
	case time.Time: // YAML has times without quotes
		if v.Year() >= 1970 && v.Year() < 2200 {
			return v.UnixNano()
		}
	}
	return 0
}

// address reads an address; the result is not valid if there is none.
func address(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil || a.IsUnspecified() {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// addAddress adds an address that is valid and new.
func addAddress(addresses []netip.Addr, s string) []netip.Addr {
	if a := address(s); a.IsValid() && len(addresses) < maxAddresses && !slices.Contains(addresses, a) {
		addresses = append(addresses, a)
	}
	return addresses
}

var protocols = map[string]flow.L4Protocol{"": flow.L4TCP, "TCP": flow.L4TCP, "UDP": flow.L4UDP, "SCTP": flow.L4SCTP}

// service takes the addresses and ports that clients dial. A headless service has none.
func service(object map[string]any, o *names.Object) {
	o.Service = flow.Service{Namespace: text(object, "metadata", "namespace"), Name: text(object, "metadata", "name")}
	o.Since = moment(object, "metadata", "creationTimestamp")
	addresses := addAddress(nil, text(object, "spec", "clusterIP"))
	for _, path := range []string{"clusterIPs", "externalIPs"} {
		for _, a := range list(object, "spec", path) {
			s, _ := a.(string)
			addresses = addAddress(addresses, s)
		}
	}
	for _, ingress := range list(object, "status", "loadBalancer", "ingress") {
		addresses = addAddress(addresses, text(ingress, "ip"))
	}
	for _, port := range list(object, "spec", "ports") {
		n, protocol := number(port, 65535, "port"), protocols[text(port, "protocol")]
		if n == 0 || protocol == flow.L4None {
			continue
		}
		for _, a := range addresses {
			if len(o.Frontends) == maxFrontends {
				return
			}
			o.Frontends = append(o.Frontends, names.Frontend{Address: a, Port: uint16(n), Protocol: protocol})
		}
	}
}

// node takes a node's addresses. Its pods of the host's network have them too, so no pod gets them.
func (r *Reader) node(object map[string]any) []names.End {
	e := names.End{Node: true, Pod: text(object, "metadata", "name"), Since: moment(object, "metadata", "creationTimestamp")}
	e.Local = e.Pod == r.Node
	for _, a := range list(object, "status", "addresses") {
		switch text(a, "type") {
		case "InternalIP", "ExternalIP":
			e.Addresses = addAddress(e.Addresses, text(a, "address"))
		}
	}
	return []names.End{e}
}
