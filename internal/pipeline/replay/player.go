// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/checkpoint"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/counter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// Settings configures a replay.
type Settings struct {
	Config
	// Files are the files that Check has listed.
	Files []string
	// Play plays one of them, or a part of it.
	Play Play
	// Survey finds the parts.
	Survey Survey
	// Store keeps the place in the files, which Track writes; both are nil without storage.
	Store *checkpoint.Store
	Track *checkpoint.Track
	// Problems counts checkpoints that cannot be used, and files that are followed and lose what was read of them.
	Problems *counter.Counts
	// Into receives the events.
	Into *pipeline.Pipeline
	// Ended is called when the files have ended and the pipeline has handled every event.
	Ended func()
	// Job is the receiver's part in ending the collector; nil without exit_when_done.
	Job *Job
	// End ends the collector. It is called once, for the last receiver that is done, and may take as long as the collector runs.
	End    func()
	Logger *zap.Logger
}

// Player plays files into a pipeline, in a goroutine of its own.
type Player struct {
	Progress *Progress

	cancel context.CancelFunc
	done   chan struct{}

	// Written before done is closed.
	unread  *UnreadError
	stopped error
}

// Start begins to play. When the files have ended and the pipeline has handled every event, the Player logs the account and calls Ended.
// Then the receiver stays, or with exit_when_done the collector ends. The Player logs which files could not be read.
func Start(s Settings) *Player {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Player{cancel: cancel, done: make(chan struct{}), Progress: newProgress(s.Config, s.Files)}
	if s.Store == nil && !s.ExitWhenDone && s.Repeat > 0 {
		s.Logger.Warn("a restart of the collector reads every file again; storage keeps the place, and replay.exit_when_done: true ends the collector instead of waiting",
			zap.Int("files", len(s.Files)))
	}
	go func() {
		defer close(p.done)
		p.play(ctx, &s)
	}()
	return p
}

func (p *Player) play(ctx context.Context, s *Settings) {
	put := func(ctx context.Context, head, body []byte) error {
		return s.Into.Put(ctx, time.Now().UnixNano(), head, body)
	}
	reporting, stop := context.WithCancel(ctx)
	var reporter sync.WaitGroup
	reporter.Go(func() { p.Progress.report(reporting, s.Logger) })
	defer reporter.Wait()
	defer stop()
	unread, complete := p.read(ctx, s, put)
	p.unread = unread
	if p.unread != nil {
		printable.Always(s.Logger).Error("not every file could be read in full", zap.Int("files", len(s.Files)), zap.Strings("unread", p.unread.texts()))
	}
	if !complete && s.Repeat > 0 && !s.Follow {
		events := p.Progress.events.Load()
		s.Logger.Warn("the replay was stopped before its end", zap.Int("files", len(s.Files)), zap.Int64("events_read", events))
		if s.ExitWhenDone {
			p.stopped = fmt.Errorf("replay: stopped before its end, after %d events", events)
		}
	}
	if !complete || s.Into.Drain(ctx, nil) != nil {
		return
	}
	stop()
	p.Progress.finish()
	fields := []zap.Field{zap.Int("files", len(s.Files)), zap.Stringer("events", &s.Into.Stats)}
	if s.Into.Archive {
		fields = append(fields, zap.Stringer("archive", &s.Into.Stats.Archive))
	}
	printable.Always(s.Logger).Info("the replay has ended", fields...)
	s.Ended()
	if s.Job.done() {
		// Nobody waits for End: it does not return while the collector starts, nor when the collector ends for another reason.
		go s.End()
	}
}

// read plays the files as the configuration says.
func (p *Player) read(ctx context.Context, s *Settings, put Emit) (unread *UnreadError, complete bool) {
	parts := parts{Settings: s}
	switch {
	case s.Follow:
		paced := pacer{rate: s.Rate, emit: put, progress: p.Progress}
		f := follower{parts: parts, emit: paced.pass, progress: p.Progress}
		defer f.close()
		return f.follow(ctx), false
	case s.Store != nil:
		return run(ctx, s.Config, s.Files, parts.playRest, put, p.Progress)
	}
	return run(ctx, s.Config, s.Files, finished(s.Play), put, p.Progress)
}

// Stop ends the replay. Unless it returns an error of ctx, nothing more is put into the pipeline. An *UnreadError names the files that could
// not be read. With exit_when_done, stopping the replay before its end is an error too, so that the job does not look complete.
func (p *Player) Stop(ctx context.Context) error {
	p.cancel()
	select {
	case <-p.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if p.unread != nil {
		return errors.Join(p.unread, p.stopped)
	}
	return p.stopped
}

// Done is closed when the replay has ended, by itself or by Stop.
func (p *Player) Done() <-chan struct{} { return p.done }
