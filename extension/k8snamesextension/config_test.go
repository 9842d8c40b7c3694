// SPDX-License-Identifier: Apache-2.0

package k8snamesextension

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
)

func load(t *testing.T, values map[string]any) (*Config, error) {
	t.Helper()
	c := createDefaultConfig().(*Config)
	if err := confmap.NewFromStringMap(values).Unmarshal(c); err != nil {
		return c, err
	}
	return c, c.Validate()
}

func TestTheDefaultsAskTheServerOfTheCluster(t *testing.T) {
	c, err := load(t, nil)
	require.NoError(t, err)
	require.Equal(t, serviceAccount, c.auth())
	require.Equal(t, []names.Kind{names.Endpoints, names.Identities, names.Nodes, names.Services, names.OwnPods}, c.kinds("win1"))
	require.NotContains(t, c.kinds(""), names.OwnPods)
}

func TestEveryFormOfAValueIsTaken(t *testing.T) {
	c, err := load(t, map[string]any{"labels": "app", "keep": 90, "snapshot": "a.yaml", "node": "win1"})
	require.NoError(t, err)
	require.Equal(t, []string{"app"}, c.Labels)
	require.Equal(t, 90*time.Second, c.Keep)
	require.Equal(t, none, c.auth())
	require.Equal(t, "win1", c.node())

	c, err = load(t, map[string]any{"auth_type": "kubeConfig", "kube_config_path": "c", "context": "x", "endpoint_slices": true})
	require.NoError(t, err)
	require.Equal(t, names.EndpointSlices, c.kinds("")[0])
	c, err = load(t, map[string]any{"identities": "pods"})
	require.NoError(t, err)
	require.Equal(t, []names.Kind{names.Pods, names.Nodes, names.Services}, c.kinds("win1"))
	t.Setenv("NODE_NAME", "WIN9")
	require.Equal(t, "win9", c.node(), "as the receiver's, in Kubernetes' spelling")
	c.Node = "Win1"
	require.Equal(t, "win1", c.node())
}

func TestAValueThatIsAMistakeIsRefusedWithItsKey(t *testing.T) {
	for want, values := range map[string]map[string]any{
		`auth_type: "tls" is not allowed; want serviceAccount, kubeConfig, none`:          {"auth_type": "tls"},
		`auth_type: with none there are no names`:                                         {"auth_type": "none"},
		`snapshot: it takes the place of a server, which auth_type: serviceAccount asks`:  {"auth_type": "serviceAccount", "snapshot": "a.yaml"},
		`auth_type: kube_config_path and context are of kubeConfig; it is serviceAccount`: {"context": "x"},
		`identities: "all" is not allowed; want cilium, pods`:                             {"identities": "all"},
		`endpoint_slices: they are Cilium's`:                                              {"identities": "pods", "endpoint_slices": true},
		`labels[1]: "a=b" is no glob of a label's key`:                                    {"labels": []any{"app", "a=b"}},
		`labels[0]: "" is no glob`:                                                        {"labels": []any{""}},
		`keep: 25h0m0s is not allowed; want 0s to 24h`:                                    {"keep": "25h"},
		`keep: -1s is not allowed`:                                                        {"keep": "-1s"},
		`keep: "soon" is not allowed; want a duration`:                                    {"keep": "soon"},
		`max_memory_mib: 0 is not allowed; want 1 to 65536`:                               {"max_memory_mib": 0},
		`node: "a b" is not the name of a host`:                                           {"node": "a b"},
		`cluster_name: `:                                                                  {"cluster_name": "a\nb"},
		`snapshot: `:                                                                      {"snapshot": "C:\new\traces.yaml"},
		`lables: there is no such key`:                                                    {"lables": "app"},
	} {
		_, err := load(t, values)
		require.ErrorContains(t, err, want)
	}
}
