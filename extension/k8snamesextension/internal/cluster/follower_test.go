// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/rest"
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

// An answer that a reflector deals with by itself, or none, is reported when it lasts.
func TestAServerThatNeverGivesAListIsReported(t *testing.T) {
	resource := schema.GroupResource{Resource: "pods"}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"too many requests": {apierrors.NewTooManyRequests("slow down", 1), "cannot list and watch pods: slow down"},
		"timeout":           {apierrors.NewTimeoutError("etcd is away", 1), "etcd is away"},
		"invalid":           {apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil), "ListOptions"},
		"silent":            {nil, "no answer"},
		"forbidden":         {apierrors.NewForbidden(resource, "", errors.New("no role")), "forbids it"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var changes atomic.Int64
				begun := time.Now()
				f := New(refusing{err: c.err}, []names.Kind{names.Pods}, &objects.Reader{}, names.New(names.Options{MaxSize: 1 << 20}), func() { changes.Add(1) })
				ctx, stop := context.WithCancel(t.Context())
				f.Start(ctx)
				time.Sleep(8 * time.Second)
				require.Equal(t, begun, f.States()[names.Pods].Lost, "nothing was ever known")
				time.Sleep(30 * time.Second)
				s := f.States()[names.Pods]
				require.ErrorContains(t, s.Err, c.want)
				require.False(t, s.Listed)
				require.Equal(t, begun, s.Lost)
				require.Positive(t, changes.Load())
				time.Sleep(5 * time.Minute)
				require.LessOrEqual(t, changes.Load(), int64(3), "it is reported when it changes")
				stop()
				f.Wait()
			})
		})
	}
}

// refusing is a server that answers each request with the same error, or that does not answer.
type refusing struct {
	dynamic.NamespaceableResourceInterface
	err error
}

func (r refusing) Resource(schema.GroupVersionResource) dynamic.NamespaceableResourceInterface {
	return r
}

func (r refusing) List(ctx context.Context, _ metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	return nil, r.answer(ctx)
}

func (r refusing) Watch(ctx context.Context, _ metav1.ListOptions) (watch.Interface, error) {
	return nil, r.answer(ctx)
}

func (r refusing) answer(ctx context.Context) error {
	if r.err != nil {
		return r.err
	}
	<-ctx.Done()
	return ctx.Err()
}

// The API server forgets the snapshot that the pages are of: the reflector asks for everything, and must get everything.
func TestAListThatExpiresBetweenItsPagesIsComplete(t *testing.T) {
	const pods = 1200
	var pages, whole atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		w.Header().Set("Content-Type", "application/json")
		switch {
		case q.Get("sendInitialEvents") != "":
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422}`)
		case q.Get("watch") != "":
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case q.Get("continue") != "":
			w.WriteHeader(http.StatusGone)
			fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", "code": 410}`)
		default:
			n, next := pods, ""
			if limit, err := strconv.Atoi(q.Get("limit")); err == nil && limit > 0 && limit < pods {
				pages.Add(1)
				n, next = limit, "next"
			} else {
				whole.Add(1)
			}
			var items []any
			for i := range n {
				items = append(items, pod(fmt.Sprint("pod-", i), fmt.Sprintf("10.0.%d.%d", i/250, i%250+1), "Running").Object)
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"kind": "PodList", "apiVersion": "v1", "metadata": map[string]any{"resourceVersion": "7", "continue": next}, "items": items})
		}
	}))
	client, err := dynamic.NewForConfig(&rest.Config{Host: server.URL})
	require.NoError(t, err)
	store := names.New(names.Options{Keep: time.Minute, MaxSize: 16 << 20})
	f := New(client, []names.Kind{names.Pods}, &objects.Reader{Label: objects.Relevant}, store, func() {})
	ctx, stop := context.WithCancel(t.Context())
	f.Start(ctx)
	eventually(t, func() bool { return f.States()[names.Pods].Listed })
	stop()
	f.Wait()
	server.Close()
	require.EqualValues(t, pods, store.Account().Objects[names.Pods])
	require.Equal(t, []int64{1, 1}, []int64{pages.Load(), whole.Load()}, "pages are asked for first")
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
