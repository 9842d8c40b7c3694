// SPDX-License-Identifier: Apache-2.0

package session

import "go.uber.org/zap"

// lossLog says when Windows has lost events since the last look, once a look, and which setting to change.
type lossLog struct {
	log             *zap.Logger
	events, buffers uint64 // known so far
}

func (l *lossLog) look(t Totals) {
	events, buffers := t.EventsLost-l.events, t.RealTimeBuffersLost-l.buffers
	l.events, l.buffers = t.EventsLost, t.RealTimeBuffersLost
	if events == 0 && buffers == 0 {
		return
	}
	l.log.Warn("Windows lost events because the ETW session's buffers were full: raise buffers.maximum (or buffers.size_kb, for long events), or receive less with enable_flags and enable_level",
		zap.Uint64("events_lost", events), zap.Uint64("real_time_buffers_lost", buffers), zap.Uint64("events_lost_in_all", t.EventsLost),
		zap.Uint32("buffers", t.NumberOfBuffers), zap.Uint32("buffers_in_use", t.NumberOfBuffers-t.FreeBuffers))
}
