// SPDX-License-Identifier: Apache-2.0

package session

import (
	"cmp"
	"errors"
	"fmt"
	"syscall"
)

var (
	// ErrUnsupported is returned by Open on systems without ETW.
	ErrUnsupported = errors.New("live ETW sessions need Windows")

	// ErrInUse is returned by Open when the session's name belongs to someone else.
	ErrInUse = errors.New("the session is in use")

	// ErrNotRegistered is returned by Open when the host has none of the providers.
	ErrNotRegistered = errors.New("the provider is not registered on this host")

	// ErrNoSession is returned by Open when there is no session to attach to.
	ErrNoSession = errors.New("there is none to attach to: start it (an AutoLogger starts with Windows), or leave attach out so that the collector runs one")

	// ErrStopped is returned by Err and Stats when someone else stopped the session.
	ErrStopped = errors.New("the session was stopped from outside")

	// ErrRead is returned by Err and Stats when ProcessTrace failed: the session may run on, and its events cannot be read.
	ErrRead = errors.New("the session's events cannot be read")
)

// Errors of Windows (winerror.h) to which the session reacts, or has advice for.
const (
	errnoInvalidFunction   = syscall.Errno(1)
	errnoAccessDenied      = syscall.Errno(5)
	errnoNotEnoughMemory   = syscall.Errno(8)
	errnoOutOfMemory       = syscall.Errno(14)
	errnoBadLength         = syscall.Errno(24)
	errnoInvalidParameter  = syscall.Errno(87)
	errnoDiskFull          = syscall.Errno(112)
	errnoAlreadyExists     = syscall.Errno(183)
	errnoMoreData          = syscall.Errno(234)
	errnoNoSystemResources = syscall.Errno(1450)
	errnoInstanceNotFound  = syscall.Errno(4201)
)

var errnoNames = map[syscall.Errno]string{
	errnoInvalidFunction:   "ERROR_INVALID_FUNCTION",
	errnoAccessDenied:      "ERROR_ACCESS_DENIED",
	errnoNotEnoughMemory:   "ERROR_NOT_ENOUGH_MEMORY",
	errnoOutOfMemory:       "ERROR_OUTOFMEMORY",
	errnoBadLength:         "ERROR_BAD_LENGTH",
	errnoInvalidParameter:  "ERROR_INVALID_PARAMETER",
	errnoDiskFull:          "ERROR_DISK_FULL",
	errnoAlreadyExists:     "ERROR_ALREADY_EXISTS",
	errnoMoreData:          "ERROR_MORE_DATA",
	errnoNoSystemResources: "ERROR_NO_SYSTEM_RESOURCES",
	errnoInstanceNotFound:  "ERROR_WMI_INSTANCE_NOT_FOUND",
}

// Advice: what to do about an error, by the failed call, else by the error alone.
const (
	adviceAccess    = "run as Administrator or LocalSystem, or add the account to the group Performance Log Users"
	adviceResources = "Windows runs at most 64 ETW sessions and keeps their buffers in memory: list the sessions with logman query -ets and stop one, or lower buffers.size_kb and buffers.minimum"
	adviceSettings  = "Windows refuses the session's settings: check session_name and buffers.size_kb, buffers.minimum, buffers.maximum"
	adviceProvider  = "Windows refuses the provider's settings: check provider_guid, enable_level and enable_flags"
)

type refusal struct {
	call  string // "" is any call
	errno syscall.Errno
}

var advice = map[refusal]string{
	{"", errnoAccessDenied}:                    adviceAccess,
	{"", errnoInstanceNotFound}:                "no session of this name runs: it was stopped from outside; see which do with: logman query -ets",
	{"StartTrace", errnoNoSystemResources}:     adviceResources,
	{"StartTrace", errnoNotEnoughMemory}:       adviceResources,
	{"StartTrace", errnoOutOfMemory}:           adviceResources,
	{"StartTrace", errnoBadLength}:             adviceSettings,
	{"StartTrace", errnoInvalidParameter}:      adviceSettings,
	{"StartTrace", errnoAlreadyExists}:         "a session of this name is started again as often as it is stopped: find out by whom, or choose another session_name",
	{"", errnoDiskFull}:                        "the drive of Windows is full: ETW keeps events of a real-time session there while its consumer is slow; free some space",
	{"EnableTraceEx2", errnoInvalidFunction}:   adviceProvider,
	{"EnableTraceEx2", errnoInvalidParameter}:  adviceProvider,
	{"EnableTraceEx2", errnoNoSystemResources}: "8 sessions have enabled this provider, as many as Windows allows: list the sessions with logman query -ets and stop one",
}

// CallError is a failed call of Windows: the call, its error, and what to do.
type CallError struct {
	Session string
	Call    string        // such as "StartTrace"
	Errno   syscall.Errno // such as windows.ERROR_ACCESS_DENIED
}

func (e *CallError) Error() string {
	text := fmt.Sprintf("ETW session %q: %s: %s (error %d", e.Session, e.Call, e.Errno.Error(), uint32(e.Errno))
	if name, ok := errnoNames[e.Errno]; ok {
		text += ", " + name
	}
	text += ")"
	todo, ok := advice[refusal{e.Call, e.Errno}]
	if !ok {
		todo, ok = advice[refusal{"", e.Errno}]
	}
	if ok {
		text += ": " + todo
	}
	return text
}

// Unwrap returns the error of Windows, so that errors.Is finds windows.ERROR_ACCESS_DENIED and the like.
func (e *CallError) Unwrap() error { return e.Errno }

// callError returns an error with the failed call and what to do about it.
func callError(c Config, call string, err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return &CallError{Session: c.Name, Call: call, Errno: errno}
	}
	return fmt.Errorf("ETW session %q: %s: %w", c.Name, call, err)
}

// gone reports whether ControlTrace's error means that the session does not run: there was none, or it was stopped and only its
// description did not fit the buffer.
func gone(err error) bool {
	return errors.Is(err, errnoInstanceNotFound) || errors.Is(err, errnoMoreData)
}

// stoppedOutside reports whether ProcessTrace's result means that someone else stopped the session.
func stoppedOutside(err error) bool { return err == nil || errors.Is(err, errnoInstanceNotFound) }

// stoppedError returns why ProcessTrace returned although this process has not stopped the session: ErrStopped or ErrRead.
func stoppedError(c Config, err error) error {
	if stoppedOutside(err) {
		return fmt.Errorf("ETW session %q: %w, such as with: logman stop %q -ets", c.Name, ErrStopped, c.Name)
	}
	return fmt.Errorf("%w: %w", ErrRead, callError(c, "ProcessTrace", err))
}

// untrustedLock is the error for a session's name that is locked by an account that can be anyone's. It is ErrInUse.
type untrustedLock struct {
	name  string
	owner string // the account's SID; "" if Windows does not show it
	err   error  // why the mutex could not be created; nil if a mutex of that name exists
}

func (e *untrustedLock) Error() string {
	if e.err != nil {
		return fmt.Sprintf("%v (the mutex %s%s cannot be created: %v)", heldError(e.name), lockPrefix, e.name, e.err)
	}
	return fmt.Sprintf("%v (the owner of the lock %s%s is %s)", heldError(e.name), lockPrefix, e.name, cmp.Or(e.owner, "not known"))
}

func (e *untrustedLock) Unwrap() []error {
	if e.err != nil {
		return []error{ErrInUse, e.err}
	}
	return []error{ErrInUse}
}

// heldError returns the error for a session's name that another process has locked.
func heldError(name string) error {
	return fmt.Errorf("ETW session %q: %w: another collector on this host runs it; choose another session_name, or look with: logman query %q -ets", name, ErrInUse, name)
}
