// SPDX-License-Identifier: Apache-2.0

// Package span has the types for a part of a recorded file, so that a replay can read a file that grows, and continue one after a restart. The
// package of a format surveys a file and returns the part that can be read now; its reader reads that part.
package span

import (
	"cmp"
	"fmt"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

// Place is a place in a file: At is the offset in bytes of a unit of the format (a trace buffer, a block), In is the offset of a record in
// that unit, 0 for the unit's beginning. The zero value is the beginning of the file.
type Place struct{ At, In int64 }

// Compare compares two places of one file: -1, 0 or 1.
func (p Place) Compare(q Place) int { return cmp.Or(cmp.Compare(p.At, q.At), cmp.Compare(p.In, q.In)) }

// Before reports whether p comes before q.
func (p Place) Before(q Place) bool { return p.Compare(q) < 0 }

// Span is a part of a file. It is always read in the same order, whatever is appended to the file later.
type Span struct {
	From, To Place
	// Digest is the digest of the span's content. It stays the same when the file grows. It is 0 if no survey was asked for it.
	Digest uint64
}

// Empty reports whether the span has no bytes.
func (s Span) Empty() bool { return !s.From.Before(s.To) }

// Count says that Units whole units of the file are before the byte Before. The zero value says nothing.
type Count struct{ Units, Before int64 }

// ID identifies a file by its content. It stays the same when the file grows, is completed by its writer, is renamed or is copied.
type ID [16]byte

// Query asks what can be read of a file.
type Query struct {
	// From is where reading begins.
	From Place
	// To is where it ends, as an earlier survey has found; the zero value asks for as much as there is.
	To Place
	// Digest asks for the digest of the span's content, for which all of the span is read.
	Digest bool
	// Growing says that the file may still be written, so that a unit that is not whole is left to a later survey.
	Growing bool
	// Counted is what an earlier survey of the file has counted, so that only what comes behind it is read to find what is missing.
	Counted Count
}

// Extent is what can be read of a file now.
type Extent struct {
	Span
	// ID is the file's identifier, zero as long as the file has no event.
	ID ID
	// Recording is the file's place in a recording, zero if it carries none.
	Recording recording.File
	// Closed says that the writer has completed the file.
	Closed bool
	// Overwritten says that the writer of the file puts new units in the place of old ones, so that the file cannot be followed.
	Overwritten bool
	// Rest is the number of bytes of a unit at the end of the file that is not whole.
	Rest int64
	// Missing is the number of units that a closed file says it has, and that are not there or not yet filled.
	Missing int64
	// Damaged is the number of units behind the span that cannot be read, in a file that its writer has not completed.
	Damaged int64
	// Counted is for the next survey. It is zero where a survey need not count the units from the beginning.
	Counted Count
}

// Lacking returns an error that says what the file lacks at its end; nil if all of it is there. What is lacking may come: the file may be being
// written or copied.
func (x *Extent) Lacking() error {
	switch {
	case x.Missing > 0 && x.Rest > 0:
		return fmt.Errorf("the last %d bytes are not whole, and %d of the buffers that its header counts are missing at the end", x.Rest, x.Missing)
	case x.Missing > 0:
		return fmt.Errorf("%d of the buffers that its header counts are missing at the end", x.Missing)
	case x.Rest > 0:
		return fmt.Errorf("the last %d bytes are not whole", x.Rest)
	case x.Damaged > 0:
		return fmt.Errorf("%d buffers at the end are damaged", x.Damaged)
	}
	return nil
}
