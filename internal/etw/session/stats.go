// SPDX-License-Identifier: Apache-2.0

package session

import "time"

// Stats is the state of a session: the counts of Windows and of the consumer. Counts begin at Open.
type Stats struct {
	KernelStats
	Counters
}

// KernelStats is what ControlTrace reports about a session. Windows counts in 32 bits.
type KernelStats struct {
	EventsLost          uint32 // events for which the session's buffers had no room
	RealTimeBuffersLost uint32 // buffers that were not delivered in time
	LogBuffersLost      uint32 // buffers that were not written to a file; real-time sessions have none
	BuffersWritten      uint32 // buffers filled and flushed

	NumberOfBuffers uint32 // buffers allocated
	FreeBuffers     uint32 // of these, not in use

	// The settings in force.
	BufferSize     uint32 // KB
	MinimumBuffers uint32
	MaximumBuffers uint32
	FlushInterval  time.Duration
	LogFileMode    uint32
}

// Counters is what the consumer received in addition to the events that it delivered.
type Counters struct {
	Oversized  uint64 // records dropped because header and user data exceed 65,535 bytes
	Panics     uint64 // recovered panics of the sink; each lost its event
	Discarded  uint64 // records dropped because the time for Close was over
	HeaderInfo uint64 // records in which ETW describes the session itself; they are not events and not delivered

	// Notices of loss that ETW puts between the events. Each stands for one or more losses.
	LostEventNotices  uint64 // events were lost
	LostBufferNotices uint64 // buffers were lost
	LostFileNotices   uint64 // the file behind the session was lost
}

// Stats asks Windows for the session's state. After Close, and after an error, it returns the newest known figures; the counters are
// always current. An error is ErrStopped when the session was stopped from outside, and ErrRead when it could not be read.
func (s *Session) Stats() (Stats, error) {
	err := s.refresh()
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{KernelStats: s.last, Counters: s.consumer.counters()}, err
}

// refresh asks for the figures. It does not ask about a session that has ended, because its name may then belong to another session.
func (s *Session) refresh() error {
	if s.closing.Load() { // stopping may take long
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

// query calls ControlTrace and keeps the figures that it returns. The caller holds asking.
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
	s.last, s.id = now, uint16(p.historicalContext)
	s.mu.Unlock()
	return nil
}
