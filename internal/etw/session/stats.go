// SPDX-License-Identifier: Apache-2.0

package session

import "time"

// Stats is the state of a session: what Windows counts, and what the consumer counts. Counts begin at Open.
type Stats struct {
	KernelStats
	Counters
}

// KernelStats is what ControlTrace tells of a session. Windows counts in 32 bits.
type KernelStats struct {
	EventsLost          uint32 // events that found no room in the session's buffers
	RealTimeBuffersLost uint32 // buffers that were not delivered in time
	LogBuffersLost      uint32 // buffers that were not written to a file; real-time sessions have none
	BuffersWritten      uint32 // buffers filled and flushed

	NumberOfBuffers uint32 // buffers allocated
	FreeBuffers     uint32 // of them, not in use

	// The settings in force.
	BufferSize     uint32 // KB
	MinimumBuffers uint32
	MaximumBuffers uint32
	FlushInterval  time.Duration
	LogFileMode    uint32
}

// Counters is what the consumer saw beside the events that it delivered.
type Counters struct {
	Oversized  uint64 // records dropped because header and user data exceed 65,535 bytes
	Panics     uint64 // panics of the sink that were recovered; each lost its event
	Discarded  uint64 // records dropped because Close ran out of time
	HeaderInfo uint64 // records in which ETW describes the session itself; not events, not delivered

	// Notices of loss that ETW puts between the events; each stands for one or more lost.
	LostEventNotices  uint64 // events were lost
	LostBufferNotices uint64 // buffers were lost
	LostFileNotices   uint64 // the file behind the session was lost
}

// Stats asks Windows for the session's state. After Close, and after an error, it gives the newest figures that are
// known; the counters are always current. An error is ErrStopped when the session was stopped from outside.
func (s *Session) Stats() (Stats, error) {
	err := s.refresh()
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{KernelStats: s.last, Counters: s.consumer.counters()}, err
}

// refresh asks for the figures. A session that has ended is not asked for: its name may by now be someone else's.
func (s *Session) refresh() error {
	if s.closing.Load() { // the stop may take long
		return nil
	}
	s.asking.Lock()
	defer s.asking.Unlock()
	if s.closing.Load() {
		return nil
	}
	select {
	case <-s.done:
		return s.err
	default:
	}
	return s.query(controlQuery)
}

// query calls ControlTrace and keeps the figures that come with it. It is called with asking held.
func (s *Session) query(code uint32) error {
	p := newControlProperties()
	if err := s.api.controlTrace(s.cfg.Name, p, code); err != nil {
		return callError(s.cfg, "ControlTrace "+controlNames[code], err)
	}
	now := p.stats()
	now.EventsLost -= s.before.EventsLost
	now.RealTimeBuffersLost -= s.before.RealTimeBuffersLost
	now.LogBuffersLost -= s.before.LogBuffersLost
	now.BuffersWritten -= s.before.BuffersWritten
	s.mu.Lock()
	s.last = now
	s.mu.Unlock()
	return nil
}
