// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/dynamic"

	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/names"
	"github.com/otelcol-winnet/otelcol-winnet/extension/k8snamesextension/internal/objects"
)

// Follower follows the objects of several kinds.
type Follower struct {
	sources []*source
	running sync.WaitGroup
}

// New makes a follower, which asks nothing yet. It calls changed, from several goroutines, when State has changed.
func New(client dynamic.Interface, kinds []names.Kind, reader *objects.Reader, store *names.Store, changed func()) *Follower {
	f := &Follower{}
	for _, kind := range kinds {
		s := &source{kind: kind, server: client, client: client.Resource(resources[kind]), reader: reader, store: store, now: time.Now, changed: changed, first: make(chan struct{})}
		if kind == names.OwnPods {
			s.fields = fields.OneTermEqualSelector("spec.nodeName", reader.Node).String()
		}
		f.sources = append(f.sources, s)
	}
	return f
}

// ahead is how long pods wait for the lists of what their names are made of: nodes, identities and workloads. Without these they have fewer names, and what
// was made of them before is made again.
const ahead = 5 * time.Second

// checkEvery is how often it is looked whether nothing has succeeded for too long.
const checkEvery = 5 * time.Second

// Start follows the objects until the context ends. It does not wait.
func (f *Follower) Start(ctx context.Context) {
	for _, s := range f.sources {
		s.asks()
	}
	f.running.Go(func() { f.check(ctx) })
	for _, s := range f.sources {
		f.running.Go(func() {
			if hasPods(s.kind) {
				f.await(ctx)
			}
			s.run(ctx)
		})
	}
}

// check looks at each source until the context ends.
func (f *Follower) check(ctx context.Context) {
	ticker := time.NewTicker(checkEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for _, s := range f.sources {
				s.check()
			}
		}
	}
}

func hasPods(kind names.Kind) bool {
	return kind == names.Pods || kind == names.Endpoints || kind == names.EndpointSlices
}

// await waits for the lists of all that has no pods, but not for long.
func (f *Follower) await(ctx context.Context) {
	enough := time.NewTimer(ahead)
	defer enough.Stop()
	for _, s := range f.sources {
		if hasPods(s.kind) {
			continue
		}
		select {
		case <-s.first:
		case <-enough.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// Wait waits until nothing is followed any more.
func (f *Follower) Wait() { f.running.Wait() }

// States returns how each kind stands with the API server.
func (f *Follower) States() map[names.Kind]State {
	states := make(map[names.Kind]State, len(f.sources))
	for _, s := range f.sources {
		states[s.kind] = s.current()
	}
	return states
}
