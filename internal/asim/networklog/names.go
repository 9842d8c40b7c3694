// SPDX-License-Identifier: Apache-2.0

// The attributes of the names of a flow's ends: pods, workloads, labels, services.

package networklog

import (
	"strings"
	"unicode/utf8"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// nameSources are the attributes that names writes.
var nameSources = []source{
	{"SrcHostname", "source.pod_name"},
	{"SrcAppName", "source.workloads"},
	{"SrcAppType", "source.workloads"},
	{"cilium.source.pod", "source.pod_name"},
	{"cilium.source.namespace", "source.namespace"},
	{"cilium.source.workload.name", "source.workloads"},
	{"cilium.source.workload.kind", "source.workloads"},
	{"cilium.source.labels", "source.labels"},
	{"cilium.source.cluster", "source.cluster_name"},
	{"cilium.source.service.name", "source_service.name"},
	{"cilium.source.service.namespace", "source_service.namespace"},
	{"DstHostname", "destination.pod_name"},
	{"DstAppName", "destination.workloads"},
	{"DstAppType", "destination.workloads"},
	{"cilium.destination.pod", "destination.pod_name"},
	{"cilium.destination.namespace", "destination.namespace"},
	{"cilium.destination.workload.name", "destination.workloads"},
	{"cilium.destination.workload.kind", "destination.workloads"},
	{"cilium.destination.labels", "destination.labels"},
	{"cilium.destination.cluster", "destination.cluster_name"},
	{"cilium.destination.service.name", "destination_service.name"},
	{"cilium.destination.service.namespace", "destination_service.namespace"},
}

// nameKeys are the attributes of an end's names.
type nameKeys struct {
	host, app, appType, pod, namespace, workload, kind, labels, cluster, service, serviceNamespace string
}

var (
	sourceNames = nameKeys{
		"SrcHostname", "SrcAppName", "SrcAppType", "cilium.source.pod", "cilium.source.namespace", "cilium.source.workload.name",
		"cilium.source.workload.kind", "cilium.source.labels", "cilium.source.cluster", "cilium.source.service.name", "cilium.source.service.namespace",
	}
	destinationNames = nameKeys{
		"DstHostname", "DstAppName", "DstAppType", "cilium.destination.pod", "cilium.destination.namespace", "cilium.destination.workload.name",
		"cilium.destination.workload.kind", "cilium.destination.labels", "cilium.destination.cluster", "cilium.destination.service.name",
		"cilium.destination.service.namespace",
	}
)

// workloadType is ASIM's type of an application that is a workload: a resource of Kubernetes. The column's list of values is closed.
const workloadType = "Resource"

// names writes what is known of an end, each nil where nothing is.
func (r *networkRecord) names(keys *nameKeys, e *flow.Endpoint, s *flow.Service) {
	if e != nil {
		if isHost := isHostname(e.PodName); e.PodName != "" {
			if isHost {
				r.name(keys.host, e.PodName)
			}
			if !r.repeats(keys.pod, len(e.PodName), isHost) {
				r.name(keys.pod, e.PodName)
			}
		}
		r.name(keys.namespace, e.Namespace)
		if len(e.Workloads) > 0 {
			r.workload(keys, &e.Workloads[0]) // a pod has one at most
		}
		r.labels(keys.labels, e.Labels)
		r.name(keys.cluster, e.ClusterName)
	}
	if s != nil {
		r.name(keys.service, s.Name)
		r.name(keys.serviceNamespace, s.Namespace)
	}
}

// isHostname reports whether a pod's name is the name of its host: one label of DNS.
func isHostname(pod string) bool {
	const longest = 63
	return pod != "" && len(pod) <= longest && !strings.Contains(pod, ".")
}

func (r *networkRecord) workload(keys *nameKeys, w *flow.Workload) {
	if w.Name != "" {
		r.name(keys.app, w.Name)
		r.attrs.PutConst(keys.appType, workloadType)
		if !r.repeats(keys.workload, len(w.Name), true) {
			r.name(keys.workload, w.Name)
		}
	}
	r.name(keys.kind, w.Kind)
}

// labels writes labels as a list, nothing when there are none.
func (r *networkRecord) labels(key string, labels []string) {
	if len(labels) == 0 || r.attrs.Omits(key) {
		return
	}
	first := r.builder.Slices()
	for _, label := range labels {
		from := len(r.builder.Text)
		r.builder.Text = append(r.builder.Text, text(label)...)
		r.builder.AddElement(from)
	}
	r.attrs.PutSlice(key, first)
}

// name writes a name, nothing when it is not known.
func (r *networkRecord) name(key, name string) {
	if name != "" {
		r.attrs.PutStr(key, text(name))
	}
}

// text returns a name as valid UTF-8, without which a far end may refuse the whole batch. Nobody has checked the texts of a snapshot.
func text(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	return strings.ToValidUTF8(name, "\ufffd")
}
