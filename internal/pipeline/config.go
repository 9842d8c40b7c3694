// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/config/configretry"
)

// BatchConfig is the receivers' `batch` section: when records are handed to the next component.
type BatchConfig struct {
	// MaxRecords is the number of records at which a batch is handed over. Default 1000.
	MaxRecords int `mapstructure:"max_records"`
	// MaxSizeMiB bounds a batch in MiB of its records' OTLP protobuf form: gRPC takes no message above 4 MiB. Default 3.
	MaxSizeMiB int `mapstructure:"max_size_mib"`
	// FlushInterval is the longest that a record waits for its batch to fill. Default 200ms.
	FlushInterval time.Duration `mapstructure:"flush_interval"`
}

// QueueConfig is the receivers' `queue` section: the raw events between the source and the worker.
type QueueConfig struct {
	// MaxSizeMiB bounds the memory of the queue in MiB. Default 48.
	MaxSizeMiB int `mapstructure:"max_size_mib"`
}

// Bounds of the sections above.
const (
	maxBatchRecords  = 100_000
	maxBatchMiB      = 64
	minFlushInterval = 10 * time.Millisecond
	maxFlushInterval = time.Minute
	maxQueueMiB      = 16 << 10
)

// DefaultBatchConfig is the default of the `batch` section.
func DefaultBatchConfig() BatchConfig {
	return BatchConfig{MaxRecords: 1000, MaxSizeMiB: 3, FlushInterval: 200 * time.Millisecond}
}

// DefaultQueueConfig is the default of the `queue` section.
func DefaultQueueConfig() QueueConfig { return QueueConfig{MaxSizeMiB: 48} }

// DefaultRetryConfig is the default of the `retry` section: for five minutes, at first after a second.
func DefaultRetryConfig() configretry.BackOffConfig {
	c := configretry.NewDefaultBackOffConfig()
	c.InitialInterval = time.Second
	return c
}

// Validate names the key, the value and what is allowed.
func (c *BatchConfig) Validate() error {
	if c.MaxRecords < 1 || c.MaxRecords > maxBatchRecords {
		return fmt.Errorf("max_records: %d is not allowed; want 1 to %d", c.MaxRecords, maxBatchRecords)
	}
	if c.MaxSizeMiB < 1 || c.MaxSizeMiB > maxBatchMiB {
		return fmt.Errorf("max_size_mib: %d is not allowed; want 1 to %d", c.MaxSizeMiB, maxBatchMiB)
	}
	if c.FlushInterval < minFlushInterval || c.FlushInterval > maxFlushInterval {
		return fmt.Errorf("flush_interval: %v is not allowed; want %v to %v", c.FlushInterval, minFlushInterval, maxFlushInterval)
	}
	return nil
}

// Validate names the key, the value and what is allowed.
func (c *QueueConfig) Validate() error {
	if c.MaxSizeMiB < 1 || c.MaxSizeMiB > maxQueueMiB {
		return fmt.Errorf("max_size_mib: %d is not allowed; want 1 to %d", c.MaxSizeMiB, maxQueueMiB)
	}
	return nil
}
