// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

const (
	root      = "../../.."
	namespace = "otelcol-winnet"
	account   = "otelcol-winnet-agent" // and with -slices and -pods those with the other roles of the chart
	pods      = 3000
	movers    = 8
)

var (
	endpoints  = schema.GroupVersionResource{Group: "cilium.io", Version: "v2", Resource: "ciliumendpoints"}
	slices     = schema.GroupVersionResource{Group: "cilium.io", Version: "v2alpha1", Resource: "ciliumendpointslices"}
	identities = schema.GroupVersionResource{Group: "cilium.io", Version: "v2", Resource: "ciliumidentities"}
	corePods   = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	nodes      = schema.GroupVersionResource{Version: "v1", Resource: "nodes"}
	services   = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	namespaces = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	accounts   = schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}
)

// roles are those that the chart makes, which internal/test/kubernetes holds: with the values of the Kustomize component names, and what other values change.
var roles = []struct {
	suffix, before, after string
	granted               []string
}{
	{granted: []string{"cilium.io/ciliumendpoints", "cilium.io/ciliumidentities"}},
	{"-slices", "[ciliumendpoints, ", "[ciliumendpointslices, ", []string{"cilium.io/ciliumendpointslices", "cilium.io/ciliumidentities"}},
	{"-pods", "  - apiGroups: [cilium.io]\n    resources: [ciliumendpoints, ciliumidentities]\n    verbs: [list, watch]\n", "", nil},
}

// prepare makes what a cluster has before a test: Cilium's resources, the namespaces, the account with its roles, a node.
func (s *servers) prepare(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/cilium/cilium").Output()
	require.NoError(t, err)
	for _, name := range []string{"v2/ciliumendpoints.yaml", "v2/ciliumidentities.yaml", "v2alpha1/ciliumendpointslices.yaml"} {
		raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "pkg/k8s/apis/cilium.io/client/crds", name))
		require.NoError(t, err)
		s.apply(t, raw)
	}
	for _, name := range []string{namespace, "shop"} {
		require.NoError(t, s.create(t.Context(), namespaces, map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name}}))
	}
	rbac, err := os.ReadFile(filepath.Join(root, "deploy/kubernetes/kustomize/names/rbac.yaml"))
	require.NoError(t, err)
	for _, r := range roles {
		role := strings.ReplaceAll(string(rbac), account, account+r.suffix)
		if r.suffix != "" {
			require.Contains(t, role, r.before)
			role = strings.Replace(role, r.before, r.after, 1)
		}
		require.NoError(t, s.create(t.Context(), accounts, map[string]any{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": map[string]any{"name": account + r.suffix, "namespace": namespace}}))
		s.apply(t, []byte(role))
	}
	require.NoError(t, s.create(t.Context(), nodes, map[string]any{"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": "win1"}}))
	node, err := s.admin.Resource(nodes).Get(t.Context(), "win1", metav1.GetOptions{})
	require.NoError(t, err)
	require.NoError(t, unstructured.SetNestedSlice(node.Object, []any{map[string]any{"type": "InternalIP", "address": "192.168.0.1"}}, "status", "addresses"))
	_, err = s.admin.Resource(nodes).UpdateStatus(t.Context(), node, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := s.admin.Resource(endpoints).List(t.Context(), metav1.ListOptions{Limit: 1})
		return err == nil
	}, wait, 50*time.Millisecond, "Cilium's resources are not served")
}

// token asks for a token of an account.
func (s *servers) token(t *testing.T, account string) string {
	t.Helper()
	request := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": map[string]any{"name": account},
		"spec": map[string]any{"expirationSeconds": int64(3600)}}}
	answer, err := s.admin.Resource(accounts).Namespace(namespace).Create(t.Context(), request, metav1.CreateOptions{}, "token")
	require.NoError(t, err)
	token, _, err := unstructured.NestedString(answer.Object, "status", "token")
	require.NoError(t, err)
	require.NotEmpty(t, token)
	return token
}

// names is the extension, as a collector runs it.
type names struct {
	extension.Extension
	flow.Names
	telemetry *componenttest.Telemetry
	status    atomic.Pointer[componentstatus.Event]
}

// GetExtensions implements component.Host.
func (*names) GetExtensions() map[component.ID]component.Component { return nil }

// Report implements componentstatus.Reporter.
func (n *names) Report(e *componentstatus.Event) { n.status.Store(e) }

// start starts the extension behind the door, with the agent's account.
func (s *servers) start(t *testing.T, more map[string]any) *names {
	t.Helper()
	return s.startAs(t, account, more)
}

func (s *servers) startAs(t *testing.T, account string, more map[string]any) *names {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://%s", certificate-authority: %q}}]
users: [{name: u, user: {token: %q}}]
`, s.door.address, s.ca(), s.token(t, account)), 0o600))
	values := map[string]any{"auth_type": "kubeConfig", "kube_config_path": path, "node": "win1"}
	for k, v := range more {
		values[k] = v
	}
	return startNames(t, values)
}

// startNames starts the extension with a configuration.
func startNames(t *testing.T, values map[string]any) *names {
	t.Helper()
	factory := k8snamesextension.NewFactory()
	config := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(values).Unmarshal(config))
	require.NoError(t, config.(interface{ Validate() error }).Validate())
	n := &names{telemetry: componenttest.NewTelemetry()}
	set := extensiontest.NewNopSettings(factory.Type())
	set.TelemetrySettings = n.telemetry.NewTelemetrySettings()
	var err error
	n.Extension, err = factory.Create(context.Background(), set, config)
	require.NoError(t, err)
	n.Names = n.Extension.(flow.Names)
	begun := time.Now()
	require.NoError(t, n.Start(context.Background(), n))
	require.Less(t, time.Since(begun), time.Second, "the start waits for no server")
	t.Cleanup(func() { require.NoError(t, n.Shutdown(context.Background())) })
	return n
}

// pod is the pod that has an address now.
func (n *names) pod(address netip.Addr) string {
	if e := n.Endpoint(address, 0, time.Now().UnixNano()); e != nil {
		return e.PodName
	}
	return ""
}

// metric is the value of one of the extension's metrics, by the value of its attribute, or "".
func (n *names) metric(t *testing.T, name, attribute string) float64 {
	t.Helper()
	m, err := n.telemetry.GetMetric("otelcol_extension_k8s_names_" + name)
	require.NoError(t, err)
	switch data := m.Data.(type) {
	case metricdata.Gauge[float64]:
		return data.DataPoints[0].Value
	case metricdata.Gauge[int64]:
		return ofAttribute(data.DataPoints, attribute)
	case metricdata.Sum[int64]:
		return ofAttribute(data.DataPoints, attribute)
	}
	t.Fatalf("%T", m.Data)
	return 0
}

// ofAttribute is the point with the value of an attribute, or without another attribute than the extension's ID.
func ofAttribute(points []metricdata.DataPoint[int64], value string) float64 {
	for _, p := range points {
		if a := p.Attributes.ToSlice(); value == "" && len(a) == 1 || len(a) == 2 && (a[0].Value.AsString() == value || a[1].Value.AsString() == value) {
			return float64(p.Value)
		}
	}
	return -1
}

func address(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}) }

// endpoint is a CiliumEndpoint with its pod's address.
func endpoint(name string, identity int, a netip.Addr) map[string]any {
	return map[string]any{
		"apiVersion": "cilium.io/v2", "kind": "CiliumEndpoint", "metadata": map[string]any{"name": name, "namespace": "shop"},
		"status": map[string]any{
			"id": int64(17), "identity": map[string]any{"id": int64(identity)},
			"networking": map[string]any{"addressing": []any{map[string]any{"ipv4": a.String()}}, "node": "192.168.0.1"},
		},
	}
}

// all does something for each index, several at a time.
func all(t *testing.T, n int, one func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	var next atomic.Int64
	errs := make(chan error, movers)
	for range movers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := one(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	require.NoError(t, <-errs)
}

// eventually waits for what the API server will tell.
func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, wait, 20*time.Millisecond, what)
}

// history has who may have had an address: a look-up must find nobody else, at any time.
type history struct {
	mu     sync.RWMutex
	owners map[netip.Addr]map[string]bool
}

func (h *history) add(a netip.Addr, pod string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.owners[a] == nil {
		h.owners[a] = map[string]bool{}
	}
	h.owners[a][pod] = true
}

func TestAgainstARealAPIServer(t *testing.T) {
	if os.Getenv(podWanted) != "" {
		namesInAPod(t)
		return
	}
	s := startServers(t)

	s.prepare(t)
	t.Run("TheAccountsMayListAndWatchWhatTheyFollowAndNothingElse", s.grantsNothingMore)
	t.Run("PodsComeMoveAndGoWhileACaptureReplays", s.podsComeMoveAndGo)
	t.Run("AnOutageARestartAndAnExpiredWatchLeaveNoWrongName", s.outage)
	t.Run("SlicesOfEndpointsAreEnough", s.endpointSlices)
	t.Run("CorePodsAreEnough", s.corePods)
	t.Run("TheAccountOfThePodIsEnough", s.inAPod)
}
