// SPDX-License-Identifier: Apache-2.0

package nodes

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func names(list []Node) (all []string) {
	for _, n := range list {
		all = append(all, n.FullName())
	}
	return all
}

func TestNodesAndNamespacesAreForgottenAnHourAfterTheirLastFlow(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	n := New(Options{Cluster: "west", Now: func() time.Time { return now }}, "gateway", Node{Name: "other", Address: "a:1"})
	n.Seen("node-1", 3)
	n.Seen("", 1)
	n.Namespace("", "shop")
	now = now.Add(TTL / 2)
	n.Seen("node-2", 1)
	n.Namespace("east", "shop")
	require.Equal(t, []string{"west/gateway", "west/node-1", "west/node-2", "west/other"}, names(n.List()))
	require.EqualValues(t, 3, n.Flows("node-1"))
	require.Len(t, n.Namespaces(), 2)
	_, changed := n.Watch()
	now = now.Add(TTL/2 + time.Second)
	require.Equal(t, []string{"west/gateway", "west/node-2", "west/other"}, names(n.List()))
	require.Len(t, n.Namespaces(), 1)
	require.Equal(t, "east", n.Namespaces()[0].Cluster)
	<-changed
}

func TestNamesThatAreTooLongAreNotNoted(t *testing.T) {
	n := New(Options{}, "gateway")
	long := strings.Repeat("a", maxName+1)
	n.Seen(long, 1)
	n.Namespace(long, "shop")
	n.Namespace("", long)
	require.Len(t, n.List(), 1)
	require.Empty(t, n.Namespaces())
	n.Seen(long[1:], 1)
	n.Namespace(long[1:], long[1:])
	require.Len(t, n.List(), 2)
	require.Len(t, n.Namespaces(), 1)
}

func TestMoreNodesAndNamespacesThanFitAreNotNoted(t *testing.T) {
	n := New(Options{}, "gateway")
	for i := range maxNamespaces + 10 {
		n.Seen(fmt.Sprint("node-", i), 1)
		n.Namespace("", fmt.Sprint("namespace-", i))
	}
	require.Len(t, n.List(), maxNodes)
	require.Len(t, n.Namespaces(), maxNamespaces)
}

func TestOnlyTLSMakesTheNodesOfAGatewayPeers(t *testing.T) {
	for _, tls := range []bool{false, true} {
		n := New(Options{Address: "a:1", TLS: tls}, "gateway")
		n.Seen("node.1", 1)
		list := n.List()
		require.True(t, list[0].Peer)
		require.Equal(t, tls, list[1].Peer)
		if tls {
			require.Equal(t, "node-1.default.hubble-grpc.cilium.io", list[1].ServerName)
		}
	}
}
