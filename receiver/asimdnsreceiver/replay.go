// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"
	"io"
	"maps"
	"sync"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/replay"
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
	player *replay.Player

	mu   sync.Mutex
	lost map[string]int64
}

func startReplay(r *dnsReceiver, files []string) *fileSource {
	s := &fileSource{r: r, lost: map[string]int64{}}
	s.player = replay.Start(r.cfg.Replay, files, s.play, r.pipeline, r.log, s.ended)
	return s
}

func (s *fileSource) stop(ctx context.Context) error { return s.player.Stop(ctx) }

// ended looks for files of another provider.
func (s *fileSource) ended() {
	if n, first := s.r.handler.foreign.seen(); n > 0 && n == s.r.pipeline.Stats.Received.Load() {
		var configured []string
		for _, p := range s.r.providers {
			configured = append(configured, p.GUID.String())
		}
		s.r.log.Warn("no event in the replayed files is from a configured provider; check provider_guid",
			zap.Strings("configured", configured), zap.Stringer("first_event_from", first), zap.Int64("events", n))
	}
}

// play plays one file. What the file lost, or what cannot be read of it, is logged and does not end the replay.
func (s *fileSource) play(ctx context.Context, path string, emit replay.Emit) error {
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
	device := s.r.fileDevice(path, header.OS.String())
	if err := s.r.pipeline.Idle(ctx, func() { s.r.handler.beginFile(device) }); err != nil {
		return err
	}
	if header.EventsLost > 0 || header.BuffersLost > 0 {
		s.lose("etl_events", int64(header.EventsLost))
		s.lose("etl_buffers", int64(header.BuffersLost))
		s.r.log.Warn("the session that wrote the file lost events", zap.String("file", path),
			zap.Uint32("events_lost", header.EventsLost), zap.Uint32("buffers_lost", header.BuffersLost))
	}
	for {
		raw, err := reader.Next()
		switch {
		case err == nil:
			if err := emit(ctx, raw, nil); err != nil {
				return err
			}
			continue
		case errors.Is(err, io.EOF):
		case errors.Is(err, etl.ErrCompressed):
			s.r.log.Error("nothing of the file can be read", zap.String("file", path), zap.Error(err))
			return nil
		default:
			return err
		}
		break
	}
	log := s.r.log.Info
	if !reader.Stats().Complete() {
		log = s.r.log.Warn
	}
	log("file read", zap.String("file", path), zap.Stringer("read", reader.Stats()))
	return nil
}

func (s *fileSource) lose(who string, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost[who] += n
}

func (s *fileSource) losses() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.lost)
}
