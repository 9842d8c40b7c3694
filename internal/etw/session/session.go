// SPDX-License-Identifier: Apache-2.0

// Package session runs a real-time ETW session on Windows. In come providers, levels and keywords; out come their events in wire form
// (package etw), and the counts of what ETW and the consumer lost.
//
// The logic is in files without a build tag, on top of the small interface api, so it is tested on any system. Each Windows file
// wraps one API area and decides nothing. On other systems Open returns ErrUnsupported.
package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
)

// Deliver takes one event. header is an EVENT_HEADER in wire form, followed by the extended data item of the user's SID if the event
// has one: Size is len(header) + len(userData), TimeStamp is FILETIME, and other extended data is dropped. Both slices are valid only
// during the call. Deliver is called on the thread that runs ProcessTrace, one call at a time. It must not block: while it does, the
// session's buffers fill and Windows loses events. A panic is recovered and counted; its event is lost.
type Deliver = func(header, userData []byte)

// Session is a running real-time session and its consumer.
type Session struct {
	cfg      Config
	api      api
	log      *zap.Logger
	consumer *consumer
	trace    trace
	release  func()      // releases the session's name, in this process and on this host; nil if the opener of the session does that
	started  bool        // by this process: StartTrace has worked
	before   KernelStats // of an attached session, when it was attached

	// closeTrace ends the consumer. It calls CloseTrace only once, although both ends of a session may call it.
	closeTrace func() error

	done  chan struct{} // closed when ProcessTrace has returned
	err   error         // why; written before done is closed
	ended bool          // Windows reported that the session was stopped; written before done is closed

	closing  atomic.Bool
	stopped  atomic.Bool // nothing is left to stop: someone has stopped the session, or it is attached and its consumer is closed
	shutOnce sync.Once
	closed   chan struct{} // closed when shutdown has ended
	closeErr error         // written before closed is closed

	asking sync.Mutex // held while Windows is asked for figures, so that they are kept in order, and none once closed
	mu     sync.Mutex
	last   KernelStats // the newest figures from Windows
	id     uint16      // of the session, 1 to 64; 0 before Windows has told it

	base baseline // used by inspect only
}

// Open starts the session, enables the providers and begins to deliver their events. After an error no session is left behind. A
// session of the same name that an earlier process left behind is stopped first. With Attach, Open starts no session but consumes the
// one that runs, and never stops it.
//
// The error is ErrUnsupported on other systems than Windows, ErrInUse when this process or another one runs a session of that name,
// ErrNotRegistered when the host has none of the providers, and ErrNoSession when there is no session to attach to. An error of Windows is wrapped as a syscall.Errno (windows.Errno),
// with advice.
func Open(cfg Config, deliver Deliver, log *zap.Logger) (*Session, error) {
	a, err := newAPI()
	if err != nil {
		return nil, err
	}
	return open(a, cfg, deliver, log)
}

func open(a api, cfg Config, deliver Deliver, log *zap.Logger) (*Session, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if log == nil {
		log = zap.NewNop()
	}
	release, err := claimName(a, cfg.Name, log.With(zap.String("session", cfg.Name)))
	if err != nil {
		return nil, err
	}
	s, err := openClaimed(a, cfg, deliver, log)
	if err != nil {
		release()
		return nil, err
	}
	s.release = release
	return s, nil
}

// openClaimed is open for a name that the caller has claimed and releases. cfg is valid.
func openClaimed(a api, cfg Config, deliver Deliver, log *zap.Logger) (_ *Session, err error) {
	if deliver == nil {
		return nil, errors.New("ETW session: no function to deliver events to")
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

	s := &Session{
		cfg:      cfg,
		api:      a,
		log:      log,
		consumer: &consumer{deliver: deliver, log: log},
		done:     make(chan struct{}),
		closed:   make(chan struct{}),
	}
	if cfg.Attach {
		err = s.attach()
	} else {
		undo = append(undo, s.stopFailedStart)
		err = s.start()
	}
	if err != nil {
		return nil, err
	}

	id, err := consumers.add(s.consumer)
	if err != nil {
		return nil, fmt.Errorf("ETW session %q: %w", cfg.Name, err)
	}
	undo = append(undo, func() { consumers.remove(id) })
	if s.trace, err = a.openTrace(cfg.Name, id); err != nil {
		return nil, callError(cfg, "OpenTrace", err)
	}
	s.closeTrace = sync.OnceValue(s.trace.close)
	go s.consume(id)
	return s, nil
}

// consume runs ProcessTrace to its end; Close waits for it.
func (s *Session) consume(id uintptr) {
	err := s.trace.process()
	_ = s.closeTrace() // nothing can be done about a handle that does not close
	consumers.remove(id)
	if !s.closing.Load() {
		s.err = stoppedError(s.cfg, err)
		s.ended = stoppedOutside(err)
	}
	close(s.done)
}

// Done is closed when ProcessTrace has returned: after Close, or because the session was stopped from outside. Close must be called
// in either case.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err returns why ProcessTrace returned: nil while it runs and after Close, otherwise an error that is ErrStopped or ErrRead.
func (s *Session) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Close stops the session, lets the consumer deliver what the session's buffers still hold, and releases the name. When ctx ends
// before that, Close returns at once. The rest is then discarded and counted, only the event that the sink may hold at that
// moment is still delivered, and the cleanup ends by itself. The result is nil if the session is stopped by then: ProcessTrace may return
// seconds after that. Otherwise it is ctx's error. Calling Close again waits again.
func (s *Session) Close(ctx context.Context) error {
	s.beginClose()
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
		_ = s.closeTrace() // makes ProcessTrace return after the current buffer
		if s.stopped.Load() {
			s.log.Info("the ETW session is stopped, and its consumer still ends; what it receives from now on is discarded and counted")
			return nil
		}
		if s.cfg.Attach {
			return fmt.Errorf("ETW session %q: its consumer has not ended in time: %w", s.cfg.Name, context.Cause(ctx))
		}
		return fmt.Errorf("ETW session %q: not stopped in time: %w; if it stays, stop it with: logman stop %q -ets", s.cfg.Name, context.Cause(ctx), s.cfg.Name)
	}
}

// beginClose is Close without waiting.
func (s *Session) beginClose() {
	s.closing.Store(true)
	s.shutOnce.Do(func() { go s.shutdown() })
}

// shutdown first stops the session, which makes ProcessTrace return when the last buffer is delivered, and then waits for it. An
// attached session is only closed. It runs once; Close waits for it.
func (s *Session) shutdown() {
	defer close(s.closed)
	s.asking.Lock() // waits until a pending answer has arrived
	switch {
	case s.alreadyStopped():
		s.stopped.Store(true)
	case s.cfg.Attach:
		_ = s.query(controlQuery) // the last figures
		s.closeErr = s.closeTrace()
		s.stopped.Store(s.closeErr == nil)
	default:
		err := s.query(controlStop)
		if err != nil && !gone(err) {
			s.closeErr = err
			_ = s.closeTrace() // the session continues, but its consumer must end
		} else {
			s.stopped.Store(true)
		}
	}
	s.asking.Unlock()
	<-s.done
	if s.release != nil {
		s.release()
	}
}

// alreadyStopped reports whether someone else has stopped the session. Its name may then belong to another session.
func (s *Session) alreadyStopped() bool {
	select {
	case <-s.done:
		return s.ended
	default:
		return false
	}
}
