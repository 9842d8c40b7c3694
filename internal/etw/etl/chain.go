// SPDX-License-Identifier: Apache-2.0

// Chained files: one session's, which begins a new file when one is full (EVENT_TRACE_FILE_MODE_NEWFILE), or one recording's.

package etl

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

// handOver is how long after the end of a file the next one of the same session begins, at most. A session that was started anew has
// the same name, boot and often the same id, and begins later.
const handOver = time.Second

// Continues reports whether the headers prove that the file is of the same session as the one before. Where one says which recording it
// is of, both must say that they are parts of one recording in a row, and no more is asked: the recorder's clock may have been set back.
//
// Otherwise they prove it by the same host, logger and clock, and either the same start of the session to 100 ns, or the mode of chained
// files, the same boot and logger's number, and a start where the file before ended. That no file is missing between the two, their names
// tell then.
func (h *Header) Continues(before *Header) bool {
	if h.Recorded() || before.Recorded() {
		return h.Recording.Continues(before.Recording)
	}
	sameHost := h.OS == before.OS && h.NumberOfProcessors == before.NumberOfProcessors && h.PointerSize == before.PointerSize
	sameClock := h.Clock == before.Clock && h.PerfFreq == before.PerfFreq && h.CPUSpeed == before.CPUSpeed
	if h.LoggerName == "" || h.LoggerName != before.LoggerName || !sameHost || !sameClock {
		return false
	}
	if *h == *before { // a copy
		return false
	}
	if !h.EndTime.IsZero() && !before.EndTime.IsZero() && !h.EndTime.After(before.EndTime) { // a copy as well, or not the session's order
		return false
	}
	sameStart := !h.StartTime.IsZero() && h.StartTime.Equal(before.StartTime)
	chained := h.LogFileMode&before.LogFileMode&ModeNewFile != 0
	sameBoot := !h.BootTime.IsZero() && h.BootTime.Equal(before.BootTime)
	pause := h.StartTime.Sub(before.EndTime)
	handedOver := !before.EndTime.IsZero() && !h.StartTime.IsZero() && pause >= -handOver && pause <= handOver
	return sameStart || chained && sameBoot && handedOver && h.LoggerID == before.LoggerID
}

// Recorded reports whether the file says which file of which recording it is.
func (h *Header) Recorded() bool { return h.Recording != (recording.File{}) }
