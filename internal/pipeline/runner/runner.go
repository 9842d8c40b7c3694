// SPDX-License-Identifier: Apache-2.0

// Package runner runs a receiver. In come a configuration and the receiver's Parts: its handler, its live source, its file format. Out comes
// a component that feeds a pipeline from the live source or from a replay, records the events if that is configured, and reports
// telemetry. A receiver embeds the Runner.
package runner

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/checkpoint"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/counter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
)

// Settings configures a Runner.
type Settings struct {
	Receiver receiver.Settings
	Sections Sections
	Needs    pipeline.MemoryNeeds // of the receiver, for memory.max_mib
	Next     consumer.Logs        // nil for a handler that emits nothing
	Archive  bool                 // the handler also appends records to an archive, unless it emits nothing
	// Transport is the name under which the collector counts what a live source delivers; for a replay it is "file".
	Transport string
	Parts     Parts
}

// Parts are the parts that differ between receivers. Missing, Follow, Losses, and those from Begin on are optional: nil does nothing.
type Parts struct {
	// CheckFile reads the beginning of a file. Its error fails the start.
	CheckFile func(path string) error
	// NewHandler makes the handler, for the files of a replay; without files it is for a live source.
	NewHandler func(files []string) (pipeline.Handler, error)
	// NewWriter prepares a recording of a replay's files or of a live source. The function that it returns begins one file.
	NewWriter func(files []string) func(to record.Destination, of recording.File) (record.Writer, error)
	// OpenLive opens the live source, which then delivers to the Runner's Pipeline. The function that it returns ends the source; if
	// that returns nil, nothing more is delivered.
	OpenLive func(component.Host) (stop func(context.Context) error, err error)
	// Missing reports whether an error of OpenLive says that the host lacks the source. OpenLive is then called again, if Sections.WhenMissing
	// says so, from another goroutine.
	Missing func(error) bool
	// Follow tells the handler when the host's name or address changes, until stopped is closed. It is called for a live source.
	Follow func(stopped <-chan struct{})
	// PlayFile plays one file. It calls BeginFile before the first event.
	PlayFile replay.Play
	// Survey finds the parts of a file that can be played.
	Survey replay.Survey
	// Losses returns how many events were lost before they reached the receiver, by where they were lost. It may be called from any
	// goroutine once the source is open.
	Losses func() map[string]int64
	// HostName returns the name of this host as records have it in Dvc, for status records.
	HostName func() string
	// HideHost returns what replaces the host's name in status records, see status.Device; nil if nothing is replaced.
	HideHost func() status.HostHider
	// Reading reports whether there is a live source to read now. It may be called from any goroutine once the source is open.
	Reading func() bool
	// Telemetry is the result of TelemetryOf.
	Telemetry func(component.TelemetrySettings) (Telemetry, error)

	// Begin starts what the handler needs while the pipeline runs. It is called before the pipeline starts.
	Begin func()
	// End ends what Begin has started. It is called when the pipeline has ended, also after a failed start. It returns by deadline, or shortly
	// after it.
	End func(ctx context.Context, deadline time.Time) error
	// Played is called when a replay has ended and all its events have been handled.
	Played func()
	// Started logs what is received.
	Started func(files []string)
	// Account returns what is logged with the pipeline's account.
	Account func() []zap.Field
}

// Runner is a receiver's component.
type Runner struct {
	Settings
	Report   *receiverhelper.ObsReport
	Pipeline *pipeline.Pipeline // nil before Start
	Player   *replay.Player     // nil before Start, and for a live source
	Memory   *pipeline.Memory   // nil without memory.max_mib
	Status   *status.Reporter   // nil before Start, and if no status records are written

	job       *replay.Job       // nil without replay.exit_when_done
	store     *checkpoint.Store // nil without storage
	track     *checkpoint.Track // nil without storage
	problems  counter.Counts
	running   bool
	opened    atomic.Bool                 // the source is open
	stop      func(context.Context) error // ends the source
	watches   []func()                    // each ends a goroutine that watches the receiver
	left      time.Time                   // events before it have left; used by noteDelivered only
	telemetry Telemetry
}

// New returns a Runner. Shutdown must follow, whether it is started or not.
func New(s Settings) (*Runner, error) {
	transport := s.Transport
	if s.Sections.Replay.Enabled() {
		transport = "file"
	}
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: s.Receiver.ID, Transport: transport, ReceiverCreateSettings: s.Receiver,
	})
	if err != nil {
		return nil, err
	}
	s.Parts = s.Parts.withOptional()
	r := &Runner{Settings: s, Report: report}
	r.problems.Expect(checkpoint.WriteFailed, checkpoint.ReadFailed, checkpoint.Damaged, checkpoint.Changed, checkpoint.Truncated, checkpoint.Missing)
	if s.Sections.Replay.ExitWhenDone {
		r.job = replay.Join(s.Receiver.Resource)
	}
	return r, nil
}

// Start opens the source. After an error nothing is left running.
func (r *Runner) Start(_ context.Context, h component.Host) error { return printable.Error(r.start(h)) }

// start is Start.
func (r *Runner) start(h component.Host) error {
	files, err := r.Sections.Replay.Check(r.Parts.CheckFile)
	if err != nil {
		return err
	}
	r.Memory = r.Sections.Memory.NewMemory(r.Needs)
	handler, err := r.Parts.NewHandler(files)
	if err != nil {
		return err
	}
	if err := r.openStore(h, len(files)); err != nil {
		return err
	}
	recorder, err := r.OpenRecord(files)
	if err != nil {
		return errors.Join(err, r.store.Close(context.Background()))
	}
	r.Pipeline = r.newPipeline(handler, recorder)
	r.Status = r.newStatus()
	r.Parts.Begin()
	r.Pipeline.Start()
	if err := r.open(h, files); err != nil {
		now := time.Now()
		err = errors.Join(err, r.end(context.Background(), share{now.Add(pipeline.DrainTimeout), now.Add(pipeline.DrainTimeout + lastTime)},
			func(context.Context) error { return nil }))
		r.Status.LogAccount()
		return err
	}
	r.running = true
	joinStop(r.Receiver.Resource)
	r.opened.Store(true)
	r.Status.Start()
	if err := r.observe(); err != nil {
		return errors.Join(err, r.Shutdown(context.Background()))
	}
	r.watches = []func(){r.noteDelivered(h), r.watchLosses()}
	r.Parts.Started(files)
	return nil
}

// newPipeline returns the pipeline, not yet started.
func (r *Runner) newPipeline(h pipeline.Handler, recorder *record.Recorder) *pipeline.Pipeline {
	s := pipeline.Settings{
		Batch: r.Sections.Batch, Queue: r.Sections.Queue, Retry: r.Sections.Retry, Memory: r.Memory.Queue(),
		Handler: h, Next: r.Next, Report: r.Report, Format: r.Receiver.ID.Type().String(), Logger: r.Receiver.Logger,
		Record: recorder, Archive: r.Archive && r.Next != nil, Live: !r.Sections.Replay.Enabled(),
		Follow: r.Sections.Replay.Follow,
	}
	if r.track != nil {
		s.Done = r.track.Done
	}
	return pipeline.New(s)
}

// openStore opens the storage that keeps the place in the files.
func (r *Runner) openStore(h component.Host, files int) (err error) {
	if r.Sections.Storage == "" {
		return nil
	}
	var id component.ID
	if err := id.UnmarshalText([]byte(r.Sections.Storage)); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	r.store, err = checkpoint.Open(context.Background(), h, id, r.Receiver.ID, files, &r.problems, r.Receiver.Logger)
	if err == nil {
		r.track = checkpoint.NewTrack(r.store)
	}
	return err
}

// open opens the source.
func (r *Runner) open(h component.Host, files []string) error {
	if r.Sections.Replay.Enabled() {
		r.Player = replay.Start(replay.Settings{
			Config: r.Sections.Replay, Files: files, Play: r.Parts.PlayFile, Survey: r.Parts.Survey, Into: r.Pipeline, Ended: r.Parts.Played,
			Store: r.store, Track: r.track, Problems: &r.problems, Logger: r.Receiver.Logger, Job: r.job, End: func() { replay.EndCollector(h, r.Receiver.ID) },
		})
		r.stop = r.Player.Stop
		return nil
	}
	stop, err := r.openWaiting(h)
	if err != nil {
		return err
	}
	stopped, followed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(followed)
		r.Parts.Follow(stopped)
	}()
	r.stop = func(ctx context.Context) error {
		close(stopped)
		select {
		case <-followed:
		case <-ctx.Done(): // it asks the host, which does not answer
		}
		return stop(ctx)
	}
	return nil
}

// BeginFile is called by PlayFile before the first event of a file. Unless the file continues the one before it, BeginFile waits until all
// events received so far have been handled, and then calls begin on the pipeline's worker.
func (r *Runner) BeginFile(ctx context.Context, path string, goesOn bool, begin func()) error {
	if goesOn {
		r.Receiver.Logger.Debug("the file continues where the one before it ended", zap.String("file", path))
		return nil
	}
	return r.Pipeline.Drain(ctx, begin)
}

// Losses returns how many events were lost before they reached the receiver, by where they were lost; nil before the source is open.
func (r *Runner) Losses() map[string]int64 {
	if !r.opened.Load() {
		return nil
	}
	return r.Parts.Losses()
}

// OpenRecord begins the recording of the `record` section. It returns nil if nothing is to be recorded.
func (r *Runner) OpenRecord(files []string) (*record.Recorder, error) {
	if !r.Sections.Record.Enabled() {
		return nil, nil
	}
	of, err := recording.New()
	if err != nil {
		return nil, err
	}
	newWriter := r.Parts.NewWriter(files)
	return record.Open(record.Settings{
		Config: r.Sections.Record, QueueMiB: r.Sections.Queue.MaxSizeMiB, Memory: r.Memory.Queue(), Replayed: files, Logger: r.Receiver.Logger,
		Create: func(to record.Destination) (record.Writer, error) {
			next := of.Next()
			w, err := newWriter(to, next)
			if err != nil {
				return nil, err
			}
			of = next
			return w, nil
		},
	})
}

// Shutdown stops the source, hands over what is queued, and logs what became of every event. All receivers of a collector together have
// pipeline.DrainTimeout to hand over.
func (r *Runner) Shutdown(ctx context.Context) error { return printable.Error(r.shutdown(ctx)) }

// shutdown is Shutdown.
func (r *Runner) shutdown(ctx context.Context) error {
	r.job.Leave()
	if !r.running {
		return nil
	}
	r.running = false
	for _, end := range r.watches {
		end()
	}
	err := r.end(ctx, beginStop(r.Receiver.Resource), r.stop)
	leaveStop(r.Receiver.Resource)
	if r.telemetry != nil {
		r.telemetry.Shutdown()
	}
	account := r.Parts.Account()
	if _, most, limit := r.Memory.Used(); limit > 0 {
		account = append(account, zap.Int64("memory_most_mib", most>>20), zap.Int64("memory_limit_mib", limit>>20))
	}
	r.Pipeline.LogAccount(account...)
	r.Status.LogAccount()
	return errors.Join(err, r.job.Lost(&r.Pipeline.Stats))
}

// end ends the pipeline, and then what Begin has started, within the receiver's share of the time.
func (r *Runner) end(ctx context.Context, has share, stopSource func(context.Context) error) error {
	draining, cancel := context.WithDeadline(ctx, has.deadline)
	defer cancel()
	err := r.Pipeline.Shutdown(draining, stopSource)
	err = errors.Join(err, r.Status.Shutdown(ctx, has.deadline))
	return errors.Join(err, r.Parts.End(ctx, has.last), r.store.Close(ctx))
}
