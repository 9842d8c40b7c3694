// SPDX-License-Identifier: Apache-2.0

//go:build !windows

// The attachment of a Linux ring buffer, through cilium/ebpf.

package events

import (
	"errors"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/clock"
)

var (
	_ attachment = (*ring)(nil)
	_ drainer    = (*ring)(nil)
	_ peaker     = (*ring)(nil)
)

type ring struct {
	reader   *ringbuf.Reader
	stopping atomic.Bool // run returns after the current record
	draining atomic.Bool // run returns when nothing waits
	highest  atomic.Int64
}

func attachRing(m *ebpf.Map) (attachment, error) {
	reader, err := ringbuf.NewReader(m)
	if err != nil {
		return nil, err
	}
	return &ring{reader: reader}, nil
}

func (r *ring) run(emit func(Record)) error {
	var record ringbuf.Record // its memory is reused by every read
	for {
		err := r.reader.ReadInto(&record)
		switch {
		case err == nil:
			if left := int64(record.Remaining); left > r.highest.Load() {
				r.highest.Store(left)
			}
			emit(Record{Time: clock.Now(), CPU: UnknownCPU, Data: record.RawSample})
		case !errors.Is(err, ringbuf.ErrFlushed):
			return err
		case r.draining.Load(): // it has read what was there at the flush
			return nil
		}
		if r.stopping.Load() {
			return nil
		}
	}
}

// interrupt flushes the reader instead of closing it, so run ends between two records.
func (r *ring) interrupt() error {
	r.stopping.Store(true)
	return r.reader.Flush()
}

func (r *ring) drain() error {
	r.draining.Store(true)
	return r.reader.Flush()
}

func (r *ring) fill() (waiting, size int) { return r.reader.AvailableBytes(), r.reader.BufferSize() }

// peak also counts what waits now, since the reader may be slow.
func (r *ring) peak() int { return max(int(r.highest.Swap(0)), r.reader.AvailableBytes()) }

func (r *ring) close() error { return r.reader.Close() }
