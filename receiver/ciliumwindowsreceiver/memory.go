// SPDX-License-Identifier: Apache-2.0

// What the receiver holds in memory, for the cap of memory.max_mib.

package ciliumwindowsreceiver

import (
	"fmt"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/uid"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// Memory in bytes. tables is for the packets and the openers that a tier remembers (internal/cilium/primary, internal/cilium/opener), and
// smallParts for the sums of the metrics and the buffers of a recording.
const (
	tables     = 8 << 20
	smallParts = 8 << 20
)

// needs returns what the receiver needs of the memory.
func (c *Config) needs() pipeline.MemoryNeeds {
	tiers := int64(1)
	if c.Archive {
		tiers = 2
	}
	workers := max(c.Workers, 1)
	n := pipeline.MemoryNeeds{Queues: 1, QueueMiB: c.Queue.MaxSizeMiB, Stores: workers, Fixed: []pipeline.MemoryPart{
		forWorkers(pipeline.BatchMemory(c.Batch), workers),
		forWorkers(pipeline.MemoryPart{Name: "the attributes' templates", Bytes: tiers * attrs.MaxTemplateBytes}, workers),
		forWorkers(pipeline.MemoryPart{Name: "packets and openers", Bytes: tiers * tables}, workers),
		forWorkers(pipeline.MemoryPart{Name: "identifiers", Bytes: uid.MaxMemory}, workers),
		{Name: "caches", Bytes: smallParts},
	}}
	if workers > 1 {
		n.Fixed = append(n.Fixed, pipeline.MemoryPart{Name: "who gets which event", Bytes: pipeline.SplitMemory})
	}
	if c.Connections.Enabled {
		n.Stores += workers
	}
	if c.Pseudonymize.Enabled() {
		n.Fixed = append(n.Fixed, forWorkers(pipeline.MemoryPart{Name: "pseudonymize", Bytes: pseudonym.MaxMemory}, workers))
	}
	if naming := c.naming(); c.Pseudonymize.Enabled() && naming.Any() {
		n.Fixed = append(n.Fixed, pipeline.MemoryPart{Name: "pseudonymize, of the metrics", Bytes: pseudonym.MaxMemory})
	}
	if c.Replay.Enabled() {
		n.Fixed = append(n.Fixed, pipeline.MemoryPart{Name: "the replay's buffers", Bytes: capture.MaxMemory})
	}
	if c.Record.Enabled() {
		n.Queues++
	}
	return n
}

// forWorkers returns what all workers need of a part that each has.
func forWorkers(p pipeline.MemoryPart, workers int) pipeline.MemoryPart {
	if workers > 1 {
		p.Name += fmt.Sprintf(" of %d workers", workers)
		p.Bytes *= int64(workers)
	}
	return p
}
