// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
)

// Config is the receiver's configuration. The table of keys in README.md says the same, key by key.
type Config struct {
	// ProviderConfig is the one provider whose events are received.
	ProviderConfig `mapstructure:",squash"`
	// Providers are several, in one session, in place of the one above. Default none.
	Providers []ProviderConfig `mapstructure:"providers"`
	// SessionName is the name of the ETW session, unique on the host. Default ASIMDNSServerTrace or ASIMDNSClientTrace, by
	// provider; ASIMDNSTrace where there are several.
	SessionName string `mapstructure:"session_name"`
	// TakeOver stops a session of that name even when it has other providers enabled, which is then someone else's.
	TakeOver bool `mapstructure:"take_over"`
	// Attach consumes the session of that name that someone else runs, such as an AutoLogger, and never stops it.
	Attach bool `mapstructure:"attach"`
	// Profile is how events are classified: windows (default), asim or documented.
	Profile asim.DNSProfile `mapstructure:"profile"`
	// Device is the host that the events happened on.
	Device DeviceConfig `mapstructure:"device"`
	// Packet says what becomes of the DNS messages that the DNS Server's events carry.
	Packet asim.PacketConfig `mapstructure:"packet"`
	// Names says how names are spelled in profile windows: as_sent (default) or lower. Profile asim always has lower case.
	Names asim.DNSNames `mapstructure:"names"`
	// Answers says how the answers of a response are listed.
	Answers asim.AnswersConfig `mapstructure:"answers"`
	// Filters are rules for the events that are wanted and for those that are not.
	Filters filter.Config `mapstructure:"filters"`
	// Noise are the keys for what is commonly noise, beside the rules.
	Noise filter.Noise `mapstructure:",squash"`
	// Aggregation lets one record stand for identical queries.
	Aggregation AggregationConfig `mapstructure:"aggregation"`
	// Correlate lets one record stand for a query and its response. Default false. It and Aggregation exclude each other.
	Correlate bool `mapstructure:"correlate"`
	// Correlation says how queries and responses are brought together.
	Correlation CorrelationConfig `mapstructure:"correlation"`
	// OmitAttributes are the names of attributes that are never built; AdditionalFields.<name> is a field of that map.
	OmitAttributes asim.OmitAttributes `mapstructure:"omit_attributes"`
	// Buffers are the buffers of the ETW session.
	Buffers BuffersConfig `mapstructure:"buffers"`
	// Sections are those of every receiver: batch, queue, retry, replay and record.
	runner.Sections `mapstructure:",squash"`
}

// ProviderConfig is a provider and what is wanted of it.
type ProviderConfig struct {
	// ProviderGUID is the provider whose events are received: {EB79061A-A566-4698-9119-3ED2807060E7} (DNS Server, the
	// default) or {1C95126E-7EEA-49A9-A3FE-A378B03DDB4D} (DNS Client), braces or not, any case; or the provider's name.
	ProviderGUID string `mapstructure:"provider_guid"`
	// EnableLevel is the most verbose level received: 1 critical, 2 error, 3 warning, 4 information, 5 verbose. 0, the
	// default, is 4 for the server and 5 for the client.
	EnableLevel int `mapstructure:"enable_level"`
	// EnableFlags are the keywords received, an event needs one of them. In YAML they are an integer or a quoted string, hexadecimal or
	// decimal, the name of a kind of events or of a set, or a list of any of these. Default 0x3F for the server and 0x8000000000000FFF for the client; 0 is every keyword. For the client the bits
	// 1, 2, 4 and 8 are the categories query, cache, configuration and networking.
	EnableFlags *uint64 `mapstructure:"enable_flags"`
}

// DeviceConfig is the `device` section.
type DeviceConfig struct {
	// Hostname is the name of the host, in full or short. Default: this host's; in a replay, the file's name stands in Dvc.
	Hostname string `mapstructure:"hostname"`
	// IP is the host's address. Default: this host's first; in a replay, none.
	IP string `mapstructure:"ip"`
}

// AggregationConfig is the `aggregation` section.
type AggregationConfig struct {
	// Window is how long after the first of them identical queries are counted in its record; the record comes when it is
	// over. 0, the default, does not aggregate.
	Window time.Duration `mapstructure:"window"`
	// MaxSizeMiB bounds the memory for queries that are kept back; the oldest go early when it is full. Default 64.
	MaxSizeMiB int `mapstructure:"max_size_mib"`
}

// CorrelationConfig is the `correlation` section.
type CorrelationConfig struct {
	// Timeout is how long a query waits for its response. Default 10s.
	Timeout time.Duration `mapstructure:"timeout"`
	// MaxSizeMiB bounds the memory for queries and responses that are kept back; the oldest go early when it is full. Default
	// 64.
	MaxSizeMiB int `mapstructure:"max_size_mib"`
}

// BuffersConfig is the `buffers` section: the kernel memory of the ETW session.
type BuffersConfig struct {
	// SizeKB is the size of a buffer in KB. Default 256.
	SizeKB int `mapstructure:"size_kb"`
	// Minimum is the number of buffers that the session begins with. Default 64.
	Minimum int `mapstructure:"minimum"`
	// Maximum is the number of buffers that the session grows to. Default 256.
	Maximum int `mapstructure:"maximum"`
	// FlushInterval is how long an event waits in a buffer that does not fill, in whole seconds. Default 1s.
	FlushInterval time.Duration `mapstructure:"flush_interval"`
}

// Bounds of the keys above.
const (
	maxLevel         = 5
	maxBuffers       = 65536
	maxFlushInterval = time.Hour
	minWindow        = time.Millisecond
	maxWindow        = 24 * time.Hour
	maxBuffersMiB    = 16 << 10 // of non-paged memory, which nothing else can have
	maxHeldMiB       = 16 << 10
)

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

func createDefaultConfig() component.Config {
	return &Config{
		ProviderConfig: ProviderConfig{ProviderGUID: dns.Server().GUID.String()},
		Profile:        asim.ProfileWindows,
		Packet:         asim.DefaultPacketConfig(),
		Names:          asim.NamesAsSent,
		Noise:          filter.DefaultNoise(),
		Aggregation:    AggregationConfig{MaxSizeMiB: 64},
		Correlation:    CorrelationConfig{Timeout: 10 * time.Second, MaxSizeMiB: 64},
		Buffers:        BuffersConfig{SizeKB: 256, Minimum: 64, Maximum: 256, FlushInterval: time.Second},
		Sections:       runner.DefaultSections(),
	}
}

// The keys that Unmarshal looks at.
const (
	keyProvider  = "provider_guid"
	keyProviders = "providers"
	keyFlags     = "enable_flags"
	keyNames     = "names"
)

// Unmarshal reads the YAML: enable_flags in any of its forms, and bare numbers as seconds. With providers there is no default
// for provider_guid. The default of names is no one's wish, so it is here that a spelling is refused which the profile does not have.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	c.Look(conf)
	changed := map[string]any{}
	if v := conf.Get(keyFlags); v != nil {
		mask, err := readFlags(conf.Get(keyProvider), c.ProviderGUID, v)
		if err != nil {
			return fmt.Errorf("%s: %w", keyFlags, err)
		}
		changed[keyFlags] = mask
	}
	if list, ok := conf.Get(keyProviders).([]any); ok && len(list) > 0 {
		if conf.Get(keyProvider) == nil {
			c.ProviderGUID = ""
		}
		for i, entry := range list {
			entry, ok := entry.(map[string]any)
			if !ok || entry[keyFlags] == nil {
				continue
			}
			mask, err := readFlags(entry[keyProvider], "", entry[keyFlags])
			if err != nil {
				return fmt.Errorf("%s[%d].%s: %w", keyProviders, i, keyFlags, err)
			}
			entry[keyFlags] = mask
		}
		changed[keyProviders] = list
	}
	if len(changed) > 0 {
		if err := conf.Merge(confmap.NewFromStringMap(changed)); err != nil {
			return err
		}
	}
	if err := configyaml.Unmarshal(conf, c); err != nil {
		return err
	}
	if conf.IsSet(keyNames) && c.Names == asim.NamesAsSent && c.Profile == asim.ProfileASIM {
		return fmt.Errorf("%s: %s is not allowed with profile asim, which always has names in lower case; leave it out, or choose profile windows", keyNames, c.Names)
	}
	return nil
}

// Validate names each key whose value is not allowed, the value, and what is allowed.
func (c *Config) Validate() error {
	var errs []error
	check := func(key string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	between := func(key string, value, low, high int) {
		if value < low || value > high {
			errs = append(errs, fmt.Errorf("%s: %d is not allowed; want %d to %d", key, value, low, high))
		}
	}
	providers, err := c.wanted()
	if err != nil {
		errs = append(errs, err)
	}
	_, err = c.Device.name()
	check("device.hostname", err)
	_, err = c.Device.addr()
	check("device.ip", err)
	if err := c.Noise.Check(); err != nil {
		errs = append(errs, err)
	}
	b := &c.Buffers
	between("buffers.size_kb", b.SizeKB, session.MinBufferSizeKB, session.MaxBufferSizeKB)
	between("buffers.minimum", b.Minimum, 2, maxBuffers)
	between("buffers.maximum", b.Maximum, b.Minimum, maxBuffers)
	if mib := b.SizeKB * b.Maximum >> 10; len(errs) == 0 && mib > maxBuffersMiB {
		check("buffers.maximum", fmt.Errorf("%d buffers of size_kb %d are not allowed: they take %d MiB of the kernel's memory; want at most %d MiB",
			b.Maximum, b.SizeKB, mib, maxBuffersMiB))
	}
	if b.FlushInterval < time.Second || b.FlushInterval > maxFlushInterval || b.FlushInterval%time.Second != 0 {
		check("buffers.flush_interval", fmt.Errorf("%v is not allowed; want whole seconds, 1s to %v", b.FlushInterval, maxFlushInterval))
	}
	if c.Names == asim.NamesLower && c.Profile == asim.ProfileDocumented {
		check(keyNames, errors.New("lower is not allowed with profile documented, which has names as they were sent; choose profile windows or asim"))
	}
	if c.Correlate && c.Aggregation.Window > 0 {
		check("correlate", errors.New("true is not allowed with aggregation.window; choose one"))
	}
	// The profile, names and the sections packet, filters, aggregation, correlation, batch, queue, retry, replay and record are validated by the collector, each by its own Validate.
	if len(errs) == 0 {
		check("session_name", c.session(providers).Validate())
	}
	return errors.Join(errs...)
}

// Validate names the key, the value and what is allowed.
func (c *AggregationConfig) Validate() error {
	if c.Window != 0 && (c.Window < minWindow || c.Window > maxWindow) {
		return fmt.Errorf("window: %v is not allowed; want 0 (off), or %v to %v", c.Window, minWindow, maxWindow)
	}
	return validateHeld(c.MaxSizeMiB)
}

// Validate names the key, the value and what is allowed.
func (c *CorrelationConfig) Validate() error {
	if c.Timeout < minWindow || c.Timeout > maxWindow {
		return fmt.Errorf("timeout: %v is not allowed; want %v to %v", c.Timeout, minWindow, maxWindow)
	}
	return validateHeld(c.MaxSizeMiB)
}

func validateHeld(mib int) error {
	if mib < 1 || mib > maxHeldMiB {
		return fmt.Errorf("max_size_mib: %d is not allowed; want 1 to %d", mib, maxHeldMiB)
	}
	return nil
}

// name is the host's name as records have it, "" where none is configured.
func (c *DeviceConfig) name() (string, error) {
	if c.Hostname == "" {
		return "", nil
	}
	if err := configyaml.HostName(c.Hostname); err != nil {
		return "", err
	}
	return strings.TrimSuffix(c.Hostname, "."), nil
}

// addr is the host's address as records have it, invalid where none is configured.
func (c *DeviceConfig) addr() (netip.Addr, error) {
	if c.IP == "" {
		return netip.Addr{}, nil
	}
	addr, err := netip.ParseAddr(c.IP)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%q is not an IP address; want one such as 10.0.0.1", c.IP)
	}
	addr = addr.Unmap().WithZone("")
	if addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return netip.Addr{}, fmt.Errorf("%q is no host's address; want the host's, or leave it out", c.IP)
	}
	return addr, nil
}

// provider is a provider with what is wanted of it.
type provider struct {
	*dns.Provider
	enable dns.Enable
}

// find gives the provider that is configured.
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

// wanted gives the configured providers, each once.
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
			errs = append(errs, fmt.Errorf("%s[%d].%s: %s stands in the list twice; want each provider once", keyProviders, i, keyProvider, p.Name))
		default:
			all = append(all, p)
		}
	}
	return all, errors.Join(errs...)
}

// newCorrelator gives what keeps events back, nil where nothing is to be merged.
func (c *Config) newCorrelator() *correlate.Correlator {
	s := correlate.Settings{Live: !c.Replay.Enabled()}
	var mib int
	switch {
	case c.Aggregation.Window > 0:
		s.Mode, s.Window, mib = correlate.Aggregate, c.Aggregation.Window, c.Aggregation.MaxSizeMiB
	case c.Correlate:
		s.Mode, s.Window, mib = correlate.Correlate, c.Correlation.Timeout, c.Correlation.MaxSizeMiB
	default:
		return nil
	}
	const leastEvent = 256 // bytes, about
	s.MaxEvents = mib << 20 / (hold.EntrySize + leastEvent)
	s.MaxBytes = mib<<20 - s.MaxEvents*hold.EntrySize
	return correlate.New(s)
}

// severalSession is the default name of a session with several providers.
const severalSession = "ASIMDNSTrace"

// session gives the settings of the ETW session.
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
