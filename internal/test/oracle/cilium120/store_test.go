// SPDX-License-Identifier: Apache-2.0

package cilium120

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"github.com/cilium/cilium/pkg/hubble/parser/getters"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/ipcache"
	ciliumv2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	slim_corev1 "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/core/v1"
	"github.com/cilium/cilium/pkg/labels"
	policytypes "github.com/cilium/cilium/pkg/policy/types"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/oracle"
)

// The receiver's names come from the extension, and Hubble's from what Cilium's agent makes of the same objects.
func TestFlowsWithTheExtensionsNamesAreHubblesExceptForTheListedDifferences(t *testing.T) {
	snapshot, err := oracle.Snapshot()
	require.NoError(t, err)
	k := watch(t, snapshot)
	oracle.Test(t, oracle.Cilium120, parser(t, knowledge{k, k, k, k}), oracle.Knowledge{Names: extension(t, snapshot), Owner: k.owner}, records)
}

// extension starts the extension with a snapshot.
func extension(t *testing.T, snapshot []byte) flow.Names {
	t.Helper()
	path := filepath.Join(t.TempDir(), "snapshot.json")
	require.NoError(t, os.WriteFile(path, snapshot, 0o600))
	factory := k8snamesextension.NewFactory()
	config := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"snapshot": path, "node": oracle.Node}).Unmarshal(config))
	e, err := factory.Create(t.Context(), extensiontest.NewNopSettings(factory.Type()), config)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	return e.(flow.Names)
}

// watcher has what Cilium's agent knows of a cluster once it has seen its objects: its table of endpoints, its cache of addresses, the identities and the
// frontends.
type watcher struct {
	endpoints  map[netip.Addr]*local
	byID       map[uint16]*local
	ips        map[netip.Addr]ipcache.Identity
	pods       map[netip.Addr]*ipcache.K8sMetadata
	identities map[uint32]labels.Labels
	frontends  map[frontend]*flowpb.Service
}

type frontend struct {
	netip.AddrPort
	protocol slim_corev1.Protocol
}

var (
	_ getters.EndpointGetter = watcher{}
	_ getters.IdentityGetter = watcher{}
	_ getters.IPGetter       = watcher{}
	_ getters.ServiceGetter  = watcher{}
)

// watch reads the objects as the agent of the node oracle.Node does.
func watch(t *testing.T, snapshot []byte) watcher {
	t.Helper()
	var list struct{ Items []json.RawMessage }
	require.NoError(t, json.Unmarshal(snapshot, &list))
	w := watcher{
		endpoints: map[netip.Addr]*local{}, byID: map[uint16]*local{}, ips: map[netip.Addr]ipcache.Identity{}, pods: map[netip.Addr]*ipcache.K8sMetadata{},
		identities: map[uint32]labels.Labels{}, frontends: map[frontend]*flowpb.Service{},
	}
	read := func(kind string, object any, take func()) {
		for _, raw := range list.Items {
			var typ struct{ Kind string }
			require.NoError(t, json.Unmarshal(raw, &typ))
			if typ.Kind == kind {
				switch o := object.(type) {
				case *slim_corev1.Pod:
					*o = slim_corev1.Pod{}
				case *slim_corev1.Node:
					*o = slim_corev1.Node{}
				case *slim_corev1.Service:
					*o = slim_corev1.Service{}
				case *ciliumv2.CiliumEndpoint:
					*o = ciliumv2.CiliumEndpoint{}
				case *ciliumv2.CiliumIdentity:
					*o = ciliumv2.CiliumIdentity{}
				}
				require.NoError(t, json.Unmarshal(raw, object))
				take()
			}
		}
	}
	var own []string
	var node slim_corev1.Node
	read("Node", &node, func() {
		id := identity.ReservedIdentityRemoteNode
		if node.Name == oracle.Node {
			id = identity.ReservedIdentityHost
		}
		for _, a := range node.Status.Addresses {
			w.ips[netip.MustParseAddr(a.Address)] = ipcache.Identity{ID: id}
			if node.Name == oracle.Node {
				own = append(own, a.Address)
			}
		}
	})
	require.NotEmpty(t, own)
	var i ciliumv2.CiliumIdentity
	read("CiliumIdentity", &i, func() {
		number, err := strconv.ParseUint(i.Name, 10, 32)
		require.NoError(t, err)
		all := labels.Labels{}
		for key, value := range i.SecurityLabels {
			l := labels.ParseLabel(key + "=" + value)
			all[l.Key] = l
		}
		w.identities[uint32(number)] = all
	})
	pods := map[string]*slim_corev1.Pod{}
	var pod slim_corev1.Pod
	read("Pod", &pod, func() {
		p := pod
		pods[p.Namespace+"/"+p.Name] = &p
	})
	var e ciliumv2.CiliumEndpoint
	read("CiliumEndpoint", &e, func() {
		var l *local
		for _, address := range own {
			if e.Status.Networking.NodeIP == address {
				l = &local{endpoint: e, labels: w.identities[uint32(e.Status.Identity.ID)], pod: pods[e.Namespace+"/"+e.Name]}
				require.NotNil(t, l.pod)
				w.byID[uint16(l.GetID())] = l
			}
		}
		for _, pair := range e.Status.Networking.Addressing {
			for _, text := range []string{pair.IPV4, pair.IPV6} {
				if text == "" {
					continue
				}
				a := netip.MustParseAddr(text)
				w.ips[a] = ipcache.Identity{ID: identity.NumericIdentity(e.Status.Identity.ID)}
				w.pods[a] = &ipcache.K8sMetadata{Namespace: e.Namespace, PodName: e.Name}
				if l != nil {
					w.endpoints[a] = l
				}
			}
		}
	})
	var s slim_corev1.Service
	read("Service", &s, func() {
		for _, address := range s.Spec.ExternalIPs {
			for _, port := range s.Spec.Ports {
				w.frontends[frontend{netip.AddrPortFrom(netip.MustParseAddr(address), uint16(port.Port)), port.Protocol}] = &flowpb.Service{Namespace: s.Namespace, Name: s.Name}
			}
		}
	})
	for _, n := range []int{len(w.endpoints), len(w.byID), len(w.ips), len(w.pods), len(w.identities), len(w.frontends)} {
		require.NotZero(t, n)
	}
	return w
}

// owner is who has an address.
func (w watcher) owner(address netip.Addr) (oracle.Holder, bool) {
	i, ok := w.ips[address.Unmap()]
	_, local := w.endpoints[address.Unmap()]
	return oracle.Holder{Identity: uint32(i.ID), Local: local}, ok
}

func (w watcher) GetEndpointInfo(ip netip.Addr) (getters.EndpointInfo, bool) {
	l, ok := w.endpoints[ip.Unmap()]
	return l, ok
}

func (w watcher) GetEndpointInfoByID(id uint16) (getters.EndpointInfo, bool) {
	l, ok := w.byID[id]
	return l, ok
}

// GetIdentity is as CachingIdentityAllocator.LookupIdentityByID.
func (w watcher) GetIdentity(id uint32) (*identity.Identity, error) {
	if known := identity.LookupReservedIdentity(identity.NumericIdentity(id)); known != nil {
		return known, nil
	}
	if known, ok := w.identities[id]; ok {
		return &identity.Identity{ID: identity.NumericIdentity(id), Labels: known}, nil
	}
	return nil, errors.New("it is not known")
}

// LookupSecIDByIP has the world's identity for all other addresses, as the agent puts 0.0.0.0/0 and ::/0 into its cache (daemon/cmd/hostips-sync.go).
func (w watcher) LookupSecIDByIP(ip netip.Addr) (ipcache.Identity, bool) {
	if known, ok := w.ips[ip.Unmap()]; ok || !ip.IsValid() {
		return known, ok
	}
	return ipcache.Identity{ID: identity.GetWorldIdentityFromIP(ip)}, true
}

func (w watcher) GetK8sMetadata(ip netip.Addr) *ipcache.K8sMetadata { return w.pods[ip.Unmap()] }

// GetServiceByAddr is as in pkg/hubble/parser/cell: the packet's protocol is not asked for.
func (w watcher) GetServiceByAddr(ip netip.Addr, port uint16) *flowpb.Service {
	at := netip.AddrPortFrom(ip.Unmap(), port)
	if s := w.frontends[frontend{at, slim_corev1.ProtocolTCP}]; s != nil {
		return s
	}
	return w.frontends[frontend{at, slim_corev1.ProtocolUDP}]
}

// local is an endpoint of the node.
type local struct {
	endpoint ciliumv2.CiliumEndpoint
	labels   labels.Labels
	pod      *slim_corev1.Pod
}

func (l *local) GetID() uint64 { return uint64(l.endpoint.Status.ID) }
func (l *local) GetIdentity() identity.NumericIdentity {
	return identity.NumericIdentity(l.endpoint.Status.Identity.ID)
}
func (l *local) GetK8sPodName() string    { return l.endpoint.Name }
func (l *local) GetK8sNamespace() string  { return l.endpoint.Namespace }
func (l *local) GetLabels() labels.Labels { return l.labels }
func (l *local) GetPod() *slim_corev1.Pod { return l.pod }

func (*local) GetPolicyCorrelationInfoForKey(policytypes.Key) (policytypes.PolicyCorrelationInfo, bool) {
	return policytypes.PolicyCorrelationInfo{}, false
}
