// SPDX-License-Identifier: Apache-2.0

package snapshot

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/objects"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

const example = "../../testdata/snapshot.yaml"

func reader() *objects.Reader { return &objects.Reader{Node: "win-node-1", Label: objects.Relevant} }

func TestAFileHasObjectsInListsAndInDocuments(t *testing.T) {
	c, err := File(example, reader())
	require.NoError(t, err)
	require.Equal(t, 1, c.Ignored, "the secret")
	frontend := netip.MustParseAddr("10.244.1.12")
	require.Equal(t, []*names.Object{{Key: "shop/frontend-7d9f8c6b5-x2x4k", Ends: []names.End{{
		Addresses: []netip.Addr{frontend, netip.MustParseAddr("fd00:10:244:1::c")}, Namespace: "shop", Pod: "frontend-7d9f8c6b5-x2x4k", ID: 1034, Identity: 20417,
		Labels: []string{"k8s:app=frontend", "k8s:io.cilium.k8s.policy.cluster=default", "k8s:io.cilium.k8s.policy.serviceaccount=frontend", "k8s:io.kubernetes.pod.namespace=shop"},
		Host:   netip.MustParseAddr("192.168.10.11"),
	}}}}, c.Objects[names.Endpoints])
	pod := c.Objects[names.Pods][0].Ends[0]
	require.Equal(t, flow.Workload{Kind: "Deployment", Name: "frontend"}, pod.Workload)
	require.Equal(t, []string{"k8s:app=frontend", "k8s:io.cilium.k8s.policy.serviceaccount=frontend", "k8s:io.kubernetes.pod.namespace=shop"}, pod.Labels)
	require.True(t, pod.Local)
	require.Equal(t, []names.End{{
		Addresses: []netip.Addr{netip.MustParseAddr("10.244.2.40"), netip.MustParseAddr("fd00:10:244:2::28")}, Namespace: "shop", Pod: "database-0", Identity: 47031,
		Host: netip.MustParseAddr("192.168.10.12"),
	}}, c.Objects[names.EndpointSlices][0].Ends)
	require.Equal(t, &names.Identity{Number: 47031, Labels: []string{"k8s:app=database", "k8s:io.cilium.k8s.policy.cluster=default", "k8s:io.kubernetes.pod.namespace=shop"}},
		c.Objects[names.Identities][0].Identity)
	require.Equal(t, []names.Frontend{{Address: netip.MustParseAddr("10.96.20.40"), Port: 5432, Protocol: flow.L4TCP}}, c.Objects[names.Services][0].Frontends)
	require.True(t, c.Objects[names.Nodes][0].Ends[0].Local)
	require.Equal(t, "shop/frontend-7d9f8c6b5-x2x4k", c.Objects[names.OwnPods][0].Key)
}

func TestJSONIsReadToo(t *testing.T) {
	c, err := Read([]byte(`{"kind":"List","apiVersion":"v1","items":[{"kind":"CiliumIdentity","apiVersion":"cilium.io/v2","metadata":{"name":"7001"},"security-labels":{"k8s:app":"a"}}]}`), reader())
	require.NoError(t, err)
	require.Equal(t, uint32(7001), c.Objects[names.Identities][0].Identity.Number)
}

func TestAFileThatIsNoSnapshotIsAnErrorThatSaysWhy(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "no object is of a kind that has names",
		"kind: Secret":           "no object is of a kind that has names",
		"- a\n- b":               "document 1 is no object of Kubernetes",
		"kind: [":                "document 1 is no YAML",
		"kind: List\n---\na: *b": "document 2 is no YAML",
		"items: [[[[[1]]]]]":     "document 1 has no kind",
		"apiVersion: v1\nk: *a":  "document 1 is no YAML",
		// Each line stands nine times in the next one.
		bomb(12): "excessive aliasing",
	} {
		_, err := Read([]byte(text), reader())
		require.ErrorContains(t, err, want, "%.60q", text)
	}
	_, err := File(filepath.Join(t.TempDir(), "away.yaml"), reader())
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAFileThatWasCutIsRefusedWhereverItEnds(t *testing.T) {
	// As kubectl writes it: the keys in their order.
	pod := "- apiVersion: v1\n  kind: Pod\n  metadata:\n    labels:\n      app: cart\n    name: cart-1\n    namespace: shop\n  status:\n    podIP: 10.0.0.1\n"
	head, tail := "apiVersion: v1\nitems:\n"+pod+pod, "kind: List\nmetadata:\n  resourceVersion: \"\"\n"
	_, err := Read([]byte(head+tail), reader())
	require.NoError(t, err)
	for n := range len(head) {
		_, err := Read([]byte(head[:n]), reader())
		require.Error(t, err, head[:n])
	}
}

func bomb(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < levels; i++ {
		before, name := string(rune('a'+i-1))+"0", string(rune('a'+i))+"0"
		b.WriteString(name + ": &" + name + " [" + strings.Repeat("*"+before+", ", 8) + "*" + before + "]\n")
	}
	return b.String()
}

func TestAFileThatIsTooLargeIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.yaml")
	require.NoError(t, os.WriteFile(path, []byte("kind: List\n"), 0o600))
	require.NoError(t, os.Truncate(path, maxSize+1))
	_, err := File(path, reader())
	require.ErrorContains(t, err, "more than 64 MiB")
}

// FuzzSnapshot holds that no file makes the reader or the store panic, and that what comes out is bounded by what goes in.
func FuzzSnapshot(f *testing.F) {
	raw, err := os.ReadFile(example)
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte(bomb(3)))
	f.Add([]byte(`{"kind":"Pod","metadata":{"name":1,"namespace":[]},"status":{"podIPs":{"ip":"::"},"podIP":"fe80::1%eth0"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Read(raw, reader())
		if err != nil {
			return
		}
		s := names.New(names.Options{MaxSize: 1 << 20, Wanted: objects.Wanted([]string{"app"})})
		ends := 0
		for kind, all := range c.Objects {
			s.Replace(kind, all, names.Recorded())
			for _, o := range all {
				for _, e := range o.Ends {
					ends++
					for _, a := range e.Addresses {
						s.Endpoint(a, e.Identity, 0)
					}
				}
				for _, f := range o.Frontends {
					s.Service(f.Address, f.Port, f.Protocol, 0)
				}
			}
		}
		require.LessOrEqual(t, s.Account().Size, int64(1<<20))
		// Without aliases, an end takes at least some bytes of the file.
		if !strings.Contains(string(raw), "*") {
			require.LessOrEqual(t, ends, len(raw))
		}
		for kind := range c.Objects {
			s.Replace(kind, nil, names.Recorded())
		}
		for _, n := range s.Account().Objects {
			require.Zero(t, n)
		}
	})
}
