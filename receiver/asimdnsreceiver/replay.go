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

// checkFile reads a file's header, so that the start fails if the file is not an .etl file.
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
	before playedFile // used by the replay's goroutine only

	lostEvents, lostBuffers atomic.Int64 // by the sessions that wrote the files
}

// playedFile is a file that was played to its end. The zero value means none.
type playedFile struct {
	path   string
	header etl.Header
}

// played warns if all events were from providers that are not configured.
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

// play plays one file. It logs and counts what the file lost. After a file that broke off, the next one does not
// continue its exchanges.
func (s *fileSource) play(ctx context.Context, path string, emit replay.Emit) error {
	before := s.before
	s.before = playedFile{}
	reader, err := etl.Open(path)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = reader.Close() }) // interrupts a slow read
	defer func() {
		if stop() {
			_ = reader.Close()
		}
	}()
	header := reader.Header()
	// If the file is the next one of the same session, events that are kept back stay, under the previous file's device
	// name.
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

// read logs what was read of a file that has ended. It returns an error if part of the file could not be read. Buffers
// that were never completed, as in a file that is being written, and events out of time order are not errors.
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

// losses returns what the sessions that wrote the files lost.
func (s *fileSource) losses() map[string]int64 {
	events, buffers := s.lostEvents.Load(), s.lostBuffers.Load()
	if events+buffers == 0 {
		return nil
	}
	return map[string]int64{"etl_events": events, "etl_buffers": buffers}
}
