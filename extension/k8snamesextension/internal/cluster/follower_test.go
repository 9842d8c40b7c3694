// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/objects"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster is a fake of client-go with its follower.
type cluster struct {
	client   *dynamicfake.FakeDynamicClient
	store    *names.Store
	follower *Follower
	changes  atomic.Int64
}

var lists = map[schema.GroupVersionResource]string{
	resources[names.Pods]: "PodList", resources[names.Nodes]: "NodeList", resources[names.Services]: "ServiceList",
	resources[names.Endpoints]: "CiliumEndpointList", resources[names.Identities]: "CiliumIdentityList",
}

func start(t *testing.T, kinds []names.Kind, prepare func(*cluster), there ...runtime.Object) *cluster {
	c := &cluster{
		client: dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists, there...),
		store:  names.New(names.Options{Keep: time.Minute, MaxSize: 1 << 20}),
	}
	if prepare != nil {
		prepare(c)
	}
	c.follower = New(c.client, kinds, &objects.Reader{Node: "win1", Label: objects.Relevant}, c.store, func() { c.changes.Add(1) })
	ctx, stop := context.WithCancel(t.Context())
	c.follower.Start(ctx)
	t.Cleanup(func() {
		stop()
		c.follower.Wait()
	})
	return c
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 20*time.Second, time.Millisecond)
}

func (c *cluster) pod(address string) string {
	e := c.store.Endpoint(netip.MustParseAddr(address), 0, time.Now().Add(time.Second).UnixNano())
	if e == nil {
		return ""
	}
	return e.PodName
}

func pod(name, address, phase string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"namespace": "shop", "name": name},
		"status": map[string]any{"phase": phase, "podIPs": []any{map[string]any{"ip": address}}},
	}}
}

var podKinds = []names.Kind{names.Pods, names.Nodes, names.Services}

func TestPodsAreFollowedFromTheirListOn(t *testing.T) {
	c := start(t, podKinds, nil, pod("a", "10.0.0.1", "Running"))
	eventually(t, func() bool { return c.pod("10.0.0.1") == "a" })
	eventually(t, func() bool {
		for _, a := range c.client.Actions() {
			if a.GetVerb() == "watch" && a.GetResource().Resource == "pods" {
				return true
			}
		}
		return false
	})
	pods := c.client.Resource(resources[names.Pods]).Namespace("shop")
	_, err := pods.Create(t.Context(), pod("b", "10.0.0.2", "Running"), metav1.CreateOptions{})
	require.NoError(t, err)
	eventually(t, func() bool { return c.pod("10.0.0.2") == "b" })
	_, err = pods.Update(t.Context(), pod("b", "10.0.0.2", "Succeeded"), metav1.UpdateOptions{})
	require.NoError(t, err)
	eventually(t, func() bool { return c.pod("10.0.0.2") == "" })
	require.NoError(t, pods.Delete(t.Context(), "a", metav1.DeleteOptions{}))
	eventually(t, func() bool { return c.pod("10.0.0.1") == "" })
	for kind, s := range c.follower.States() {
		require.True(t, s.Listed, kind)
		require.NoError(t, s.Err)
		require.EqualValues(t, 1, s.Lists)
	}
}

func TestAWatchThatHasExpiredIsListedAgain(t *testing.T) {
	var watches atomic.Int64
	c := start(t, podKinds, func(c *cluster) {
		c.client.PrependWatchReactor("pods", func(clienttesting.Action) (bool, watch.Interface, error) {
			if watches.Add(1) > 1 {
				return false, nil, nil
			}
			w := watch.NewFakeWithChanSize(1, false)
			w.Error(&apierrors.NewResourceExpired("too old resource version").ErrStatus)
			return true, w, nil
		})
	}, pod("a", "10.0.0.1", "Running"))
	eventually(t, func() bool { return c.follower.States()[names.Pods].Lists == 2 })
	require.Equal(t, "a", c.pod("10.0.0.1"))
	require.NoError(t, c.follower.States()[names.Pods].Err)
}

func TestAServerThatIsAwayLeavesTheLastNames(t *testing.T) {
	var (
		away    atomic.Bool
		mu      sync.Mutex
		watches []*watch.FakeWatcher
	)
	refuse := func(clienttesting.Action) (bool, runtime.Object, error) {
		return away.Load(), nil, errors.New("dial tcp 127.0.0.1:6443: connect: connection refused")
	}
	// goAway ends the server, and the watches with it.
	goAway := func() {
		mu.Lock()
		defer mu.Unlock()
		away.Store(true)
		for _, w := range watches {
			w.Stop()
		}
	}
	c := start(t, podKinds, func(c *cluster) {
		c.client.PrependReactor("list", "*", refuse)
		c.client.PrependWatchReactor("*", func(clienttesting.Action) (bool, watch.Interface, error) {
			mu.Lock()
			defer mu.Unlock()
			if away.Load() {
				return true, nil, errors.New("connection refused")
			}
			w := watch.NewFake()
			watches = append(watches, w)
			return true, w, nil
		})
	}, pod("a", "10.0.0.1", "Running"))
	eventually(t, func() bool { return c.pod("10.0.0.1") == "a" })
	goAway()
	eventually(t, func() bool { return c.follower.States()[names.Pods].Err != nil })
	s := c.follower.States()[names.Pods]
	require.False(t, s.Lost.IsZero())
	require.ErrorContains(t, s.Err, "cannot list and watch pods")
	require.Equal(t, "a", c.pod("10.0.0.1"))
	away.Store(false)
	eventually(t, func() bool { s := c.follower.States()[names.Pods]; return s.Err == nil && s.Lost.IsZero() })
}

func TestTheReasonWhyTheServerRefusesSaysWhatToDo(t *testing.T) {
	for want, err := range map[string]error{
		"grant the verbs list and watch":             apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("no role")),
		"does not accept the credentials":            apierrors.NewUnauthorized("expired"),
		"install Cilium, or set identities: pods":    apierrors.NewNotFound(schema.GroupResource{Group: "cilium.io", Resource: "ciliumendpoints"}, ""),
		"the API server does not answer: connection": &connectionRefused{},
	} {
		s := &source{kind: names.Endpoints}
		require.ErrorContains(t, s.explained(err), want)
	}
}

type connectionRefused struct{}

func (*connectionRefused) Error() string   { return "connection refused" }
func (*connectionRefused) Timeout() bool   { return false }
func (*connectionRefused) Temporary() bool { return false }
