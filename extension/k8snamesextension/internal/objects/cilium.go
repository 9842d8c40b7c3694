// SPDX-License-Identifier: Apache-2.0

// Cilium's objects: cilium.io/v2 CiliumEndpoint and CiliumIdentity, cilium.io/v2alpha1 CiliumEndpointSlice.

package objects

import (
	"math"
	"slices"
	"strconv"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
)

// endpoint takes a CiliumEndpoint, which has the name of its pod.
func endpoint(object map[string]any) []names.End {
	e := names.End{
		Namespace: text(object, "metadata", "namespace"), Pod: text(object, "metadata", "name"), Since: moment(object, "metadata", "creationTimestamp"),
		ID: uint32(number(object, math.MaxUint16, "status", "id")), Identity: uint32(number(object, math.MaxUint32, "status", "identity", "id")),
	}
	if pod := text(object, "status", "external-identifiers", "k8s-pod-name"); pod != "" { // of a pod with several endpoints
		e.Pod = pod
	}
	for _, label := range list(object, "status", "identity", "labels") {
		if s, ok := label.(string); ok {
			e.Labels = append(e.Labels, s)
		}
	}
	slices.Sort(e.Labels)
	network(field(object, "status", "networking"), &e)
	if len(e.Addresses) == 0 {
		return nil
	}
	return []names.End{e}
}

// slice takes the endpoints of a CiliumEndpointSlice.
func slice(object map[string]any) (ends []names.End) {
	for _, core := range list(object, "endpoints") {
		if len(ends) == maxEnds {
			break
		}
		e := names.End{Namespace: text(object, "namespace"), Pod: text(core, "name"), Identity: uint32(number(core, math.MaxUint32, "id"))}
		network(field(core, "networking"), &e)
		if e.Pod != "" && len(e.Addresses) > 0 {
			ends = append(ends, e)
		}
	}
	return ends
}

func network(networking any, e *names.End) {
	for _, pair := range list(networking, "addressing") {
		e.Addresses = addAddress(e.Addresses, text(pair, "ipv4"))
		e.Addresses = addAddress(e.Addresses, text(pair, "ipv6"))
	}
	e.Host = address(text(networking, "node"))
}

// identity takes a CiliumIdentity: its name is the number.
func identity(object map[string]any) *names.Identity {
	n, err := strconv.ParseUint(text(object, "metadata", "name"), 10, 32)
	if err != nil || n <= 0 {
		return nil
	}
	labels, _ := field(object, "security-labels").(map[string]any)
	i := &names.Identity{Number: uint32(n)}
	for key, value := range labels {
		switch value, _ := value.(string); value {
		case "":
			i.Labels = append(i.Labels, key)
		default:
			i.Labels = append(i.Labels, key+"="+value)
		}
	}
	slices.Sort(i.Labels)
	return i
}
