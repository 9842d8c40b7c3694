// SPDX-License-Identifier: Apache-2.0

// Package session runs one real-time ETW session on Windows and hands every event on in wire form (package etw).
//
// The logic stands in files without a build tag, on top of the small interface api, so that it is tested on any system;
// the Windows files wrap one API area each and decide nothing. Where Windows is not, Open says so.
package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
)

// Deliver takes one event. header is an EVENT_HEADER of 80 bytes in wire form: Size is 80 + len(userData), TimeStamp is
// FILETIME, extended data is dropped and its flag cleared. Both slices are valid only during the call. It is called on the
// thread that runs ProcessTrace, one call at a time, and must not block: while it does, the session's buffers fill and
// Windows loses events. A panic is recovered and counted, its event lost.
type Deliver = func(header, userData []byte)

// Session is a running real-time session together with its consumer.
type Session struct {
	cfg      Config
	api      api
	log      *zap.Logger
	consumer *consumer
	trace    trace
	release  func() // frees the session's name, in this process and on this host

	// closeTrace ends the consumer; CloseTrace must be called once, and both ends of a session may want to.
	closeTrace func() error

	done chan struct{} // closed when ProcessTrace has returned
	err  error         // why; written before done is closed

	closing  atomic.Bool
	shutOnce sync.Once
	closed   chan struct{} // closed when shutdown has ended
	closeErr error         // written before closed is closed

	mu   sync.Mutex
	last KernelStats // the newest figures that Windows gave
}

// Open starts the session, enables the provider and begins to deliver its events. It does all of it or nothing: after an
// error no session is left behind. A session of the same name that an earlier process left behind is stopped first.
//
// The error is ErrUnsupported off Windows and ErrInUse when this process or another one runs a session of that name; an
// error of Windows is wrapped as a syscall.Errno (windows.Errno), with what to do about it.
func Open(cfg Config, deliver Deliver, log *zap.Logger) (*Session, error) {
	a, err := newAPI()
	if err != nil {
		return nil, err
	}
	return open(a, cfg, deliver, log)
}

func open(a api, cfg Config, deliver Deliver, log *zap.Logger) (_ *Session, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deliver == nil {
		return nil, errors.New("ETW session: no function to deliver events to")
	}
	if log == nil {
		log = zap.NewNop()
	}
	log = log.With(zap.String("session", cfg.Name))

	var undo []func()
	defer func() {
		if err == nil {
			return
		}
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	}()

	release, err := claimName(a, cfg.Name)
	if err != nil {
		return nil, err
	}
	undo = append(undo, release)

	handle, err := start(a, cfg, log)
	if err != nil {
		return nil, err
	}
	undo = append(undo, func() {
		if err := a.controlTrace(cfg.Name, newControlProperties(), controlStop); err != nil && !gone(err) {
			log.Error("cannot stop the ETW session after a failed start", zap.Error(callError(cfg, "ControlTrace STOP", err)))
		}
	})

	s := &Session{
		cfg:      cfg,
		api:      a,
		log:      log,
		consumer: &consumer{deliver: deliver, log: log},
		release:  release,
		done:     make(chan struct{}),
		closed:   make(chan struct{}),
	}
	s.reportInForce()
	s.warnUnregistered()
	if err := a.enableProvider(handle, cfg.Provider, cfg.Level, cfg.Keywords); err != nil {
		return nil, callError(cfg, "EnableTraceEx2", err)
	}

	id, err := shared.add(s.consumer)
	if err != nil {
		return nil, fmt.Errorf("ETW session %q: %w", cfg.Name, err)
	}
	undo = append(undo, func() { shared.remove(id) })
	if s.trace, err = a.openTrace(cfg.Name, id); err != nil {
		return nil, callError(cfg, "OpenTrace", err)
	}
	s.closeTrace = sync.OnceValue(s.trace.close)
	go s.consume(id)
	return s, nil
}

// claimName takes the session's name, first in this process, then on this host.
func claimName(a api, name string) (release func(), err error) {
	if !shared.claim(name) {
		return nil, fmt.Errorf("ETW session %q: %w: another receiver of this collector runs it; give each its own session_name", name, ErrInUse)
	}
	unlock, err := a.lockName(name)
	if err != nil {
		shared.unclaim(name)
		return nil, err
	}
	return func() {
		unlock()
		shared.unclaim(name)
	}, nil
}

// startAttempts bounds how often a session of our name that is in the way is stopped. Once is enough, unless something
// starts it again.
const startAttempts = 3

// start calls StartTrace, after stopping what an earlier process left behind.
func start(a api, cfg Config, log *zap.Logger) (handle uint64, err error) {
	for range startAttempts {
		handle, err = a.startTrace(cfg.Name, newStartProperties(cfg))
		if !errors.Is(err, errnoAlreadyExists) {
			break
		}
		if err := stopStale(a, cfg, log); err != nil {
			return 0, err
		}
	}
	if err != nil {
		return 0, callError(cfg, "StartTrace", err)
	}
	return handle, nil
}

// stopStale stops the session of our name that StartTrace found. The name's lock is ours, so no collector runs it, unless
// one spelled the name otherwise: ETW ignores case, locks do not.
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
	if err := a.controlTrace(cfg.Name, p, controlStop); err != nil && !gone(err) {
		return callError(cfg, "ControlTrace STOP", err)
	}
	log.Warn("stopped an ETW session of this name that an earlier process left behind",
		zap.Uint32("events_lost", p.eventsLost), zap.Uint32("real_time_buffers_lost", p.realTimeBuffersLost))
	return nil
}

// reportInForce reads the session back, logs what Windows made of the settings, and warns of what it took away.
func (s *Session) reportInForce() {
	stats, err := s.Stats()
	if err != nil {
		s.log.Warn("cannot read the ETW session back, so that losses in the kernel stay unseen", zap.Error(err))
		return
	}
	s.log.Info("ETW session started",
		zap.String("provider", s.cfg.providerText()),
		zap.Uint8("level", s.cfg.Level),
		zap.String("keywords", fmt.Sprintf("0x%016X", s.cfg.Keywords)),
		zap.Uint32("buffer_size_kb", stats.BufferSize),
		zap.Uint32("minimum_buffers", stats.MinimumBuffers),
		zap.Uint32("maximum_buffers", stats.MaximumBuffers),
		zap.Uint32("buffers", stats.NumberOfBuffers),
		zap.Duration("flush_interval", stats.FlushInterval),
		zap.String("log_file_mode", fmt.Sprintf("0x%08X", stats.LogFileMode)))
	for _, bit := range strippedModes(stats.LogFileMode) {
		s.log.Warn("Windows does not grant a mode of the ETW session",
			zap.String("mode", bit.name), zap.String("bit", fmt.Sprintf("0x%08X", bit.bit)), zap.String("effect", bit.without))
	}
}

// warnUnregistered says when no event can come: ETW enables a provider that it has never heard of without a word.
func (s *Session) warnUnregistered() {
	registered, err := s.api.providerRegistered(s.cfg.Provider)
	if err != nil {
		s.log.Debug("cannot tell whether the ETW provider is registered", zap.Error(callError(s.cfg, "TdhEnumerateProviders", err)))
		return
	}
	if !registered {
		s.log.Warn("the ETW provider is not registered on this host, so no event comes until it is: install what brings it"+
			" (Microsoft-Windows-DNSServer comes with the role DNS Server: Install-WindowsFeature DNS)",
			zap.String("provider", s.cfg.providerText()))
	}
}

// consume runs ProcessTrace to its end; Close waits for it.
func (s *Session) consume(id uintptr) {
	err := s.trace.process()
	_ = s.closeTrace() // there is nothing to do about a handle that does not close
	shared.remove(id)
	if !s.closing.Load() {
		s.err = stoppedError(s.cfg, err)
	}
	close(s.done)
}

// Done is closed when ProcessTrace has returned: after Close, or because the session was stopped from outside. Close must
// be called in either case.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err tells why ProcessTrace returned: nil while it runs and after Close, else an error that is ErrStopped.
func (s *Session) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Close stops the session, lets the consumer deliver what the session's buffers still hold, and frees the name. When ctx
// ends before that, Close returns at once with ctx's error: the rest is discarded and counted, nothing more is delivered
// but the event that the sink may hold at that moment, and the cleaning up ends by itself. Calling it again waits again.
func (s *Session) Close(ctx context.Context) error {
	s.closing.Store(true)
	s.shutOnce.Do(func() { go s.shutdown() })
	select {
	case <-s.closed:
		return s.closeErr
	default:
	}
	select {
	case <-s.closed:
		return s.closeErr
	case <-ctx.Done():
		s.consumer.discard.Store(true)
		_ = s.closeTrace() // makes ProcessTrace return after the buffer in hand
		return fmt.Errorf("ETW session %q: not stopped in time: %w; if it stays, stop it with: logman stop %q -ets", s.cfg.Name, context.Cause(ctx), s.cfg.Name)
	}
}

// shutdown stops the session first, which makes ProcessTrace return when the last buffer is delivered, and then waits for
// it. It runs once; Close waits for it.
func (s *Session) shutdown() {
	defer close(s.closed)
	p := newControlProperties()
	switch err := s.api.controlTrace(s.cfg.Name, p, controlStop); {
	case err == nil:
		s.keep(p.stats())
	case gone(err): // stopped from outside
	default:
		s.closeErr = callError(s.cfg, "ControlTrace STOP", err)
		_ = s.closeTrace() // the session lives on; its consumer must not
	}
	<-s.done
	s.release()
}
