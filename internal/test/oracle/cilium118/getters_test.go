// SPDX-License-Identifier: Apache-2.0

package cilium118

import (
	"errors"
	"net/netip"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"github.com/cilium/cilium/pkg/hubble/parser/getters"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/ipcache"
	slim_corev1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
	slim_metav1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/apis/meta/v1"
	"github.com/cilium/cilium/pkg/labels"
	policytypes "github.com/cilium/cilium/pkg/policy/types"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/oracle"
)

// agent has the knowledge of Cilium's agent, from the oracle's cluster. It is the same in cilium120. Each module builds it with its own version of Cilium: if it
// were in a package of the root module, the root would require all that it imports, Kubernetes' packages too.
type agent struct{ oracle.Cluster }

var (
	_ getters.EndpointGetter = agent{}
	_ getters.IdentityGetter = agent{}
	_ getters.IPGetter       = agent{}
	_ getters.ServiceGetter  = agent{}
)

func (a agent) GetEndpointInfo(ip netip.Addr) (getters.EndpointInfo, bool) {
	o, _ := a.Owner(ip)
	return endpoint{o}, o.Local
}

// GetEndpointInfoByID is for debug messages, of which this project has the id only, and for the names of policies.
func (agent) GetEndpointInfoByID(uint16) (getters.EndpointInfo, bool) { return nil, false }

func (a agent) GetIdentity(id uint32) (*identity.Identity, error) {
	known := a.Labels(id)
	if known == nil {
		return nil, errors.New("it is not known")
	}
	return &identity.Identity{ID: identity.NumericIdentity(id), Labels: labels.NewLabelsFromModel(known)}, nil
}

func (a agent) LookupSecIDByIP(ip netip.Addr) (ipcache.Identity, bool) {
	o, ok := a.Owner(ip)
	return ipcache.Identity{ID: identity.NumericIdentity(o.Identity)}, ok && o.Identity != 0
}

func (a agent) GetK8sMetadata(ip netip.Addr) *ipcache.K8sMetadata {
	o, _ := a.Owner(ip)
	if o.Pod == "" {
		return nil
	}
	return &ipcache.K8sMetadata{Namespace: o.Namespace, PodName: o.Pod}
}

func (a agent) GetServiceByAddr(ip netip.Addr, port uint16) *flowpb.Service {
	s := a.Service(ip, port)
	if s == nil {
		return nil
	}
	return &flowpb.Service{Namespace: s.Namespace, Name: s.Name}
}

// endpoint is a local endpoint.
type endpoint struct{ oracle.Owner }

func (e endpoint) GetID() uint64                         { return uint64(e.ID) }
func (e endpoint) GetIdentity() identity.NumericIdentity { return identity.NumericIdentity(e.Identity) }
func (e endpoint) GetK8sPodName() string                 { return e.Pod }
func (e endpoint) GetK8sNamespace() string               { return e.Namespace }
func (e endpoint) GetLabels() labels.Labels {
	return labels.NewLabelsFromModel(oracle.Cluster{}.Labels(e.Identity))
}

func (e endpoint) GetPod() *slim_corev1.Pod {
	if e.Pod == "" {
		return nil
	}
	yes := true
	return &slim_corev1.Pod{ObjectMeta: slim_metav1.ObjectMeta{
		Name: e.Pod, Namespace: e.Namespace, GenerateName: e.Workload.Name + "-",
		OwnerReferences: []slim_metav1.OwnerReference{{Kind: e.Workload.Kind, Name: e.Workload.Name, Controller: &yes}},
	}}
}

func (endpoint) GetPolicyCorrelationInfoForKey(policytypes.Key) (policytypes.PolicyCorrelationInfo, bool) {
	return policytypes.PolicyCorrelationInfo{}, false
}
