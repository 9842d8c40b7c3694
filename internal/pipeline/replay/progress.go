// SPDX-License-Identifier: Apache-2.0

// The progress of a replay.

package replay

import (
	"context"
	"math"
	"os"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// progressInterval is how often a replay logs its progress.
const progressInterval = 10 * time.Second

// Progress is the progress of a replay. It counts the bytes of the events handed over, but for each file at most the file's size, and the
// whole size when the file has ended. So the share is approximate within a file and exact between files. Only the replay's goroutine
// writes; all exported methods may be called from any goroutine.
type Progress struct {
	begun time.Time
	sizes []int64 // of the files in bytes; 0 if unknown
	total int64   // of all rounds in bytes; 0 for a replay without end

	events atomic.Int64
	done   atomic.Int64  // bytes
	unread atomic.Int64  // files
	rate   atomic.Uint64 // events a second in the last interval, the bits of a float64
	ended  atomic.Bool

	// Used only by the replay's goroutine.
	before int64 // bytes of the files that have ended
	handed int64 // bytes of the file being played
	size   int64 // of that file
}

func newProgress(c Config, files []string) *Progress {
	p := &Progress{begun: time.Now(), sizes: make([]int64, len(files))}
	for i, path := range files {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			p.sizes[i] = info.Size()
		}
		p.total += p.sizes[i] * int64(c.Repeat)
	}
	if c.Follow { // it has no end
		p.total = 0
	}
	return p
}

func (p *Progress) begin(file int) { p.handed, p.size = 0, p.sizes[file] }

// passed counts an event of the given number of bytes.
func (p *Progress) passed(size int) {
	p.events.Store(p.events.Load() + 1) // nobody else writes
	p.handed += int64(size)
	p.done.Store(p.before + min(p.handed, p.size))
}

func (p *Progress) end(file int) {
	p.before += p.sizes[file]
	p.done.Store(p.before)
}

// finish notes that the replay has ended by itself.
func (p *Progress) finish() {
	p.ended.Store(true)
	p.rate.Store(0)
}

// Ended reports whether the replay has ended by itself: all files have been read, and not only been left by a stop.
func (p *Progress) Ended() bool { return p.ended.Load() }

// share returns how much of all rounds has been read, 0 to 1. It is unknown for a replay without end.
func (p *Progress) share() (float64, bool) {
	switch {
	case p.ended.Load():
		return 1, true
	case p.total == 0:
		return 0, false
	}
	return float64(p.done.Load()) / float64(p.total), true
}

// left estimates how long the rest takes, from the average speed so far. It is unknown for a replay without end, and at the beginning.
func (p *Progress) left() (time.Duration, bool) {
	share, ok := p.share()
	if !ok || share == 0 {
		return 0, false
	}
	left := float64(time.Since(p.begun)) * (1 - share) / share
	return time.Duration(min(left, math.MaxInt64/2)), true
}

// report logs the progress every interval, until ctx ends.
func (p *Progress) report(ctx context.Context, log *zap.Logger) {
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	var events int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := p.events.Load()
		rate := float64(now-events) / progressInterval.Seconds()
		events = now
		p.rate.Store(math.Float64bits(rate))
		fields := []zap.Field{zap.Int64("events", now), zap.Float64("events_per_second", math.Round(rate*10)/10)}
		if share, ok := p.share(); ok {
			fields = append(fields, zap.Float64("percent", math.Round(share*1000)/10))
		}
		if left, ok := p.left(); ok {
			fields = append(fields, zap.Stringer("time_left", left.Round(time.Second)))
		}
		log.Info("replaying", fields...)
	}
}

// The methods below are callbacks for asynchronous instruments of a receiver.

// ObserveShare observes how much of the files has been read, 0 to 1.
func (p *Progress) ObserveShare(_ context.Context, o metric.Float64Observer) error {
	if share, ok := p.share(); ok {
		o.Observe(share)
	}
	return nil
}

// ObserveRate observes the events per second in the last interval.
func (p *Progress) ObserveRate(_ context.Context, o metric.Float64Observer) error {
	o.Observe(math.Float64frombits(p.rate.Load()))
	return nil
}

// ObserveLeft observes the estimated seconds that the rest takes.
func (p *Progress) ObserveLeft(_ context.Context, o metric.Float64Observer) error {
	if left, ok := p.left(); ok {
		o.Observe(left.Seconds())
	}
	return nil
}

// Unread returns the number of files that could not be read, or not in full.
func (p *Progress) Unread() int64 { return p.unread.Load() }
