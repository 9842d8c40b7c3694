// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// pod takes a pod that has addresses of its own: not one in the host's network, whose address is the node's, and not one that has ended, whose address
// another pod may have.
func (r *Reader) pod(object map[string]any) []names.End {
	if truth(object, "spec", "hostNetwork") || ended(object) {
		return nil
	}
	e := names.End{
		Namespace: text(object, "metadata", "namespace"), Pod: text(object, "metadata", "name"), Workload: workload(object), Labels: r.labels(object),
		Since: podSince(object),
	}
	e.Local = r.Node != "" && text(object, "spec", "nodeName") == r.Node
	for _, ip := range list(object, "status", "podIPs") {
		e.Addresses = addAddress(e.Addresses, text(ip, "ip"))
	}
	e.Addresses = addAddress(e.Addresses, text(object, "status", "podIP"))
	hosts := []netip.Addr{address(text(object, "status", "hostIP"))}
	for _, ip := range list(object, "status", "hostIPs") {
		hosts = append(hosts, address(text(ip, "ip")))
	}
	e.Addresses = slices.DeleteFunc(e.Addresses, func(a netip.Addr) bool { return slices.Contains(hosts, a) })
	if len(e.Addresses) == 0 {
		return nil
	}
	return []names.End{e}
}

// ended reports whether a pod runs no more.
func ended(object map[string]any) bool {
	phase := text(object, "status", "phase")
	return phase == "Succeeded" || phase == "Failed"
}

// podSince is when a pod got its network, or else when the kubelet took it.
func podSince(object map[string]any) int64 {
	for _, c := range list(object, "status", "conditions") {
		if text(c, "type") == "PodReadyToStartContainers" && text(c, "status") == "True" {
			if at := moment(c, "lastTransitionTime"); at != 0 {
				return at
			}
		}
	}
	return moment(object, "status", "startTime")
}

// ownPod takes the workload of a pod.
func ownPod(object map[string]any) []names.End {
	w := workload(object)
	if w.Name == "" {
		return nil
	}
	return []names.End{{Namespace: text(object, "metadata", "namespace"), Pod: text(object, "metadata", "name"), Workload: w}}
}

// cronJobName is the name of a job that a CronJob made.
var cronJobName = regexp.MustCompile(`(.+)-\d{8,10}$`)

// workload is what runs a pod, as Hubble says it (GetWorkloadMetaFromPod in pkg/k8s/utils/workload.go of Cilium 1.18): the pod's controller, or the
// Deployment, DeploymentConfig or CronJob above it, as far as names and labels show that. Its name is empty for a pod without a controller.
func workload(object map[string]any) flow.Workload {
	if text(object, "metadata", "generateName") == "" {
		return flow.Workload{}
	}
	for _, owner := range list(object, "metadata", "ownerReferences") {
		if !truth(owner, "controller") {
			continue
		}
		w := flow.Workload{Kind: text(owner, "kind"), Name: text(owner, "name")}
		hash, config := text(object, "metadata", "labels", "pod-template-hash"), text(object, "metadata", "labels", "deploymentconfig")
		switch {
		case w.Kind == "ReplicaSet" && hash != "" && strings.HasSuffix(w.Name, hash):
			return flow.Workload{Kind: "Deployment", Name: strings.TrimSuffix(w.Name, "-"+hash)}
		case w.Kind == "ReplicationController" && config != "":
			return flow.Workload{Kind: "DeploymentConfig", Name: config}
		case w.Kind == "Job":
			if m := cronJobName.FindStringSubmatch(w.Name); m != nil {
				return flow.Workload{Kind: "CronJob", Name: m[1]}
			}
		}
		return w
	}
	return flow.Workload{}
}

// labels are a pod's relevant labels in Cilium's form, with those that Cilium adds and a pod alone says: its namespace, service account and cluster.
func (r *Reader) labels(object map[string]any) []string {
	add := func(to []string, key, value string) []string {
		if value == "" {
			return append(to, "k8s:"+key)
		}
		return append(to, "k8s:"+key+"="+value)
	}
	found := []string{}
	own, _ := field(object, "metadata", "labels").(map[string]any)
	for key, value := range own {
		// Cilium's own labels are not the pod's to give.
		if value, ok := value.(string); ok && !strings.HasPrefix(key, "io.cilium.k8s") && key != podNamespace && r.Label(key) {
			found = add(found, key, value)
		}
	}
	for _, l := range [][2]string{
		{podNamespace, text(object, "metadata", "namespace")},
		{"io.cilium.k8s.policy.serviceaccount", text(object, "spec", "serviceAccountName")},
		{"io.cilium.k8s.policy.cluster", r.Cluster},
	} {
		if l[1] != "" {
			found = add(found, l[0], l[1])
		}
	}
	slices.Sort(found)
	return found
}

const podNamespace = "io.kubernetes.pod.namespace"
