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
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
)

// checkFile reads a capture's beginning, so that the start fails if the file is not a capture of map records.
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
	before recording.File  // the identity at the end of the previous file; used by the replay's goroutine only
	part   *capture.Reader // of the part that was played last, for the next part of the same file; used by that goroutine only
	lost   atomic.Int64
}

// play plays a file, or a part of one. It logs and counts what the file lost. After a file that broke off, the next one does not
// continue its connections.
func (s *fileSource) play(ctx context.Context, p replay.Part, emit replay.Emit) (err error) {
	before, path := s.before, p.Path
	s.before = recording.File{}
	capture, err := s.open(p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, capture.Close()) }()
	// If the file is the next one of the same recording, events that are kept back stay, under the previous file's node
	// name.
	device := s.r.fileDevice(path)
	goesOn := p.GoesOn || capture.Recording().Continues(before)
	err = s.r.BeginFile(ctx, path, goesOn, func() { s.r.beginFile(device) })
	if err != nil {
		return err
	}
	err = capture.Play(ctx, emit)
	if err = s.read(p, capture.Stats(), err); err == nil || p.Growing {
		s.before = capture.Recording()
	}
	if err == nil && p.Source != nil {
		s.part = capture
	}
	return err
}

// open opens what is to be played.
func (s *fileSource) open(p replay.Part) (*capture.Reader, error) {
	before := s.part
	s.part = nil
	if p.Source == nil {
		return capture.Open(p.Path)
	}
	if !p.GoesOn {
		before = nil
	}
	return capture.NewSpanReader(p.Source, p.Span, before)
}

// read logs what was read of a file or a part. It returns an error with the reason if something of it could not be read.
func (s *fileSource) read(p replay.Part, stats capture.Stats, err error) error {
	path := p.Path
	s.lost.Add(int64(stats.Lost))
	s.r.Pipeline.Drop(pipeline.DropTooLarge, int64(stats.Oversized))
	fields := []zap.Field{
		zap.String("file", path), zap.Uint64("records", stats.Records), zap.Uint64("lost", stats.Lost), zap.Uint64("cut", stats.Cut),
		zap.Uint64("oversized", stats.Oversized), zap.Uint64("untimed", stats.Untimed),
		zap.Uint64("late", stats.Late), zap.Uint64("early", stats.Early),
	}
	if stats.Late > 0 {
		s.r.log.Warn("records of the file come after later ones: they are further out of order than the reader reads ahead, so the counts of a connection may be split",
			zap.String("file", path), zap.Uint64("late", stats.Late), zap.Duration("late_by_at_most", stats.Lateness))
	}
	if stats.Early > 0 {
		s.r.log.Warn("records of the file come before earlier ones: their times are far in the future, and there are too many of them to keep until the end",
			zap.String("file", path), zap.Uint64("early", stats.Early))
	}
	if stats.Untimed > 0 {
		s.r.log.Warn("records of the file have no time of their own; they have the time at which they were read", zap.String("file", path), zap.Uint64("untimed", stats.Untimed))
	}
	var damage *capture.Error
	switch is := errors.As(err, &damage); {
	case is && stats.Damages > 0:
		printable.Always(s.r.log).Warn("the file is damaged; damaged bytes were skipped", append(fields, zap.Uint64("places", stats.Damages),
			zap.Uint64("bytes_stepped_over", stats.SteppedOver), zap.Uint64("unknown_blocks", stats.UnknownBlocks), zap.NamedError("first", err))...)
		return fmt.Errorf("%d bytes at %d place(s) could not be read, the first: %w", stats.SteppedOver, stats.Damages, err)
	case is:
		printable.Always(s.r.log).Warn("the rest of the file cannot be read", append(fields, zap.Error(err))...)
		return err
	case err != nil:
		return err
	}
	log := s.r.log.Info
	if p.Growing { // each part would have a line
		log = s.r.log.Debug
	}
	log("file read", fields...)
	return nil
}

// fileDevice returns the node that the capture comes from, as far as the configuration names it. Without a node name,
// it uses the file's name.
func (r *ciliumReceiver) fileDevice(path string) networklog.Device {
	return networklog.Device{NodeName: r.cfg.NodeName, FileName: replay.Name(path)}
}
