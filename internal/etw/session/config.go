// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Limits of Windows for the buffers of a session, in KB (EVENT_TRACE_PROPERTIES.BufferSize, Windows 8 and later).
const (
	MinBufferSizeKB = 4
	MaxBufferSizeKB = 16384
)

// lockPrefix and the session's name form the name of the mutex that shows other processes that the session is in use.
const lockPrefix = `Global\otelcol-winnet-`

// MaxNameLength is the length of the longest name of a session in UTF-16 units. ETW allows 1023, but the mutex's name, with prefix
// and terminator, must fit MAX_PATH.
const MaxNameLength = 260 - 1 - len(lockPrefix)

// Provider is a provider to enable.
type Provider struct {
	GUID     etw.GUID
	Name     string // for messages; may be empty
	Origin   string // what installs it on a host, and how, for messages; may be empty
	Level    uint8  // the most verbose level to deliver; 0 delivers every level
	Keywords uint64 // an event is delivered if it has one of these, or no keyword; 0 delivers every event
}

// Config describes a session. Buffer settings that are zero are left to Windows.
type Config struct {
	Name           string        // unique on the host, ignoring case
	Providers      []Provider    // the providers to enable, one or more
	BufferSizeKB   uint32        // size of one buffer; an event that is larger than a buffer is lost
	MinimumBuffers uint32        // buffers allocated at the start; Windows raises it to two per processor
	MaximumBuffers uint32        // the most buffers
	FlushInterval  time.Duration // how often a buffer that is not full is delivered; whole seconds
	TakeOver       bool          // stop a session of this name even when it has other providers enabled
	Attach         bool          // consume the session of this name that someone else runs; start and stop none
}

// Validate returns what is wrong with c.
func (c Config) Validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("ETW session %q: "+format, append([]any{c.Name}, args...)...)
	}
	switch n := len(utf16.Encode([]rune(c.Name))); {
	case n == 0:
		return fail("the session name is empty")
	case n > MaxNameLength:
		return fail("the session name has %d UTF-16 units; at most %d are allowed", n, MaxNameLength)
	case strings.ContainsAny(c.Name, "\\\x00"):
		return fail(`the session name holds a backslash or a NUL; neither is allowed`)
	}
	if err := configyaml.Name(c.Name); err != nil {
		return fail("the session name: %w", err)
	}
	if c.TakeOver && c.Attach {
		return fail("take_over stops the session of this name and attach leaves it alone; want one of them")
	}
	if len(c.Providers) == 0 {
		return fail("no provider")
	}
	for i, p := range c.Providers {
		if p.GUID.IsZero() {
			return fail("no provider GUID")
		}
		if slices.ContainsFunc(c.Providers[:i], func(other Provider) bool { return other.GUID == p.GUID }) {
			return fail("the provider %s twice", p.text())
		}
	}
	if c.BufferSizeKB != 0 && (c.BufferSizeKB < MinBufferSizeKB || c.BufferSizeKB > MaxBufferSizeKB) {
		return fail("buffer size %d KB; want %d to %d", c.BufferSizeKB, MinBufferSizeKB, MaxBufferSizeKB)
	}
	if c.MaximumBuffers != 0 && c.MaximumBuffers < c.MinimumBuffers {
		return fail("at most %d buffers, at least %d; want a maximum that is not below the minimum", c.MaximumBuffers, c.MinimumBuffers)
	}
	if c.FlushInterval < 0 || c.FlushInterval%time.Second != 0 || c.FlushInterval/time.Second > math.MaxUint32 {
		return fail("flush interval %s; want whole seconds, as Windows does", c.FlushInterval)
	}
	return nil
}

// enables reports whether the session enables a provider.
func (c Config) enables(provider etw.GUID) bool {
	return slices.ContainsFunc(c.Providers, func(p Provider) bool { return p.GUID == provider })
}

// text names the provider in messages.
func (p Provider) text() string {
	if p.Name == "" {
		return p.GUID.String()
	}
	return p.Name + " " + p.GUID.String()
}
