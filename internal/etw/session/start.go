// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
)

// claimName claims the session's name, first in this process, then on this host. Any account can create the lock of a name, so a lock
// that an untrusted account holds keeps the name only while a session of that name runs.
func claimName(a api, name string, log *zap.Logger) (release func(), err error) {
	unclaim, ok := namesInUse.Claim(strings.ToLower(name))
	if !ok {
		return nil, fmt.Errorf("ETW session %q: %w: another receiver of this collector runs it; give each its own session_name", name, ErrInUse)
	}
	unlock, err := a.lockName(name)
	var held *untrustedLock
	if errors.As(err, &held) && errors.Is(a.controlTrace(name, newControlProperties(), controlQuery), errnoInstanceNotFound) {
		log.Warn("another account holds the lock of the ETW session's name, and no session of that name runs; starting without the lock",
			zap.String("lock", lockPrefix+name), zap.String("owner", held.owner), zap.Error(held.err))
		return unclaim, nil
	}
	if err != nil {
		unclaim()
		return nil, err
	}
	return func() {
		unlock()
		unclaim()
	}, nil
}

// startWaits are the waits between two attempts of a start. Windows may answer that a session exists for some time after it has
// stopped it, and a session may be stopped from outside before its providers are enabled.
var startWaits = [...]time.Duration{50 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond}

// enablePropertySID is EVENT_ENABLE_PROPERTY_SID (evntrace.h): events carry the SID of the user that wrote them.
const enablePropertySID = 1

// start calls StartTrace, after stopping a session that an earlier process left behind, and enables the providers.
func (s *Session) start() error {
	if err := s.requireRegistered(); err != nil {
		return err
	}
	err := s.startOnce()
	for _, wait := range startWaits {
		switch {
		case errors.Is(err, errStoppedInStart):
			s.log.Warn("the ETW session was stopped while it started; starting it again", zap.Error(err))
		case errors.Is(err, errnoAlreadyExists):
			if err := stopStale(s.api, s.cfg, s.log); err != nil {
				return err
			}
		default:
			return err
		}
		time.Sleep(wait)
		err = s.startOnce()
	}
	return err
}

// errStoppedInStart is returned by startOnce when the session is gone before all providers are enabled.
var errStoppedInStart = errors.New("the session was stopped from outside before its providers were enabled")

// startOnce starts the session and enables its providers.
func (s *Session) startOnce() error {
	handle, err := s.api.startTrace(s.cfg.Name, newStartProperties(s.cfg))
	if err != nil {
		return callError(s.cfg, "StartTrace", err)
	}
	s.started = true
	s.reportInForce("ETW session started")
	for _, p := range s.cfg.Providers {
		err := s.api.enableProvider(handle, p.GUID, p.Level, p.Keywords, enablePropertySID)
		switch {
		case err == nil:
		case s.isGone():
			s.started = false
			return fmt.Errorf("ETW session %q: %w", s.cfg.Name, errStoppedInStart)
		default:
			return fmt.Errorf("%w (provider %s)", callError(s.cfg, "EnableTraceEx2", err), p.text())
		}
	}
	return nil
}

// isGone reports whether no session of the name runs. EnableTraceEx2 refuses the handle of a session that was stopped as it refuses
// settings that are wrong: with ERROR_INVALID_PARAMETER.
func (s *Session) isGone() bool {
	return errors.Is(s.api.controlTrace(s.cfg.Name, newControlProperties(), controlQuery), errnoInstanceNotFound)
}

// stopFailedStart stops the session after a failed start, if it was started.
func (s *Session) stopFailedStart() {
	if !s.started {
		return
	}
	if err := s.api.controlTrace(s.cfg.Name, newControlProperties(), controlStop); err != nil && !gone(err) {
		s.log.Error("cannot stop the ETW session after a failed start", zap.Error(callError(s.cfg, "ControlTrace STOP", err)))
	}
}

// attach checks the session that someone else runs: it must exist and be real-time.
func (s *Session) attach() error {
	p := newControlProperties()
	switch err := s.api.controlTrace(s.cfg.Name, p, controlQuery); {
	case errors.Is(err, errnoInstanceNotFound):
		return fmt.Errorf("ETW session %q: %w: %w", s.cfg.Name, ErrNoSession, err)
	case err != nil:
		return callError(s.cfg, "ControlTrace QUERY", err)
	case p.logFileMode&modeRealTime == 0:
		return fmt.Errorf("ETW session %q: it is not a real-time session (LogFileMode 0x%08X), so there is nothing to attach to", s.cfg.Name, p.logFileMode)
	}
	s.reportInForce("attached to an ETW session")
	before := p.stats()
	s.before = before
	if before.EventsLost > 0 || before.RealTimeBuffersLost > 0 {
		s.log.Warn("the ETW session had lost events before the collector attached to it",
			zap.Uint32("events_lost", before.EventsLost), zap.Uint32("real_time_buffers_lost", before.RealTimeBuffersLost))
	}
	s.warnNotEnabled(uint16(p.historicalContext))
	return nil
}

// warnNotEnabled warns of providers that the attached session has not enabled, whose events cannot come.
func (s *Session) warnNotEnabled(id uint16) {
	enabled, err := s.api.enabledProviders(id)
	if err != nil {
		s.log.Debug("cannot tell which providers the ETW session has enabled", zap.Error(callError(s.cfg, "EnumerateTraceGuidsEx", err)))
		return
	}
	for _, p := range s.cfg.Providers {
		if !slices.Contains(enabled, p.GUID) {
			s.log.Warn("the ETW session that the collector attached to has not enabled the provider, so no event of it comes until it does",
				zap.String("provider", p.text()))
		}
	}
}

// stopStale stops the session of our name that StartTrace found. We hold the lock of the name, so no collector runs the session,
// unless one has spelled the name differently: ETW ignores case, locks do not.
func stopStale(a api, cfg Config, log *zap.Logger) error {
	p := newControlProperties()
	if err := a.controlTrace(cfg.Name, p, controlQuery); gone(err) {
		return nil
	} else if err != nil {
		return callError(cfg, "ControlTrace QUERY", err)
	}
	if p.logFileMode&modeRealTime == 0 {
		return fmt.Errorf("ETW session %q: %w: the session of this name is not a real-time session (LogFileMode 0x%08X), so it is not the collector's; look with: logman query %q -ets; choose another session_name",
			cfg.Name, ErrInUse, p.logFileMode, cfg.Name)
	}
	if name := p.name(); name != "" && name != cfg.Name {
		unlock, err := a.lockName(name)
		if err != nil {
			return err
		}
		defer unlock()
	}
	if err := refuseForeign(a, cfg, p); err != nil {
		return err
	}
	if err := a.controlTrace(cfg.Name, p, controlStop); err != nil && !gone(err) {
		return callError(cfg, "ControlTrace STOP", err)
	}
	log.Warn("stopped an ETW session of this name that an earlier process left behind",
		zap.Uint32("events_lost", p.eventsLost), zap.Uint32("real_time_buffers_lost", p.realTimeBuffersLost))
	return nil
}

// refuseForeign returns an error if the session is not the collector's and has its name by chance. A session of the collector has the
// GUID of its name. A session without it, such as one of an older collector, must have enabled no other providers than the collector
// would enable.
func refuseForeign(a api, cfg Config, p *properties) error {
	if cfg.TakeOver || p.guid == ownGUID(cfg.Name) {
		return nil
	}
	const remedy = "look with: logman query %[1]q -ets; choose another session_name, or set take_over: true to stop it"
	if p.enableFlags != 0 || p.logFileMode&modeSystemLogger != 0 { // its providers cannot be listed
		return fmt.Errorf("ETW session %[1]q: %[2]w: the session of this name receives the events of the kernel (EnableFlags 0x%08[3]X), so it is not the collector's; "+remedy,
			cfg.Name, ErrInUse, p.enableFlags)
	}
	enabled, err := a.enabledProviders(uint16(p.historicalContext))
	if err != nil {
		return fmt.Errorf("ETW session %[1]q: a session of this name runs, and Windows does not tell whose it is (%[2]w); "+remedy, cfg.Name, callError(cfg, "EnumerateTraceGuidsEx", err))
	}
	for _, provider := range enabled {
		if !cfg.enables(provider) {
			return fmt.Errorf("ETW session %[1]q: %[2]w: the session of this name has enabled the provider %[3]s, so it is not the collector's; "+remedy, cfg.Name, ErrInUse, provider)
		}
	}
	return nil
}

// reportInForce reads the session back, logs the settings that Windows has applied, and warns of modes that it has not.
func (s *Session) reportInForce(message string) {
	stats, err := s.Stats()
	if err != nil {
		s.log.Warn("cannot read the ETW session back, so that losses in the kernel stay unseen", zap.Error(err))
		return
	}
	providers := make([]string, len(s.cfg.Providers))
	for i, p := range s.cfg.Providers {
		providers[i] = fmt.Sprintf("%s level %d keywords 0x%016X", p.text(), p.Level, p.Keywords)
	}
	s.log.Info(message,
		zap.Strings("providers", providers),
		zap.Uint32("buffer_size_kb", stats.BufferSize),
		zap.Uint32("minimum_buffers", stats.MinimumBuffers),
		zap.Uint32("maximum_buffers", stats.MaximumBuffers),
		zap.Uint32("buffers", stats.NumberOfBuffers),
		zap.Duration("flush_interval", stats.FlushInterval),
		zap.String("log_file_mode", fmt.Sprintf("0x%08X", stats.LogFileMode)))
	if s.cfg.Attach {
		return // its modes are its owner's
	}
	for _, bit := range strippedModes(stats.LogFileMode) {
		s.log.Warn("Windows does not grant a mode of the ETW session",
			zap.String("mode", bit.name), zap.String("bit", fmt.Sprintf("0x%08X", bit.bit)), zap.String("effect", bit.without))
	}
}

// requireRegistered returns an error if no event can come because the host has none of the providers; ETW silently enables unknown
// ones. If the host has some of them, the others are a warning, so that a host without a role still delivers the other events.
func (s *Session) requireRegistered() error {
	var missing []error
	for _, p := range s.cfg.Providers {
		registered, err := s.api.providerRegistered(p.GUID)
		if err != nil {
			s.log.Debug("cannot tell whether the ETW provider is registered", zap.Error(callError(s.cfg, "TdhEnumerateProviders", err)))
			return nil
		}
		if !registered {
			missing = append(missing, s.notRegistered(p))
		}
	}
	if len(missing) == len(s.cfg.Providers) {
		return errors.Join(missing...)
	}
	for _, err := range missing {
		s.log.Warn("no event of an ETW provider comes until it is installed", zap.Error(err))
	}
	return nil
}

func (s *Session) notRegistered(p Provider) error {
	origin := p.Origin
	if origin == "" {
		origin = "install what brings it"
	}
	return fmt.Errorf("ETW session %q: %w: %s: %s", s.cfg.Name, ErrNotRegistered, p.text(), origin)
}
