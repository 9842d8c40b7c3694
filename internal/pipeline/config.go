// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"errors"
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

// RetryConfig is the receivers' `retry` section: the collector's own keys, each with limits.
type RetryConfig configretry.BackOffConfig

// Bounds of the sections above.
const (
	maxBatchRecords  = 100_000
	maxBatchMiB      = 64
	minFlushInterval = 10 * time.Millisecond
	maxFlushInterval = time.Minute
	maxQueueMiB      = 16 << 10

	minRetryInterval   = 100 * time.Millisecond // less would be a busy loop
	maxRetryInterval   = 24 * time.Hour
	maxRetryMultiplier = 100
	maxRetryElapsed    = 365 * 24 * time.Hour
)

// DefaultBatchConfig is the default of the `batch` section.
func DefaultBatchConfig() BatchConfig {
	return BatchConfig{MaxRecords: 1000, MaxSizeMiB: 3, FlushInterval: 200 * time.Millisecond}
}

// DefaultQueueConfig is the default of the `queue` section.
func DefaultQueueConfig() QueueConfig { return QueueConfig{MaxSizeMiB: 48} }

// DefaultRetryConfig is the default of the `retry` section: the first retry after a second, and no limit in time. The collector's own
// default gives up after five minutes, while the receiver's queue may have room for more.
func DefaultRetryConfig() RetryConfig {
	c := configretry.NewDefaultBackOffConfig()
	c.InitialInterval, c.MaxElapsedTime = time.Second, 0
	return RetryConfig(c)
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

// Validate names each key whose value is not allowed, the value and what is allowed, also when retries are disabled.
func (c *RetryConfig) Validate() error {
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.InitialInterval < minRetryInterval || c.InitialInterval > maxRetryInterval {
		refuse("initial_interval: %v is not allowed; want %v to %v", c.InitialInterval, minRetryInterval, maxRetryInterval)
	}
	switch {
	case c.MaxInterval < minRetryInterval || c.MaxInterval > maxRetryInterval:
		refuse("max_interval: %v is not allowed; want %v to %v", c.MaxInterval, minRetryInterval, maxRetryInterval)
	case c.MaxInterval < c.InitialInterval:
		refuse("max_interval: %v is not allowed; want at least initial_interval, which is %v", c.MaxInterval, c.InitialInterval)
	}
	if !(c.Multiplier >= 1 && c.Multiplier <= maxRetryMultiplier) { // nor NaN
		refuse("multiplier: %v is not allowed; want 1 (the interval stays) to %d", c.Multiplier, maxRetryMultiplier)
	}
	if !(c.RandomizationFactor >= 0 && c.RandomizationFactor <= 1) {
		refuse("randomization_factor: %v is not allowed; want 0 (none) to 1", c.RandomizationFactor)
	}
	switch {
	case c.MaxElapsedTime < 0 || c.MaxElapsedTime > maxRetryElapsed:
		refuse("max_elapsed_time: %v is not allowed; want 0 (without end) to %v", c.MaxElapsedTime, maxRetryElapsed)
	case c.MaxElapsedTime > 0 && c.MaxElapsedTime < c.MaxInterval:
		refuse("max_elapsed_time: %v is not allowed; want at least max_interval, which is %v, or 0 (without end)", c.MaxElapsedTime, c.MaxInterval)
	}
	return errors.Join(errs...)
}
