// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows/registry"
)

// autoLoggerKey has a key for each session that Windows starts with itself. Microsoft documents the values under "Configuring and Starting
// an AutoLogger Session".
const autoLoggerKey = `SYSTEM\CurrentControlSet\Control\WMI\Autologger\`

// sessionValues are the DWORD values of an AutoLogger's key. They describe the session that the receiver would start by itself, with the
// defaults of its section `buffers`. ClockType 2 is the system time.
var sessionValues = []struct {
	name  string
	value uint32
}{
	{"Start", 1},
	{"LogFileMode", 0x08800100}, // EVENT_TRACE_REAL_TIME_MODE, _PERSIST_ON_HYBRID_SHUTDOWN, _INDEPENDENT_SESSION_MODE
	{"BufferSize", 256},         // KB
	{"MinimumBuffers", 64},
	{"MaximumBuffers", 256},
	{"FlushTimer", 1}, // seconds
	{"ClockType", 2},
}

// savedAutoLoggers implements host.
func (system) savedAutoLoggers() (found []source, _ error) {
	for _, s := range sources {
		if s.etw.Session == "" {
			continue
		}
		k, err := registry.OpenKey(registry.LOCAL_MACHINE, autoLoggerKey+s.etw.Session, registry.QUERY_VALUE)
		if errors.Is(err, registry.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("the registry key of the AutoLogger %s: %w", s.etw.Session, err)
		}
		k.Close()
		found = append(found, s)
	}
	return found, nil
}

// writeAutoLoggers implements host. Windows reads the keys when it starts.
func (system) writeAutoLoggers(on []source) error {
	for _, s := range sources {
		if s.etw.Session == "" {
			continue
		}
		p, wanted := s.etw, false
		for _, o := range on {
			wanted = wanted || o.name == s.name
		}
		err := removeAutoLogger(p)
		if err == nil && wanted {
			err = writeAutoLogger(p)
		}
		if err != nil {
			return fmt.Errorf("the registry key of the AutoLogger %s: %w", p.Session, err)
		}
	}
	return nil
}

func removeAutoLogger(p AutoLogger) error {
	for _, key := range []string{autoLoggerKey + p.Session + `\` + p.Provider, autoLoggerKey + p.Session} {
		if err := registry.DeleteKey(registry.LOCAL_MACHINE, key); err != nil && !errors.Is(err, registry.ErrNotExist) {
			return err
		}
	}
	return nil
}

func writeAutoLogger(p AutoLogger) error {
	session, _, err := registry.CreateKey(registry.LOCAL_MACHINE, autoLoggerKey+p.Session, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer session.Close()
	provider, _, err := registry.CreateKey(registry.LOCAL_MACHINE, autoLoggerKey+p.Session+`\`+p.Provider, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer provider.Close()
	err = session.SetStringValue("Guid", p.GUID)
	for _, v := range sessionValues {
		err = errors.Join(err, session.SetDWordValue(v.name, v.value))
	}
	return errors.Join(err, provider.SetDWordValue("Enabled", 1), provider.SetDWordValue("EnableLevel", p.Level),
		provider.SetQWordValue("MatchAnyKeyword", p.Keywords), provider.SetDWordValue("EnableProperty", EnableProperty))
}
