// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
)

// Sections are the sections that every receiver's configuration has. A receiver's Config embeds it with squash.
type Sections struct {
	// Batch sets when records go to the next component. Queue bounds the memory of events on their way. Retry sets how
	// records that the next component refuses for now are tried again.
	Batch pipeline.BatchConfig `mapstructure:"batch"`
	Queue pipeline.QueueConfig `mapstructure:"queue"`
	Retry pipeline.RetryConfig `mapstructure:"retry"`
	// Replay reads recorded files instead of the live source.
	Replay replay.Config `mapstructure:"replay"`
	// Record also writes the raw events, as the source delivers them, to files.
	Record record.Config `mapstructure:"record"`
}

// DefaultSections are the defaults of the sections.
func DefaultSections() Sections {
	return Sections{
		Batch: pipeline.DefaultBatchConfig(), Queue: pipeline.DefaultQueueConfig(), Retry: pipeline.DefaultRetryConfig(),
		Replay: replay.DefaultConfig(), Record: record.DefaultConfig(),
	}
}
