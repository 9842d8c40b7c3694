// SPDX-License-Identifier: Apache-2.0

// The configured providers, and the ETW session that enables them.

package asimdnsreceiver

import (
	"errors"
	"fmt"
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
)

// ProviderConfig is a provider, its level and its keywords.
type ProviderConfig struct {
	// ProviderGUID is the provider whose events are received: {EB79061A-A566-4698-9119-3ED2807060E7} (DNS Server, the
	// default) or {1C95126E-7EEA-49A9-A3FE-A378B03DDB4D} (DNS Client), with or without braces, in any case; or the
	// provider's name.
	ProviderGUID string `mapstructure:"provider_guid"`
	// EnableLevel is the most verbose level received: 1 critical, 2 error, 3 warning, 4 information, 5 verbose. 0, the
	// default, means 4 for the server and 5 for the client.
	EnableLevel int `mapstructure:"enable_level"`
	// EnableFlags are the keywords received; an event needs at least one of them. In YAML they are an integer or a
	// quoted string, hexadecimal or decimal, the name of a kind of events or of a set, or a list of any of these.
	// Default: 0x3F for the server and 0x8000000000000FFF for the client. 0 means every keyword. For the client, the
	// bits 1, 2, 4 and 8 are the categories query, cache, configuration and networking.
	EnableFlags *uint64 `mapstructure:"enable_flags"`
}

// provider is a provider with its configured level and keywords.
type provider struct {
	*dns.Provider
	enable dns.Enable
}

// find returns the configured provider.
func (c *ProviderConfig) find() (provider, error) {
	p, err := dns.Find(c.ProviderGUID)
	if err != nil {
		return provider{}, fmt.Errorf("%s: %w", keyProvider, err)
	}
	if c.EnableLevel < 0 || c.EnableLevel > maxLevel {
		return provider{}, fmt.Errorf("enable_level: %d is not allowed; want 0 to %d", c.EnableLevel, maxLevel)
	}
	level, flags := p.Level, p.Keywords
	if c.EnableLevel != 0 {
		level = uint8(c.EnableLevel)
	}
	if c.EnableFlags != nil {
		flags = *c.EnableFlags
	}
	return provider{p, p.Enable(level, flags)}, nil
}

// wanted returns the configured providers, each once.
func (c *Config) wanted() ([]provider, error) {
	if len(c.Providers) == 0 {
		one, err := c.find()
		return []provider{one}, err
	}
	var errs []error
	alone := func(key string, set bool) {
		if set {
			errs = append(errs, fmt.Errorf("%s: not allowed beside %s; choose one, or set it in an entry of %s", key, keyProviders, keyProviders))
		}
	}
	alone(keyProvider, c.ProviderGUID != "")
	alone("enable_level", c.EnableLevel != 0)
	alone(keyFlags, c.EnableFlags != nil)
	var all []provider
	for i := range c.Providers {
		p, err := c.Providers[i].find()
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s[%d].%w", keyProviders, i, err))
		case slices.ContainsFunc(all, func(other provider) bool { return other.GUID == p.GUID }):
			errs = append(errs, fmt.Errorf("%s[%d].%s: %s is in the list twice; want each provider once", keyProviders, i, keyProvider, p.Name))
		default:
			all = append(all, p)
		}
	}
	return all, errors.Join(errs...)
}

// severalSession is the default name of a session with several providers.
const severalSession = "ASIMDNSTrace"

// session returns the settings of the ETW session.
func (c *Config) session(providers []provider) session.Config {
	name := c.SessionName
	switch {
	case name != "":
	case len(providers) == 1:
		name = providers[0].Session
	default:
		name = severalSession
	}
	enabled := make([]session.Provider, len(providers))
	for i, p := range providers {
		enabled[i] = session.Provider{GUID: p.GUID, Name: p.Name, Origin: p.Origin, Level: p.enable.Level, Keywords: p.enable.Keywords}
	}
	return session.Config{
		TakeOver: c.TakeOver, Attach: c.Attach, Name: name, Providers: enabled,
		BufferSizeKB: uint32(c.Buffers.SizeKB), MinimumBuffers: uint32(c.Buffers.Minimum), MaximumBuffers: uint32(c.Buffers.Maximum),
		FlushInterval: c.Buffers.FlushInterval,
	}
}
