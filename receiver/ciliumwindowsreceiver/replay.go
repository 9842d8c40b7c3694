// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
)

// checkFile reads a capture's beginning, so that a file that is no capture of map records fails the start.
func checkFile(path string) error {
	capture, err := capture.Open(path)
	if err != nil {
		return err
	}
	return capture.Close()
}

// fileSource replays .pcapng files.
type fileSource struct {
	r      *ciliumReceiver
	before recording.File // what the file before says in its end; of the replay's goroutine
	lost   atomic.Int64
}

// play plays one file. What the file lost is logged and counted. What follows a file that broke off does not go on where it did.
func (s *fileSource) play(ctx context.Context, path string, emit replay.Emit) (err error) {
	before := s.before
	s.before = recording.File{}
	capture, err := capture.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, capture.Close()) }()
	// Where the file is the next one of the same recording, what is kept back goes on, under the node's name in the file before.
	device := s.r.fileDevice(path)
	err = s.r.BeginFile(ctx, path, capture.Recording().Continues(before), func() { s.r.handler.beginFile(device) })
	if err != nil {
		return err
	}
	err = capture.Play(ctx, emit)
	if err = s.read(path, capture.Stats(), err); err == nil {
		s.before = capture.Recording()
	}
	return err
}

// read says what was read of a file, and why the rest could not be, if that is so.
func (s *fileSource) read(path string, stats capture.Stats, err error) error {
	s.lost.Add(int64(stats.Lost))
	s.r.Pipeline.Drop(pipeline.DropTooLarge, int64(stats.Oversized))
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
	var damage *capture.Error
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

// fileDevice is the node that the capture is of, as far as the configuration tells: without a name for it, the file's own
// stands in.
func (r *ciliumReceiver) fileDevice(path string) networklog.Device {
	return networklog.Device{NodeName: r.cfg.NodeName, FileName: replay.Name(path)}
}
