// SPDX-License-Identifier: Apache-2.0

package session

import "github.com/otelcol-winnet/otelcol-winnet/internal/etw"

// Registered reports whether this host knows a provider. The error is ErrUnsupported on other systems than Windows, else one of Windows.
func Registered(provider etw.GUID) (bool, error) {
	a, err := newAPI()
	if err != nil {
		return false, err
	}
	return a.providerRegistered(provider)
}

// ProviderState is how Windows describes a provider of a session.
type ProviderState struct {
	Provider Provider // as the session enabled it
	Shown    bool     // Windows lists the session among those that have enabled the provider
	Level    uint8    // the rest is set if Shown is
	Any, All uint64   // keywords
}

// ProviderStates asks Windows how the session has enabled its providers, in the order of the configuration. An error is a CallError.
func (s *Session) ProviderStates() ([]ProviderState, error) {
	if _, err := s.Stats(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	id := s.id
	s.mu.Unlock()
	var states []ProviderState
	for _, p := range s.cfg.Providers {
		info, err := s.api.providerInfo(p.GUID)
		if err != nil {
			return nil, callError(s.cfg, "EnumerateTraceGuidsEx", err)
		}
		e, shown := enabledBy(info, id)
		states = append(states, ProviderState{p, shown, e.level, e.any, e.all})
	}
	return states, nil
}

// Mode is a bit of LogFileMode.
type Mode struct {
	Bit  uint32
	Name string // such as EVENT_TRACE_REAL_TIME_MODE
}

// NotGranted returns the modes that every session asks for and that are not in force, by the LogFileMode that Windows reports.
func NotGranted(inForce uint32) (stripped []Mode) {
	for _, m := range strippedModes(inForce) {
		stripped = append(stripped, Mode{m.bit, m.name})
	}
	return stripped
}
