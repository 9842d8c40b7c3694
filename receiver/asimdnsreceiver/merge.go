// SPDX-License-Identifier: Apache-2.0

// The stages that merge events, as the configuration wants them.

package asimdnsreceiver

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// newCorrelator returns the correlator that merges the events of an exchange, or nil if none are merged.
func (c *Config) newCorrelator(m *pipeline.Memory) *correlate.Correlator {
	if !c.Correlate {
		return nil
	}
	s := correlate.Settings{Live: !c.Replay.Enabled(), Window: c.Correlation.Timeout}
	s.MaxEvents, s.MaxBytes = heldBounds(c.Correlation.MaxSizeMiB<<20, hold.EntrySize+correlate.OpenCallSize)
	s.Memory = m.Store()
	return correlate.New(s)
}

// newAggregator returns the aggregator that sums exchanges, or counts events if there are no exchanges, or nil if aggregation is off.
func (c *Config) newAggregator(m *pipeline.Memory) *aggregate.Aggregator {
	if c.Aggregation.Window <= 0 && c.Aggregation.Noise.Window <= 0 {
		return nil
	}
	s := aggregate.Settings{
		Live: !c.Replay.Enabled(), Short: c.Aggregation.Window, Long: c.Aggregation.Noise.Window, Exchanges: c.Correlate, Pack: c.packs(),
		Bursts: c.packsBursts(),
	}
	s.MaxEvents, s.MaxBytes = heldBounds(c.Aggregation.maxBytes(), hold.EntrySize)
	s.Memory = c.shares(m)
	return aggregate.New(s)
}

// latest is how long after its time an exchange may be ready: a query is once no response can come any more.
func (c *Config) latest() time.Duration {
	late := time.Duration(correlate.Slack(!c.Replay.Enabled()))
	if c.Correlate {
		late += c.Correlation.Timeout
	}
	return late
}

// heldBounds divides memory, in bytes, between the events that are kept back, of which each takes entry bytes besides its own, and their bytes.
func heldBounds(memory, entry int) (maxEvents, maxBytes int) {
	const leastEvent = 256 // bytes, approximately
	maxEvents = memory / (entry + leastEvent)
	return maxEvents, memory - maxEvents*entry
}

// maxBytes is the bound of the memory for sums, in bytes.
func (c *aggregationConfig) maxBytes() int {
	if c.bytes > 0 {
		return c.bytes
	}
	return c.MaxSizeMiB << 20
}

// Thin divides the memory for sums and for names by a number from 1 on. It is for a measurement whose traffic is so small a part of a server's that
// its part of the memory is no whole MiB, which the keys have.
func (c *Config) Thin(by float64) {
	part := func(mib int) int { return max(1, int(float64(mib<<20)/by)) }
	c.Aggregation.bytes = part(c.Aggregation.MaxSizeMiB)
	c.Aggregation.Whole.BoundNew(part(c.Aggregation.Whole.NewMaxSizeMiB))
}
