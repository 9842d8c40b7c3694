// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows/registry"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// autoLoggerKey has a key for each session that Windows starts with itself. Microsoft documents the values under "Configuring and Starting
// an AutoLogger Session".
const autoLoggerKey = `SYSTEM\CurrentControlSet\Control\WMI\Autologger\`

// savedAutoLoggers implements host.
func (system) savedAutoLoggers() (found []source, _ error) {
	for _, s := range sources {
		if s.provider == nil {
			continue
		}
		k, err := registry.OpenKey(registry.LOCAL_MACHINE, autoLoggerKey+s.provider().Session, registry.QUERY_VALUE)
		if errors.Is(err, registry.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("the registry key of the AutoLogger %s: %w", s.provider().Session, err)
		}
		k.Close()
		found = append(found, s)
	}
	return found, nil
}

// writeAutoLoggers implements host. Windows reads the keys when it starts.
func (system) writeAutoLoggers(on []source) error {
	for _, s := range sources {
		if s.provider == nil {
			continue
		}
		p, wanted := s.provider(), false
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

func removeAutoLogger(p *dns.Provider) error {
	for _, key := range []string{autoLoggerKey + p.Session + `\` + p.GUID.String(), autoLoggerKey + p.Session} {
		if err := registry.DeleteKey(registry.LOCAL_MACHINE, key); err != nil && !errors.Is(err, registry.ErrNotExist) {
			return err
		}
	}
	return nil
}

func writeAutoLogger(p *dns.Provider) error {
	keywords, err := p.Keyword("security")
	if err != nil {
		return err
	}
	session, _, err := registry.CreateKey(registry.LOCAL_MACHINE, autoLoggerKey+p.Session, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer session.Close()
	provider, _, err := registry.CreateKey(registry.LOCAL_MACHINE, autoLoggerKey+p.Session+`\`+p.GUID.String(), registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer provider.Close()
	err = session.SetStringValue("Guid", sessionGUID(p))
	for _, v := range sessionValues {
		err = errors.Join(err, session.SetDWordValue(v.name, v.value))
	}
	return errors.Join(err, provider.SetDWordValue("Enabled", 1), provider.SetDWordValue("EnableLevel", uint32(p.Level)),
		provider.SetQWordValue("MatchAnyKeyword", keywords))
}
