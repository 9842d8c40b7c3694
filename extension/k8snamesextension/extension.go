// SPDX-License-Identifier: Apache-2.0

package k8snamesextension

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.uber.org/zap"
	"k8s.io/client-go/dynamic"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/cluster"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/objects"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/snapshot"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/series"
)

const (
	sweepEvery = 10 * time.Second // how often owners before the last change are looked at
	retryAfter = 15 * time.Second // when the credentials are looked for again
)

// namer has the names, and keeps them current.
type namer struct {
	*names.Store
	config *Config
	log    *zap.Logger
	meters *metadata.TelemetryBuilder
	reader *objects.Reader
	kinds  []names.Kind
	client func() (dynamic.Interface, error)

	host    component.Host
	stop    context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex // of all below
	follower *cluster.Follower
	lost     time.Time // since when there are no credentials
	problem  string    // what was reported last, "" if nothing was wrong
	noted    bool      // whether it was looked if the node is there
	stopped  bool
}

var (
	_ flow.Names          = (*namer)(nil)
	_ extension.Extension = (*namer)(nil)
)

func newExtension(set extension.Settings, c *Config) (*namer, error) {
	meters, err := metadata.NewTelemetryBuilder(series.Of(set.TelemetrySettings, series.Extension, set.ID))
	if err != nil {
		return nil, err
	}
	n := &namer{
		config: c, log: set.Logger, meters: meters,
		Store: names.New(names.Options{Cluster: c.ClusterName, Wanted: objects.Wanted(c.Labels), Keep: c.Keep, MaxSize: int64(c.MaxMemoryMiB) << 20}),
		// With globs, they decide; without, a pod's labels are those that its identity would have.
		reader: &objects.Reader{Node: c.node(), Cluster: c.ClusterName, Label: objects.Relevant},
	}
	if len(c.Labels) > 0 {
		n.reader.Label = func(string) bool { return true }
	}
	n.kinds = c.kinds(n.reader.Node)
	n.client = cluster.InCluster
	if c.auth() == kubeConfig {
		n.client = func() (dynamic.Interface, error) { return cluster.KubeConfig(c.KubeConfigPath, c.Context) }
	}
	return n, nil
}

// Start reads the snapshot, or begins to ask the API server. It waits for no server.
func (n *namer) Start(_ context.Context, host component.Host) error {
	if err := n.observe(); err != nil {
		return err
	}
	n.host = host
	if n.config.Snapshot != "" {
		return n.readSnapshot()
	}
	ctx, stop := context.WithCancel(context.Background())
	n.stop = stop
	n.running.Go(func() { n.follow(ctx) })
	n.running.Go(func() { n.sweep(ctx) })
	return nil
}

// Shutdown ends all watches.
func (n *namer) Shutdown(context.Context) error {
	n.mu.Lock()
	n.stopped = true
	n.mu.Unlock()
	if n.stop != nil {
		n.stop()
		n.running.Wait()
	}
	n.meters.Shutdown()
	return nil
}

// readSnapshot fills the store from the file.
func (n *namer) readSnapshot() error {
	content, err := snapshot.File(n.config.Snapshot, n.reader)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if n.config.Identities == cilium && len(content.Objects[names.Endpoints])+len(content.Objects[names.EndpointSlices]) == 0 && len(content.Objects[names.Pods]) > 0 {
		return fmt.Errorf("snapshot: %s has pods, but no CiliumEndpoint or CiliumEndpointSlice; add them, or set identities: pods", n.config.Snapshot)
	}
	fields := []zap.Field{zap.String("file", n.config.Snapshot), zap.Int("ignored", content.Ignored)}
	for _, kind := range n.kinds {
		n.Replace(kind, content.Objects[kind], names.Recorded())
		fields = append(fields, zap.Int(kind.String(), len(content.Objects[kind])))
	}
	n.noteNode()
	for kind, refused := range n.Account().Refused {
		if refused > 0 {
			return fmt.Errorf("snapshot: %s has more objects than max_memory_mib: %d has room for: %d of %s were refused; raise it", n.config.Snapshot,
				n.config.MaxMemoryMiB, refused, names.Kind(kind))
		}
	}
	n.log.Info("names are those of a snapshot", fields...)
	return nil
}

// follow asks the API server until the context ends. Credentials may come later than the collector, so it looks for them again.
func (n *namer) follow(ctx context.Context) {
	for {
		client, err := n.client()
		if err == nil {
			f := cluster.New(client, n.kinds, n.reader, n.Store, n.report)
			n.mu.Lock()
			n.follower, n.lost = f, time.Time{}
			n.mu.Unlock()
			f.Start(ctx)
			f.Wait()
			return
		}
		n.noCredentials(err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(retryAfter):
		}
	}
}

// sweep forgets owners before the last change.
func (n *namer) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			n.Sweep(now.UnixNano())
		}
	}
}

func (n *namer) noCredentials(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lost.IsZero() {
		n.lost = time.Now()
	}
	n.tell(err)
}

// report reports how the extension stands with the API server, when that has changed.
func (n *namer) report() {
	n.mu.Lock()
	defer n.mu.Unlock()
	states := n.follower.States()
	var errs []error
	listed := true
	for _, kind := range n.kinds {
		errs = append(errs, states[kind].Err)
		listed = listed && states[kind].Listed
	}
	if states[names.Nodes].Listed {
		n.noteNode()
	}
	if err := errors.Join(errs...); err != nil || listed {
		n.tell(err)
	}
}

// noteNode warns once, after the first list, if no node has the name of the node that the events are of: then no pod is local, and no direction follows from
// names.
func (n *namer) noteNode() {
	if n.noted || n.stopped {
		return
	}
	n.noted = true
	if !n.Has(names.Nodes, n.reader.Node) {
		n.log.Warn("no node has this name, so no endpoint is local; set node, or NODE_NAME of the environment", zap.String("node", n.reader.Node))
	}
}

// tell tells the log and the host what is wrong, or that nothing is any more.
func (n *namer) tell(err error) {
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	if n.stopped || problem == n.problem {
		return
	}
	first := n.problem == ""
	n.problem = problem
	switch {
	case err == nil:
		n.log.Info("the API server answers: names are current again")
		componentstatus.ReportStatus(n.host, componentstatus.NewEvent(componentstatus.StatusOK))
	default:
		if first {
			n.log.Warn("names are not current; flows get the last ones that are known, or none", zap.Error(err))
		}
		componentstatus.ReportStatus(n.host, componentstatus.NewRecoverableErrorEvent(err))
	}
}
