// SPDX-License-Identifier: Apache-2.0

// Package nodes knows the nodes and the namespaces of the flows that were seen. On a node that is the node itself; on a gateway it is each node
// whose flows have come in the last hour.
package nodes

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	observerpb "github.com/cilium/cilium/api/v1/observer"
	relaypb "github.com/cilium/cilium/api/v1/relay"
	"google.golang.org/grpc/metadata"
)

// Bounds of what is kept.
const (
	maxNodes      = 8192
	maxNamespaces = 16384
	maxName       = 253 // bytes, as in Kubernetes
	// TTL is how long a node or a namespace is known after its last flow. Hubble forgets namespaces after the same time.
	TTL = time.Hour
)

// Node is a node.
type Node struct {
	Name       string // without its cluster
	Cluster    string
	Address    string // of the server that has its flows, host:port
	ServerName string // of TLS, "" without TLS
	Flows      uint64 // that have come
	Own        bool   // the server's own, or configured: it is never forgotten
	Peer       bool   // others may ask it
	last       time.Time
}

// FullName is the name as Hubble has it: a cluster other than the default one stands before it.
func (n *Node) FullName() string {
	if n.Cluster == "" || n.Cluster == "default" {
		return n.Name
	}
	return n.Cluster + "/" + n.Name
}

// Proto returns the node as Hubble's API has it.
func (n *Node) Proto() *observerpb.Node {
	return &observerpb.Node{
		Name: n.FullName(), Address: n.Address, State: relaypb.NodeState_NODE_CONNECTED,
		Tls: &observerpb.TLS{Enabled: n.ServerName != "", ServerName: n.ServerName},
	}
}

// Options are the settings of Nodes.
type Options struct {
	Cluster string
	Address string // of this server, host:port
	TLS     bool
	Now     func() time.Time
}

// Nodes is safe for concurrent use.
type Nodes struct {
	options Options

	mu         sync.Mutex
	nodes      map[string]*Node
	byServer   map[string]string // names by server name
	namespaces map[namespace]time.Time
	changed    chan struct{} // closed at the next change of the nodes
	swept      time.Time     // when what has not come for long was last forgotten
}

type namespace struct{ cluster, name string }

// New makes Nodes that know the server's own node, and those of a configuration.
func New(options Options, own string, others ...Node) *Nodes {
	if options.Now == nil {
		options.Now = time.Now
	}
	n := &Nodes{options: options, nodes: map[string]*Node{}, byServer: map[string]string{}, namespaces: map[namespace]time.Time{}, changed: make(chan struct{})}
	n.add(&Node{Name: own, Address: options.Address, Own: true, Peer: true})
	for i := range others {
		other := others[i]
		other.Own, other.Peer = true, true
		n.add(&other)
	}
	return n
}

// add adds a node. Nobody else has the lock.
func (n *Nodes) add(node *Node) {
	node.Cluster = cmp.Or(node.Cluster, n.options.Cluster)
	if n.options.TLS && node.ServerName == "" {
		node.ServerName = ServerName(node.Name, node.Cluster)
	}
	n.nodes[node.Name] = node
	if node.ServerName != "" && node.Address == n.options.Address {
		n.byServer[node.ServerName] = node.Name
	}
	close(n.changed)
	n.changed = make(chan struct{})
}

// Seen counts flows of a node. With more nodes than fit, those that are new are not noted, and none whose name is too long for one.
func (n *Nodes) Seen(name string, flows int) {
	if name == "" || len(name) > maxName {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	node := n.nodes[name]
	if node == nil {
		if n.sweep(); len(n.nodes) >= maxNodes {
			return
		}
		// Without TLS all nodes would have one address and nothing to tell them by: who asked each of them would get every flow several times.
		node = &Node{Name: strings.Clone(name), Address: n.options.Address, Peer: n.options.TLS}
		n.add(node)
	}
	node.Flows += uint64(flows)
	node.last = n.options.Now()
}

// Namespace notes a namespace, under the same conditions.
func (n *Nodes) Namespace(cluster, name string) {
	if len(cluster) > maxName || len(name) > maxName {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	key := namespace{cmp.Or(cluster, n.options.Cluster), name}
	if _, known := n.namespaces[key]; !known {
		if n.sweep(); len(n.namespaces) >= maxNamespaces {
			return
		}
		key = namespace{strings.Clone(key.cluster), strings.Clone(name)}
	}
	n.namespaces[key] = n.options.Now()
}

// sweep forgets what has not come for long, but looks at all of it only now and then: a stranger's records may name a new node each.
func (n *Nodes) sweep() {
	if now := n.options.Now(); now.Sub(n.swept) >= time.Minute {
		n.swept = now
		n.expire()
	}
}

// expire forgets what has not come for long.
func (n *Nodes) expire() {
	limit := n.options.Now().Add(-TTL)
	changed := false
	for name, node := range n.nodes {
		if !node.Own && node.last.Before(limit) {
			delete(n.nodes, name)
			delete(n.byServer, node.ServerName)
			changed = true
		}
	}
	for key, last := range n.namespaces {
		if last.Before(limit) {
			delete(n.namespaces, key)
		}
	}
	if changed {
		close(n.changed)
		n.changed = make(chan struct{})
	}
}

// List returns the nodes, by name.
func (n *Nodes) List() []Node {
	list, _ := n.Watch()
	return list
}

// Watch returns the nodes, by name, and a channel that is closed at the next change.
func (n *Nodes) Watch() ([]Node, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.expire()
	list := make([]Node, 0, len(n.nodes))
	for _, node := range n.nodes {
		list = append(list, *node)
	}
	slices.SortFunc(list, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	return list, n.changed
}

// Flows returns how many flows of a node have come.
func (n *Nodes) Flows(name string) uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if node := n.nodes[name]; node != nil {
		return node.Flows
	}
	return 0
}

// Namespaces returns the namespaces, by cluster and name.
func (n *Nodes) Namespaces() []*observerpb.Namespace {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.expire()
	list := make([]*observerpb.Namespace, 0, len(n.namespaces))
	for key := range n.namespaces {
		list = append(list, &observerpb.Namespace{Cluster: key.cluster, Namespace: key.name})
	}
	slices.SortFunc(list, func(a, b *observerpb.Namespace) int {
		return cmp.Or(strings.Compare(a.Cluster, b.Cluster), strings.Compare(a.Namespace, b.Namespace))
	})
	return list
}

// View returns the node that a client asks for by the server's name in TLS, which is the authority of its requests. It is empty for all nodes.
// So Hubble Relay, which connects to each node by name, gets each flow of a gateway once.
func (n *Nodes) View(ctx context.Context) string {
	if !n.options.TLS {
		return ""
	}
	md, _ := metadata.FromIncomingContext(ctx)
	for _, authority := range md.Get(":authority") {
		n.mu.Lock()
		name := n.byServer[authority]
		n.mu.Unlock()
		if name != "" {
			return name
		}
	}
	return ""
}

// ServerName is the name of a node's server in TLS, as Hubble forms it: <node>.<cluster>.hubble-grpc.cilium.io, without further dots.
func ServerName(node, cluster string) string {
	dashes := strings.NewReplacer(".", "-")
	return dashes.Replace(node) + "." + dashes.Replace(cmp.Or(cluster, "default")) + ".hubble-grpc.cilium.io"
}
