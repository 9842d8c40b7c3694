// SPDX-License-Identifier: Apache-2.0

package k8snamesextension

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	dynamicfake "k8s.io/client-go/dynamic/fake"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/metadatatest"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"

	"go.opentelemetry.io/collector/component/componenttest"
)

// host notes the statuses.
type host struct {
	component.Host
	mu     sync.Mutex
	events []*componentstatus.Event
}

func (h *host) Report(e *componentstatus.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

func (h *host) statuses() (all []componentstatus.Status) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		all = append(all, e.Status())
	}
	return all
}

func snapshotConfig(path string) *Config {
	c := createDefaultConfig().(*Config)
	c.Snapshot, c.Node = path, "win-node-1"
	return c
}

func TestASnapshotNamesFlowsOfAnyTime(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	set := extensiontest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	n, err := newExtension(set, snapshotConfig("testdata/snapshot.yaml"))
	require.NoError(t, err)
	require.NoError(t, n.Start(t.Context(), componenttest.NewNopHost()))
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	for _, address := range []string{"10.244.1.12", "fd00:10:244:1::c", "::ffff:10.244.1.12"} {
		require.Equal(t, &flow.Endpoint{
			ID: 1034, Identity: 20417, ClusterName: "default", Namespace: "shop", PodName: "frontend-7d9f8c6b5-x2x4k", Local: true, Workloads: []flow.Workload{{Kind: "Deployment", Name: "frontend"}},
			Labels: []string{"k8s:app=frontend", "k8s:io.cilium.k8s.policy.cluster=default", "k8s:io.cilium.k8s.policy.serviceaccount=frontend", "k8s:io.kubernetes.pod.namespace=shop"},
		}, n.Endpoint(netip.MustParseAddr(address), 20417, at), address)
	}
	database := n.Endpoint(netip.MustParseAddr("10.244.2.40"), 0, at)
	require.Equal(t, []any{"database-0", false, uint32(47031)}, []any{database.PodName, database.Local, database.Identity})
	require.Equal(t, &flow.Service{Namespace: "shop", Name: "database"}, n.Service(netip.MustParseAddr("10.96.20.40"), 5432, flow.L4TCP, at))
	require.Nil(t, n.Endpoint(netip.MustParseAddr("8.8.8.8"), 0, at))
	require.Equal(t, []string{"reserved:world"}, n.Endpoint(netip.MustParseAddr("8.8.8.8"), 2, at).Labels)

	named := attribute.NewSet(attribute.String("extension", set.ID.String()))
	metadatatest.AssertEqualExtensionK8sNamesAge(t, telemetry, []metricdata.DataPoint[float64]{{Attributes: named}}, metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualExtensionK8sNamesServicesFound(t, telemetry, []metricdata.DataPoint[int64]{{Value: 1, Attributes: named}}, metricdatatest.IgnoreTimestamp())
	size, err := telemetry.GetMetric("otelcol_extension_k8s_names_memory_size")
	require.NoError(t, err)
	require.Positive(t, size.Data.(metricdata.Gauge[int64]).DataPoints[0].Value)
	require.NoError(t, n.Shutdown(t.Context()))
	require.NoError(t, telemetry.Shutdown(t.Context()))
}

func TestTheLabelsThatAreNotWantedAreNotWritten(t *testing.T) {
	c := snapshotConfig("testdata/snapshot.yaml")
	c.Labels = []string{"app"}
	n, err := newExtension(extensiontest.NewNopSettings(metadata.Type), c)
	require.NoError(t, err)
	require.NoError(t, n.Start(t.Context(), componenttest.NewNopHost()))
	e := n.Endpoint(netip.MustParseAddr("10.244.1.12"), 0, 0)
	require.Equal(t, []string{"k8s:app=frontend"}, e.Labels)
	require.Equal(t, "default", e.ClusterName, "it is in a label that is not written")
	require.NoError(t, n.Shutdown(t.Context()))
}

func TestASnapshotThatCannotBeUsedEndsTheStartAndSaysWhy(t *testing.T) {
	pods := filepath.Join(t.TempDir(), "pods.yaml")
	require.NoError(t, os.WriteFile(pods, []byte("{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: b}, status: {podIP: 10.0.0.1}}\n"), 0o600))
	for path, want := range map[string]string{
		filepath.Join(t.TempDir(), "away.yaml"): "away.yaml",
		"config.go":                             "is no",
		pods:                                    "has pods, but no CiliumEndpoint or CiliumEndpointSlice; add them, or set identities: pods",
	} {
		n, err := newExtension(extensiontest.NewNopSettings(metadata.Type), snapshotConfig(path))
		require.NoError(t, err)
		require.ErrorContains(t, n.Start(t.Context(), componenttest.NewNopHost()), want)
		require.NoError(t, n.Shutdown(t.Context()))
	}
	c := snapshotConfig(pods)
	c.Identities = "pods"
	n, err := newExtension(extensiontest.NewNopSettings(metadata.Type), c)
	require.NoError(t, err)
	require.NoError(t, n.Start(t.Context(), componenttest.NewNopHost()))
	require.Equal(t, "a", n.Endpoint(netip.MustParseAddr("10.0.0.1"), 0, 0).PodName)
	require.NoError(t, n.Shutdown(t.Context()))
}

// A token or a kubeconfig file may come after the collector: the start does not wait for it, and does not fail.
func TestTheExtensionWaitsForItsCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := newExtension(extensiontest.NewNopSettings(metadata.Type), createDefaultConfig().(*Config))
		require.NoError(t, err)
		there := false
		var mu sync.Mutex
		n.client = func() (dynamic.Interface, error) {
			mu.Lock()
			defer mu.Unlock()
			if !there {
				return nil, errors.New("no token")
			}
			lists := map[schema.GroupVersionResource]string{}
			for resource, kind := range map[string]string{"pods": "PodList", "nodes": "NodeList", "services": "ServiceList"} {
				lists[schema.GroupVersionResource{Version: "v1", Resource: resource}] = kind
			}
			for resource, kind := range map[string]string{"ciliumendpoints": "CiliumEndpointList", "ciliumidentities": "CiliumIdentityList"} {
				lists[schema.GroupVersionResource{Group: "cilium.io", Version: "v2", Resource: resource}] = kind
			}
			return dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists), nil
		}
		h := &host{Host: componenttest.NewNopHost()}
		begun := time.Now()
		require.NoError(t, n.Start(t.Context(), h))
		require.Zero(t, time.Since(begun))
		synctest.Wait()
		require.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError}, h.statuses())
		require.Nil(t, n.Endpoint(netip.MustParseAddr("10.0.0.1"), 0, begun.UnixNano()))
		time.Sleep(10 * time.Second)
		require.Equal(t, 10*time.Second, n.age(time.Now()))
		mu.Lock()
		there = true
		mu.Unlock()
		time.Sleep(retryAfter)
		synctest.Wait()
		require.Equal(t, []componentstatus.Status{componentstatus.StatusRecoverableError, componentstatus.StatusOK}, h.statuses())
		require.Zero(t, n.age(time.Now()))
		require.NoError(t, n.Shutdown(t.Context()))
	})
}

// A node's name that no node has would make every direction and every local endpoint wrong without a word.
func TestANameThatNoNodeHasIsSaidOnce(t *testing.T) {
	for node, want := range map[string]int{"win-node-1": 0, "WIN-NODE-1": 0, "win-node-9": 1} {
		core, logs := observer.New(zap.WarnLevel)
		set := extensiontest.NewNopSettings(metadata.Type)
		set.Logger = zap.New(core)
		c := snapshotConfig("testdata/snapshot.yaml")
		c.Node = node
		n, err := newExtension(set, c)
		require.NoError(t, err)
		require.NoError(t, n.Start(t.Context(), componenttest.NewNopHost()))
		require.Equal(t, want, logs.FilterMessageSnippet("no node has this name").Len(), node)
		require.Equal(t, want == 0, n.Endpoint(netip.MustParseAddr("10.244.1.12"), 0, 0).Local, node)
		require.NoError(t, n.Shutdown(t.Context()))
	}
}
