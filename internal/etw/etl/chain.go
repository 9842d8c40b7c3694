// SPDX-License-Identifier: Apache-2.0

// Chained files: one session's, which begins a new file when one is full (EVENT_TRACE_FILE_MODE_NEWFILE).

package etl

// Continues reports whether the headers prove that the file is of the same session as the one before: the same host, logger and clock,
// and either the same start of the session to 100 ns, or the mode of chained files and the same boot. That no file is missing
// between the two, their names tell.
func (h *Header) Continues(before *Header) bool {
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
	return sameStart || chained && sameBoot && !h.StartTime.Before(before.StartTime)
}
