// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
)

// MemoryConfig is the receivers' `memory` section.
type MemoryConfig struct {
	// MaxMiB bounds all memory that the receiver holds, in MiB: its fixed parts, and what its queue and its kept-back events take as they
	// grow. With 0, the default, there is no common bound, and each part has its own.
	MaxMiB int `mapstructure:"max_mib"`
}

// maxMemoryMiB is 64 GiB.
const maxMemoryMiB = 64 << 10

// Validate names the key, the value and what is allowed.
func (c *MemoryConfig) Validate() error {
	if c.MaxMiB < 0 || c.MaxMiB > maxMemoryMiB {
		return fmt.Errorf("max_mib: %d is not allowed; want 0 (no common bound) to %d", c.MaxMiB, maxMemoryMiB)
	}
	return nil
}

// MemoryPart is a part of a receiver's memory whose size the configuration fixes.
type MemoryPart struct {
	Name  string // with the key that sets it, if there is one
	Bytes int64
}

// MemoryNeeds are a receiver's needs.
type MemoryNeeds struct {
	Fixed []MemoryPart
	// Queues is the number of queues of QueueMiB, and Stores that of the stores of kept-back events.
	Queues, QueueMiB, Stores int
}

// storeReserved is what is reserved for a store of kept-back events.
const storeReserved = 1 << 20

// batchFactor is the memory of the batches, in multiples of batch.max_size_mib: one batch is filled while the next component has another,
// and a record takes 2.2 times its OTLP form (docs/sizing.md).
const batchFactor = 5

// BatchMemory is the memory of the batches.
func BatchMemory(c BatchConfig) MemoryPart {
	return MemoryPart{"batches (5 x batch.max_size_mib)", batchFactor * int64(c.MaxSizeMiB) << 20}
}

// fixed returns the parts, with those that every receiver has.
func (n *MemoryNeeds) fixed() []MemoryPart {
	if n.Stores == 0 {
		return n.Fixed
	}
	return append(n.Fixed[:len(n.Fixed):len(n.Fixed)], MemoryPart{fmt.Sprintf("that one event may need at once in %d store(s)", n.Stores), int64(n.Stores) * budget.Slack})
}

// floor is the memory without which the receiver does not work, in bytes.
func (n *MemoryNeeds) floor() (sum int64) {
	for _, p := range n.fixed() {
		sum += p.Bytes
	}
	return sum + int64(n.Queues)*queue.Reserved + int64(n.Stores)*storeReserved
}

// Check returns an error if the fixed parts do not fit under the cap. It shows the sum.
func (c *MemoryConfig) Check(n MemoryNeeds) error {
	if c.MaxMiB == 0 || c.MaxMiB > maxMemoryMiB || n.floor() <= int64(c.MaxMiB)<<20 { // Validate refuses what is too large
		return nil
	}
	const mib = 1 << 20
	parts := append(n.fixed(), MemoryPart{fmt.Sprintf("at least for %d queue(s)", n.Queues), int64(n.Queues) * queue.Reserved})
	if n.Stores > 0 {
		parts = append(parts, MemoryPart{fmt.Sprintf("reserved for %d store(s) of events kept back", n.Stores), int64(n.Stores) * storeReserved})
	}
	var sum []string
	for _, p := range parts {
		sum = append(sum, fmt.Sprintf("%.1f %s", float64(p.Bytes)/mib, p.Name))
	}
	return fmt.Errorf("max_mib: %d is not allowed: the parts that this configuration fixes take %.1f MiB = %s; want at least %d, or smaller parts",
		c.MaxMiB, float64(n.floor())/mib, strings.Join(sum, " + "), (n.floor()+mib-1)/mib)
}

// Memory is the memory of one receiver. A nil Memory has no cap.
type Memory struct {
	budget *budget.Budget
	queue  int64 // reserved for each queue
}

// NewMemory divides the memory. It returns nil if there is no cap. Check has returned nil.
func (c *MemoryConfig) NewMemory(n MemoryNeeds) *Memory {
	if c.MaxMiB == 0 {
		return nil
	}
	left := int64(c.MaxMiB) << 20
	for _, p := range n.fixed() {
		left -= p.Bytes
	}
	m := &Memory{budget: budget.New(left)}
	// A queue without room loses events, while events that are kept back only go early. So each queue gets all of its own bound reserved, but
	// the queues together at most half of the budget.
	m.queue = queue.Reserved
	if n.Queues > 0 {
		half := min((left-int64(n.Stores)*storeReserved)/int64(n.Queues), max(left/2/int64(n.Queues), queue.Reserved))
		m.queue = min(int64(n.QueueMiB)<<20, half)
	}
	return m
}

// Queue returns the share of a queue.
func (m *Memory) Queue() *budget.Share {
	if m == nil {
		return nil
	}
	return m.budget.Share(m.queue)
}

// Store returns the share of a store of kept-back events.
func (m *Memory) Store() *budget.Share {
	if m == nil {
		return nil
	}
	return m.budget.Share(storeReserved)
}

// Used returns the bytes that queues and stores have now, the most that they had so far, and their limit.
func (m *Memory) Used() (now, most, limit int64) {
	if m == nil {
		return 0, 0, 0
	}
	now, most = m.budget.Used()
	return now, most, m.budget.Limit()
}
