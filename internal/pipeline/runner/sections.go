// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
)

// Sections are the sections that the configuration of every receiver has. It embeds them, squashed.
type Sections struct {
	// Batch says when records are handed to the next component.
	Batch pipeline.BatchConfig `mapstructure:"batch"`
	// Queue bounds the memory for events on their way.
	Queue pipeline.QueueConfig `mapstructure:"queue"`
	// Retry says how records that the next component refuses for now are tried again.
	Retry pipeline.RetryConfig `mapstructure:"retry"`
	// Replay reads recorded files instead of the live source.
	Replay replay.Config `mapstructure:"replay"`
	// Record writes the raw events, as the source delivers them, to a file.
	Record record.Config `mapstructure:"record"`
}

// DefaultSections are the defaults of the sections.
func DefaultSections() Sections {
	return Sections{
		Batch: pipeline.DefaultBatchConfig(), Queue: pipeline.DefaultQueueConfig(), Retry: pipeline.DefaultRetryConfig(),
		Replay: replay.DefaultConfig(), Record: record.DefaultConfig(),
	}
}

// Look looks which of the sections that may be left out are there, before the receiver's configuration is unmarshalled.
func (s *Sections) Look(receiver *confmap.Conf) {
	s.Replay.Look(receiver, "replay")
	s.Record.Look(receiver, "record")
}
