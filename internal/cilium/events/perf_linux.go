// SPDX-License-Identifier: Apache-2.0

// The attachment of a Linux perf event array, through cilium/ebpf: a ring for each processor, in the receiver's own memory,
// registered in the map.

package events

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/perf"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/clock"
)

var (
	_ attachment = (*perfArray)(nil)
	_ peaker     = (*perfArray)(nil)
)

// perfRing is the size in bytes of each processor's ring: what the kernel lets any user lock by default (kernel.perf_event_mlock_kb,
// 516 KiB including the ring's first page).
const perfRing = 512 << 10

type perfArray struct {
	reader   *perf.Reader
	stopping atomic.Bool
	waiting  []atomic.Int64 // by processor: bytes left when its last record was read
	highest  atomic.Int64
}

func attachPerf(m *ebpf.Map) (attachment, error) {
	// The kernel has rings for no more processors than are possible.
	if possible, err := ebpf.PossibleCPU(); err == nil && m.MaxEntries() > uint32(possible) {
		return nil, fmt.Errorf("%w: the perf event array has %d entries; want at most %d, one for each processor that this machine can have",
			ErrMapSize, m.MaxEntries(), possible)
	}
	reader, err := perf.NewReader(m, perfRing)
	if err != nil {
		return nil, err
	}
	return &perfArray{reader: reader, waiting: make([]atomic.Int64, m.MaxEntries())}, nil
}

func (p *perfArray) run(emit func(Record)) error {
	var record perf.Record // its memory is reused by every read
	for {
		err := p.reader.ReadInto(&record)
		switch {
		case err == nil:
			left := int64(record.Remaining)
			p.waiting[record.CPU].Store(left)
			if left > p.highest.Load() {
				p.highest.Store(left)
			}
			emit(Record{Time: clock.Now(), CPU: int32(record.CPU), Lost: record.LostSamples, Data: record.RawSample})
		case !errors.Is(err, perf.ErrFlushed):
			return err
		case p.stopping.Load():
			return nil
		}
	}
}

// interrupt removes the rings from the map, so that nothing more comes, and lets run read what they hold, which would be lost with
// them.
func (p *perfArray) interrupt() error {
	p.stopping.Store(true)
	return errors.Join(p.reader.Pause(), p.reader.Flush())
}

// fill returns the fill level of the processor whose ring was the fullest when it was last read.
func (p *perfArray) fill() (waiting, size int) {
	for i := range p.waiting {
		waiting = max(waiting, int(p.waiting[i].Load()))
	}
	return waiting, p.reader.BufferSize()
}

func (p *perfArray) peak() int { return int(p.highest.Swap(0)) }

func (p *perfArray) close() error { return p.reader.Close() }
