// SPDX-License-Identifier: Apache-2.0

// Chained files: those of one session that begins a new file when one is full (EVENT_TRACE_FILE_MODE_NEWFILE), or of one recording.

package etl

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

// handOver is the longest time between the end of a file and the beginning of the next one of the same session. A session that was
// started again has the same name, boot and often the same id, but begins later.
const handOver = time.Second

// Continues reports whether the headers prove that the file is of the same session as the one before. If one of them says which
// recording it belongs to, both must be consecutive parts of one recording. Nothing else is then compared, because the recorder's
// clock may have been set back.
//
// Otherwise the proof is the same host, logger and clock, and one of two: the same start of the session to 100 ns; or the mode of
// chained files, the same boot and logger's number, and a start at the end of the file before. Whether a file is missing between the
// two is then up to their names.
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
	if !h.EndTime.IsZero() && !before.EndTime.IsZero() && !h.EndTime.After(before.EndTime) { // also a copy, or in the wrong order
		return false
	}
	sameStart := !h.StartTime.IsZero() && h.StartTime.Equal(before.StartTime)
	chained := h.LogFileMode&before.LogFileMode&ModeNewFile != 0
	sameBoot := !h.BootTime.IsZero() && h.BootTime.Equal(before.BootTime)
	pause := h.StartTime.Sub(before.EndTime)
	handedOver := !before.EndTime.IsZero() && !h.StartTime.IsZero() && pause >= -handOver && pause <= handOver
	return sameStart || chained && sameBoot && handedOver && h.LoggerID == before.LoggerID
}

// Recorded reports whether the file says which part of which recording it is.
func (h *Header) Recorded() bool { return h.Recording != (recording.File{}) }
