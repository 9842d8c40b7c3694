// SPDX-License-Identifier: Apache-2.0

// What the receiver holds in memory, for the cap of memory.max_mib.

package asimdnsreceiver

import (
	"os"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
)

// smallParts is the memory of a receiver's small parts, in bytes: its caches of processes, users, addresses, layouts and outcomes, its
// identifiers, the rates of clients, and the buffers of its recording.
const smallParts = 8 << 20

// needs returns what the receiver needs of the memory.
func (c *Config) needs() pipeline.MemoryNeeds {
	providers := max(1, len(c.Providers))
	mappers := providers
	if c.Archive {
		mappers *= 2
	}
	n := pipeline.MemoryNeeds{Queues: 1, QueueMiB: c.Queue.MaxSizeMiB, Fixed: []pipeline.MemoryPart{
		pipeline.BatchMemory(c.Batch),
		{Name: "the attributes' templates", Bytes: int64(mappers) * attrs.MaxTemplateBytes},
		{Name: "caches", Bytes: smallParts},
	}}
	fix := func(name string, bytes int64) {
		n.Fixed = append(n.Fixed, pipeline.MemoryPart{Name: name, Bytes: bytes})
	}
	if c.Noise.EnableDeduplication {
		fix("enable_deduplication", int64(providers)*filter.MemorySize)
	}
	sums := c.Aggregation.Window > 0 || c.Aggregation.Noise.Window > 0
	if sums && c.Aggregation.Whole.NewWithin > 0 {
		fix("names (aggregation.whole.new_max_size_mib)", int64(c.Aggregation.Whole.NewMaxSizeMiB)<<20)
	}
	if file := c.Aggregation.Noise.File; sums && file != "" {
		// A name of the file takes 60 bytes, and is seldom shorter than 15.
		const factor = 4
		if info, err := os.Stat(file); err == nil {
			fix("names (aggregation.noise.file)", factor*info.Size())
		}
	}
	if c.Pseudonymize.Enabled() {
		fix("pseudonymize", pseudonym.MaxMemory)
	}
	if c.Replay.Enabled() {
		fix("the replay's buffers", etl.MaxMemory)
	}
	if c.Record.Enabled() {
		n.Queues++
	}
	if c.Correlate {
		n.Stores++
	}
	if sums {
		n.Stores += c.windows()
	}
	return n
}

// windows returns the number of windows of sums.
func (c *Config) windows() int {
	if c.Aggregation.Noise.Window > 0 {
		return 2
	}
	return 1
}

// shares returns the shares of the sums' windows; nil without a cap.
func (c *Config) shares(m *pipeline.Memory) (shares []*budget.Share) {
	for range c.windows() {
		if s := m.Store(); s != nil {
			shares = append(shares, s)
		}
	}
	return shares
}
