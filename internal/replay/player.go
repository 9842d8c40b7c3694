// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// Player plays files into a pipeline, in a goroutine of its own.
type Player struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// Start begins to play. When the files have ended and the pipeline has dealt with every event, the account is logged and
// ended is called; the receiver goes on. An error ends the replay and is logged.
func Start(c Config, files []string, play Play, into *pipeline.Pipeline, log *zap.Logger, ended func()) *Player {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Player{cancel: cancel, done: make(chan struct{})}
	put := func(ctx context.Context, head, body []byte) error {
		return into.Put(ctx, time.Now().UnixNano(), head, body)
	}
	go func() {
		defer close(p.done)
		err := Run(ctx, c, files, play, put)
		if err != nil {
			log.Error("the replay has failed", zap.Error(err))
		}
		if ctx.Err() != nil || into.Idle(ctx, nil) != nil {
			return
		}
		log.Info("the replay has ended", zap.Stringer("events", &into.Stats))
		ended()
	}()
	return p
}

// Stop ends the replay. When it returns without an error, nothing more is put into the pipeline.
func (p *Player) Stop(ctx context.Context) error {
	p.cancel()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Done is closed when the replay has ended, by itself or by Stop.
func (p *Player) Done() <-chan struct{} { return p.done }
