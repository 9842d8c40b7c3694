// SPDX-License-Identifier: Apache-2.0

// The archive: full records beside those that stand for several events. A handler appends them to places of the same batch whose resource has
// TierAttribute. They have an account of their own.

package pipeline

import (
	"fmt"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/counter"
)

// TierAttribute is the attribute of a resource that says which tier of storage its records are for. TierArchive is its value for the archive;
// other records have no such attribute.
const (
	TierAttribute = "winnet.tier"
	TierArchive   = "archive"
)

// MarkArchive marks a resource: its records are for the archive.
func MarkArchive(resource pcommon.Resource) { resource.Attributes().PutStr(TierAttribute, TierArchive) }

func isArchive(resource pcommon.Resource) bool {
	v, ok := resource.Attributes().Get(TierAttribute)
	return ok && v.Type() == pcommon.ValueTypeStr && v.Str() == TierArchive
}

// ArchiveStats accounts for every record of the archive. Received = Emitted + Dropped once the pipeline has shut down; before that the
// difference is the number of records in the pipeline. All methods may be called from any goroutine.
type ArchiveStats struct {
	Received atomic.Int64 // events that passed the filters
	Emitted  atomic.Int64
	Dropped  counter.Counts
}

// Pending returns the number of records in the pipeline.
func (s *ArchiveStats) Pending() int64 {
	return s.Received.Load() - s.Emitted.Load() - s.Dropped.Total()
}

// String returns the whole account in one line.
func (s *ArchiveStats) String() string {
	return fmt.Sprintf("received %d = emitted %d + dropped %s + pending %d", s.Received.Load(), s.Emitted.Load(), &s.Dropped, s.Pending())
}

// log logs what became of every record of the archive. rest says where those are that no one has accounted for.
func (s *ArchiveStats) log(logger *zap.Logger, rest string) {
	log, said := logger.Info, "every record of the archive has left the receiver"
	dropped, pending := s.Dropped.Total(), s.Pending()
	var stayed []string
	if dropped != 0 {
		stayed = append(stayed, fmt.Sprintf("%d dropped", dropped))
	}
	if pending != 0 {
		stayed = append(stayed, fmt.Sprintf("%d %s", pending, rest))
	}
	if len(stayed) > 0 {
		log, said = logger.Warn, fmt.Sprintf("%d of %d records of the archive have not left the receiver: %s", dropped+pending, s.Received.Load(), strings.Join(stayed, ", "))
	}
	if pending != 0 {
		log = logger.Error
	}
	log(said, zap.Stringer("archive", s))
}

// tierCounts is a number of records by tier.
type tierCounts struct{ main, archive int }

func (t tierCounts) sum() int { return t.main + t.archive }

// tierCountsOf counts records by their resource. Without an archive all are main records.
func (p *Pipeline) tierCountsOf(logs plog.Logs) (t tierCounts) {
	if !p.Archive {
		return tierCounts{main: logs.LogRecordCount()}
	}
	for _, rl := range logs.ResourceLogs().All() {
		n := 0
		for _, sl := range rl.ScopeLogs().All() {
			n += sl.LogRecords().Len()
		}
		if isArchive(rl.Resource()) {
			t.archive += n
		} else {
			t.main += n
		}
	}
	return t
}

// within returns the counts, limited to all. Behind a processor there may be more records, or records with another resource.
func (t tierCounts) within(all tierCounts) tierCounts {
	total := min(t.sum(), all.sum())
	archive := min(t.archive, all.archive, total)
	archive += max(0, total-archive-all.main)
	return tierCounts{total - archive, archive}
}
