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
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
)

// checkFile reads a file's header, so that the start fails if the file is not an .etl file.
func checkFile(path string) error {
	reader, err := etl.Open(path)
	switch {
	case errors.Is(err, etl.ErrTruncated):
		return &replay.BegunError{Err: err}
	case err != nil:
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

// play plays a file, or a part of one. It logs and counts what the file lost. After a file that broke off, the next one does not
// continue its exchanges.
func (s *fileSource) play(ctx context.Context, p replay.Part, emit replay.Emit) error {
	before, path := s.before, p.Path
	s.before = playedFile{}
	reader, err := open(p)
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
	goesOn := p.GoesOn || header.Continues(&before.header) && (header.Recorded() || replay.Follows(before.path, path))
	device := s.r.fileDevice(path, header.OS.String())
	if err := s.r.BeginFile(ctx, path, goesOn, func() { s.r.handler.beginFile(device) }); err != nil {
		return err
	}
	s.countLost(path, &header, p.GoesOn, &before.header)
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			err = s.read(p, reader.Stats())
			if err == nil || p.Growing {
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

// open opens what is to be played.
func open(p replay.Part) (*etl.Reader, error) {
	if p.Source == nil {
		return etl.Open(p.Path)
	}
	reader, err := etl.NewReader(p.Source, p.Size)
	if err != nil {
		return nil, err
	}
	reader.ReadSpan(p.Span)
	return reader, nil
}

// countLost counts and logs the events and buffers that the session of a file lost. For a further part of a file it counts those since the part
// before.
func (s *fileSource) countLost(path string, h *etl.Header, goesOn bool, before *etl.Header) {
	events, buffers := int64(h.EventsLost), int64(h.BuffersLost)
	if goesOn {
		events, buffers = max(0, events-int64(before.EventsLost)), max(0, buffers-int64(before.BuffersLost))
	}
	if events == 0 && buffers == 0 {
		return
	}
	s.lostEvents.Add(events)
	s.lostBuffers.Add(buffers)
	printable.Always(s.r.log).Warn("the session that wrote the file lost events", zap.String("file", path), zap.Int64("events_lost", events), zap.Int64("buffers_lost", buffers))
}

// read logs what was read of a file that has ended, or of a part. It returns an error if something of it could not be read. Buffers
// that were never completed, as in a file that is being written, and events out of time order are not errors.
func (s *fileSource) read(p replay.Part, stats etl.Stats) error {
	if stats.Complete() && stats.UnmergedBuffers == 0 {
		log := s.r.log.Info
		if p.Growing { // each part would have a line
			log = s.r.log.Debug
		}
		log("file read", zap.String("file", p.Path), zap.Stringer("read", stats))
		return nil
	}
	printable.Always(s.r.log).Warn("file read", zap.String("file", p.Path), zap.Stringer("read", stats))
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
