// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"time"
)

// Keys of the receivers' configuration.
const (
	KeyHeartbeat = "heartbeat"
	KeyRecords   = "status_records"
)

// Config says which status records a receiver writes. The zero value writes none.
type Config struct {
	// Heartbeat is the time between two records of the account, by the wall clock. 0 is none.
	Heartbeat time.Duration
	// Records also writes a record of each loss, and of each change that someone else makes to the source.
	Records bool
	// Canary is set if the receiver sends queries of its own, and reports when no event of them comes. Only asimdns has it.
	Canary bool
}

// Enabled reports whether any record is written.
func (c Config) Enabled() bool { return c.Heartbeat > 0 || c.Records || c.Canary }

// Bounds of the interval. A shorter one would be mere load. With a longer one, nobody would notice a silent collector for days.
const (
	minHeartbeat = time.Second
	maxHeartbeat = 24 * time.Hour
)

// CheckHeartbeat returns an error that says which values of the key heartbeat are allowed.
func CheckHeartbeat(d time.Duration) error {
	if d != 0 && (d < minHeartbeat || d > maxHeartbeat) {
		return fmt.Errorf("%v is not allowed; want 0 (off), or %v to %v", d, minHeartbeat, maxHeartbeat)
	}
	return nil
}
