// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
)

// checkFile reads a capture's beginning, so that a file that is no capture of map records fails the start.
func checkFile(path string) error {
	capture, err := events.OpenCapture(path)
	if err != nil {
		return err
	}
	return capture.Close()
}

// fileSource replays .pcapng files.
type fileSource struct {
	r      *ciliumReceiver
	player *replay.Player
	before recording.File // what the file before says in its end; of the replay's goroutine
	lost   atomic.Int64
}

func startReplay(r *ciliumReceiver, h component.Host, files []string) *fileSource {
	s := &fileSource{r: r}
	if all, ok := h.(hosts); ok {
		h = all[0]
	}
	s.player = replay.Start(replay.Settings{
		Config: r.cfg.Replay, Files: files, Play: s.play, Into: r.pipeline, Ended: r.meter.soon, Logger: r.log,
		Job: r.job, End: func() { replay.EndCollector(h, r.set.ID) },
	})
	return s
}

// play plays one file. What follows one that broke off does not go on where it did.
func (s *fileSource) play(ctx context.Context, path string, emit replay.Emit) error {
	err := s.playFile(ctx, path, emit)
	if err != nil {
		s.before = recording.File{}
	}
	return err
}

// playFile plays one file. What the file lost is logged and counted.
func (s *fileSource) playFile(ctx context.Context, path string, emit replay.Emit) (err error) {
	capture, err := events.OpenCapture(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, capture.Close()) }()
	if err := s.begin(ctx, path, capture.Recording()); err != nil {
		return err
	}
	err = capture.Play(ctx, emit)
	s.before = capture.Recording()
	return s.read(path, capture.Stats(), err)
}

// begin says that the events to come are the file's. Where it is the next file of the same recording, what is kept back at the end of
// the file before goes on, under the node's name there.
func (s *fileSource) begin(ctx context.Context, path string, of recording.File) error {
	if of.Continues(s.before) {
		s.r.log.Debug("the file goes on where the one before it ended", zap.String("file", path))
		return nil
	}
	device := s.r.fileDevice(path)
	return s.r.pipeline.Idle(ctx, func() { s.r.handler.beginFile(device) })
}

// read says what was read of a file, and why the rest could not be, if that is so.
func (s *fileSource) read(path string, stats events.CaptureStats, err error) error {
	s.lost.Add(int64(stats.Lost))
	s.r.pipeline.Drop(pipeline.DropTooLarge, int64(stats.Oversized))
	fields := []zap.Field{
		zap.String("file", path), zap.Uint64("records", stats.Records), zap.Uint64("lost", stats.Lost), zap.Uint64("cut", stats.Cut),
		zap.Uint64("oversized", stats.Oversized), zap.Uint64("untimed", stats.Untimed),
		zap.Uint64("late", stats.Late), zap.Uint64("early", stats.Early),
	}
	if stats.Late > 0 {
		s.r.log.Warn("records of the file come after later ones: the file has them further from their place than is read ahead, so that what is counted by connection may be split",
			zap.String("file", path), zap.Uint64("late", stats.Late), zap.Duration("late_by_at_most", stats.Lateness))
	}
	if stats.Early > 0 {
		s.r.log.Warn("records of the file come before earlier ones: their times are far in the future, and there are more of them than can be kept to the end",
			zap.String("file", path), zap.Uint64("early", stats.Early))
	}
	var damage *events.CaptureError
	switch is := errors.As(err, &damage); {
	case is && stats.Damages > 0:
		s.r.log.Warn("the file is damaged, and bytes of it were stepped over", append(fields, zap.Uint64("places", stats.Damages),
			zap.Uint64("bytes_stepped_over", stats.SteppedOver), zap.Uint64("unknown_blocks", stats.UnknownBlocks), zap.NamedError("first", err))...)
		return fmt.Errorf("%d bytes at %d place(s) could not be read, the first: %w", stats.SteppedOver, stats.Damages, err)
	case is:
		s.r.log.Warn("the rest of the file cannot be read", append(fields, zap.Error(err))...)
		return err
	case err != nil:
		return err
	}
	s.r.log.Info("file read", fields...)
	return nil
}

func (s *fileSource) stop(ctx context.Context) error { return s.player.Stop(ctx) }

func (s *fileSource) losses() map[string]int64 { return map[string]int64{"capture": s.lost.Load()} }

func (s *fileSource) fill() (waiting, size int64, ok bool) { return 0, 0, false }

// fileDevice is the node that the capture is of, as far as the configuration tells: without a name for it, the file's own
// stands in.
func (r *ciliumReceiver) fileDevice(path string) networklog.Device {
	return networklog.Device{NodeName: r.cfg.NodeName, FileName: replay.Name(path)}
}
