// SPDX-License-Identifier: Apache-2.0

// Security identities and their labels.

package names

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// Cilium's reserved identities that a node can have, and the largest reserved one (pkg/identity/numericidentity.go; those from 11 on came with Cilium 1.20).
const (
	host          = 1
	remoteNode    = 6
	kubeAPIServer = 7
	maxReserved   = 14
)

// reservedLabels are the labels of the reserved identities, by number.
var reservedLabels = [maxReserved + 1][]string{
	host:          {"reserved:host"},
	2:             {"reserved:world"},
	3:             {"reserved:unmanaged"},
	4:             {"reserved:health"},
	5:             {"reserved:init"},
	remoteNode:    {"reserved:remote-node"},
	kubeAPIServer: {"reserved:kube-apiserver", "reserved:remote-node"},
	8:             {"reserved:ingress"},
	9:             {"reserved:world-ipv4"},
	10:            {"reserved:world-ipv6"},
	11:            {"reserved:aggregate-cluster"},
	12:            {"reserved:aggregate-cluster-mesh"},
	13:            {"reserved:aggregate-world"},
	14:            {"reserved:aggregate-remote-node"},
}

// reserved has the endpoints of a reserved identity: on the node that the events are of, and elsewhere.
type reserved struct{ local, remote made }

func (r *reserved) of(local bool) *made {
	if local {
		return &r.local
	}
	return &r.remote
}

// identity is a security identity, or with the number 0 a set of labels whose identity is not known.
type identity struct {
	number uint32
	known  atomic.Pointer[facts] // nil until its labels are known

	// For changes.
	users  int  // pods that have it
	listed bool // whether its own object is there
}

// facts are an identity's labels and what they say. They are never altered.
type facts struct {
	labels             []string
	cluster, namespace string
	alone              flow.Endpoint // an end of which only the identity is known
	cost               int
}

// Labels that say where a pod is (pkg/k8s/apis/cilium.io of Cilium 1.18).
const (
	namespaceLabel = "k8s:io.kubernetes.pod.namespace="
	clusterLabel   = "k8s:io.cilium.k8s.policy.cluster="
)

// learn makes the facts of an identity from all its labels, which are sorted. wanted reports whether a label is written.
func learn(number uint32, labels []string, wanted func(label string) bool) *facts {
	f := &facts{cost: factsSize}
	for _, l := range labels {
		if cluster, ok := strings.CutPrefix(l, clusterLabel); ok {
			f.cluster = cluster
		}
		if namespace, ok := strings.CutPrefix(l, namespaceLabel); ok {
			f.namespace = namespace
		}
		if wanted(l) {
			f.labels = append(f.labels, l)
			f.cost += len(l) + 16
		}
	}
	f.alone = flow.Endpoint{Identity: number, ClusterName: f.cluster, Namespace: f.namespace, Labels: f.labels}
	return f
}

// identityOf returns the identity with a number, whose labels may come later.
func (s *Store) identityOf(number uint32) *identity {
	i := s.numbers.identities[number]
	if i == nil {
		i = &identity{number: number}
		s.numbers.Lock()
		s.numbers.identities[number] = i
		s.numbers.Unlock()
		s.size += factsSize
	}
	return i
}

func (s *Store) setFacts(i *identity, f *facts) {
	s.size += costOf(f) - costOf(i.known.Load())
	i.known.Store(f)
}

func costOf(f *facts) int64 {
	if f == nil {
		return 0
	}
	return int64(f.cost)
}

func (s *Store) applyIdentity(r *record, o *Identity) {
	r.identity = o.Number
	i := s.identityOf(o.Number)
	f := learn(o.Number, o.Labels, s.wanted)
	if known := i.known.Load(); known != nil && !slices.Equal(known.labels, f.labels) && i.users == 0 {
		// The number was given again. Earlier owners keep the labels that they had.
		fresh := &identity{number: o.Number}
		s.size -= costOf(known)
		s.numbers.Lock()
		s.numbers.identities[o.Number] = fresh
		s.numbers.Unlock()
		i = fresh
	}
	i.listed = true
	s.setFacts(i, f)
}

// unused has an identity forgotten after a while if nothing has it.
func (s *Store) unused(i *identity, now int64) {
	if i.users == 0 && !i.listed {
		s.expiry.push(expiring{now, ended{number: i.number}})
	}
}

func (s *Store) forgetIdentity(number uint32) {
	i := s.numbers.identities[number]
	if i == nil || i.users > 0 || i.listed {
		return
	}
	s.numbers.Lock()
	delete(s.numbers.identities, number)
	s.numbers.Unlock()
	s.size -= factsSize + costOf(i.known.Load())
}
