// SPDX-License-Identifier: Apache-2.0

package session

import "go.uber.org/zap"

// lossLog logs at each look whether events have been lost since the last one, and which setting to change. It uses Windows' figures,
// and also the notices between the events, because these come even if the figures cannot be read.
type lossLog struct {
	log  *zap.Logger
	last Totals
}

func (l *lossLog) look(t Totals) {
	before := l.last
	l.last = t
	events, buffers, files := t.EventsLost-before.EventsLost, t.RealTimeBuffersLost-before.RealTimeBuffersLost, t.LostFileNotices-before.LostFileNotices
	notices := t.LostEventNotices + t.LostBufferNotices - before.LostEventNotices - before.LostBufferNotices
	if events > 0 || buffers > 0 || notices > 0 {
		l.log.Warn("Windows lost events because the ETW session's buffers were full: raise buffers.maximum (or buffers.size_kb, for long events), or receive less with enable_flags and enable_level",
			zap.Uint64("events_lost", events), zap.Uint64("real_time_buffers_lost", buffers), zap.Uint64("notices_of_loss", notices),
			zap.Uint64("events_lost_in_all", t.EventsLost),
			zap.Uint32("buffers", t.NumberOfBuffers), zap.Uint32("buffers_in_use", t.NumberOfBuffers-t.FreeBuffers))
	}
	if files > 0 {
		l.log.Warn("Windows lost the file in which the ETW session keeps events while nobody consumes them: see whether the system drive is full",
			zap.Uint64("files_lost", files))
	}
}
