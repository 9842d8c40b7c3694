// SPDX-License-Identifier: Apache-2.0

// What the receiver holds in memory, for the cap of memory.max_mib.

package ciliumwindowsreceiver

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// Memory in bytes. tables is for the packets and the openers that a tier remembers (internal/cilium/primary, internal/cilium/opener), and
// smallParts for the identifiers, the sums of the metrics and the buffers of a recording.
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
	n := pipeline.MemoryNeeds{Queues: 1, QueueMiB: c.Queue.MaxSizeMiB, Stores: 1, Fixed: []pipeline.MemoryPart{
		pipeline.BatchMemory(c.Batch),
		{Name: "the attributes' templates", Bytes: tiers * attrs.MaxTemplateBytes},
		{Name: "packets and openers", Bytes: tiers * tables},
		{Name: "caches", Bytes: smallParts},
	}}
	if c.Connections.Enabled {
		n.Stores++
	}
	if c.Pseudonymize.Enabled() {
		n.Fixed = append(n.Fixed, pipeline.MemoryPart{Name: "pseudonymize", Bytes: pseudonym.MaxMemory})
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
