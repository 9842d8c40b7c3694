// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"strings"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Findings describes what someone else has changed in a running session. A text is empty if nothing was changed.
type Findings struct {
	Session   string // its settings
	Providers []ProviderFindings
}

// ProviderFindings is what someone else has changed of a provider in the session.
type ProviderFindings struct {
	Name     string
	Disabled string // set if the provider is not enabled any more
	Changed  string // set if it has another level or other keywords
}

// enabling is how a session has enabled a provider.
type enabling struct {
	level    uint8
	any, all uint64 // keywords
}

func (e enabling) String() string {
	return fmt.Sprintf("level %d keywords 0x%016X match all 0x%016X", e.level, e.any, e.all)
}

// baseline is what a session was like when it was first looked at.
type baseline struct {
	stats     KernelStats // zero before the first answer of Windows
	providers map[etw.GUID]enabling
}

// inspect compares the session with what it was like at the first call, right after its start. ok is false if Windows does not answer. A
// provider that Windows has never shown as enabled is not judged. inspect is called by one goroutine.
func (s *Session) inspect() (f Findings, ok bool) {
	if _, err := s.Stats(); err != nil {
		return f, false
	}
	s.mu.Lock()
	now, id := s.last, s.id
	s.mu.Unlock()
	if id == 0 {
		return f, false
	}
	if s.base.providers == nil {
		s.base = baseline{now, map[etw.GUID]enabling{}}
	}
	f.Session = s.base.stats.changes(now)
	for _, p := range s.cfg.Providers {
		info, err := s.api.providerInfo(p.GUID)
		if err != nil {
			s.log.Debug("cannot tell whether the ETW provider is still enabled", zap.Error(callError(s.cfg, "EnumerateTraceGuidsEx", err)))
			return Findings{}, false
		}
		f.Providers = append(f.Providers, s.base.judge(p, info, id))
	}
	return f, true
}

// judge compares how the session has enabled a provider with how it had enabled it before.
func (b *baseline) judge(p Provider, info []byte, session uint16) ProviderFindings {
	f := ProviderFindings{Name: p.Name}
	if f.Name == "" {
		f.Name = p.GUID.String()
	}
	now, enabled := enabledBy(info, session)
	was, seen := b.providers[p.GUID]
	switch {
	case !seen && enabled:
		b.providers[p.GUID] = now
	case !seen:
	case !enabled:
		f.Disabled = fmt.Sprintf("the provider %s was disabled in the ETW session: no event of it comes; it had %v", f.Name, was)
	case now != was:
		f.Changed = fmt.Sprintf("the provider %s was enabled otherwise in the ETW session: %v; it had %v", f.Name, now, was)
	}
	return f
}

// changes lists the settings that differ. The number of buffers in use is not a setting.
func (k KernelStats) changes(now KernelStats) string {
	var all []string
	for _, one := range []struct {
		name    string
		was, is any
	}{
		{"buffer_size_kb", k.BufferSize, now.BufferSize},
		{"minimum_buffers", k.MinimumBuffers, now.MinimumBuffers},
		{"maximum_buffers", k.MaximumBuffers, now.MaximumBuffers},
		{"flush_interval", k.FlushInterval, now.FlushInterval},
		{"log_file_mode", fmt.Sprintf("0x%08X", k.LogFileMode), fmt.Sprintf("0x%08X", now.LogFileMode)},
	} {
		if one.was != one.is {
			all = append(all, fmt.Sprintf("%s %v -> %v", one.name, one.was, one.is))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "the settings of the ETW session were changed: " + strings.Join(all, ", ")
}
