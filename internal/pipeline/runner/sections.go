// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
)

// Sections are the sections that every receiver's configuration has.
type Sections struct {
	Batch  pipeline.BatchConfig
	Queue  pipeline.QueueConfig
	Memory pipeline.MemoryConfig
	Retry  pipeline.RetryConfig
	Replay replay.Config
	Record record.Config
	Status status.Config // keys outside any section; off by default
	// Storage is the name of the extension that keeps the place in the files of a replay; "" for none.
	Storage     string
	WhenMissing WhenMissing
}

// DefaultSections are the defaults of the sections.
func DefaultSections() Sections {
	return Sections{
		Batch: pipeline.DefaultBatchConfig(), Queue: pipeline.DefaultQueueConfig(), Retry: pipeline.DefaultRetryConfig(),
		Replay: replay.DefaultConfig(), Record: record.DefaultConfig(),
		WhenMissing: Fail,
	}
}
