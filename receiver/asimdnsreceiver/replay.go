// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
)

// checkFile reads a file's header, so that a file that is no .etl fails the start.
func checkFile(path string) error {
	reader, err := etl.Open(path)
	if err != nil {
		return err
	}
	return reader.Close()
}

// fileSource replays .etl files.
type fileSource struct {
	r      *dnsReceiver
	before playedFile // of the replay's goroutine

	lostEvents, lostBuffers atomic.Int64 // by the sessions that wrote the files
}

// playedFile is a file that was played to its end; the zero value is none.
type playedFile struct {
	path   string
	header etl.Header
}

// played looks for files of another provider.
func (s *fileSource) played() {
	if n, first := s.r.handler.foreign.seen(); n > 0 && n == s.r.Pipeline.Stats.Received.Load() {
		var configured []string
		for _, p := range s.r.providers {
			configured = append(configured, p.GUID.String())
		}
		s.r.log.Warn("no event in the replayed files is from a configured provider; check provider_guid",
			zap.Strings("configured", configured), zap.Stringer("first_event_from", first), zap.Int64("events", n))
	}
}

// play plays one file. What the file lost is logged and counted. What follows a file that broke off does not go on where it did.
func (s *fileSource) play(ctx context.Context, path string, emit replay.Emit) error {
	before := s.before
	s.before = playedFile{}
	reader, err := etl.Open(path)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = reader.Close() }) // ends a read that takes long
	defer func() {
		if stop() {
			_ = reader.Close()
		}
	}()
	header := reader.Header()
	// Where the file is the next one of the same session, what is kept back goes on, under the device's name in the file before.
	goesOn := header.Continues(&before.header) && (header.Recorded() || replay.Follows(before.path, path))
	device := s.r.fileDevice(path, header.OS.String())
	if err := s.r.BeginFile(ctx, path, goesOn, func() { s.r.handler.beginFile(device) }); err != nil {
		return err
	}
	if header.EventsLost > 0 || header.BuffersLost > 0 {
		s.lostEvents.Add(int64(header.EventsLost))
		s.lostBuffers.Add(int64(header.BuffersLost))
		s.r.log.Warn("the session that wrote the file lost events", zap.String("file", path),
			zap.Uint32("events_lost", header.EventsLost), zap.Uint32("buffers_lost", header.BuffersLost))
	}
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			err = s.read(path, reader.Stats())
			if err == nil {
				s.before = playedFile{path, header}
			}
			return err
		}
		if err != nil {
			return err
		}
		if err := emit(ctx, raw, nil); err != nil {
			return err
		}
	}
}

// read says what was read of a file that has ended. Its error says that not all of what the file has could be read; a buffer that
// was never completed, as in a file that is being written, is none of that, nor are events that are not in the order of time.
func (s *fileSource) read(path string, stats etl.Stats) error {
	if stats.Complete() && stats.UnmergedBuffers == 0 {
		s.r.log.Info("file read", zap.String("file", path), zap.Stringer("read", stats))
		return nil
	}
	s.r.log.Warn("file read", zap.String("file", path), zap.Stringer("read", stats))
	if stats.CompressedBuffers+stats.DamagedBuffers+stats.TruncatedBuffers+stats.MissingBuffers == 0 {
		return nil
	}
	return fmt.Errorf("%s", stats)
}

// losses gives what the sessions that wrote the files have lost.
func (s *fileSource) losses() map[string]int64 {
	events, buffers := s.lostEvents.Load(), s.lostBuffers.Load()
	if events+buffers == 0 {
		return nil
	}
	return map[string]int64{"etl_events": events, "etl_buffers": buffers}
}
