// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/dnslog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/shape"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
)

// Config is the receiver's configuration. README.md documents every key in a table.
type Config struct {
	// ProviderConfig is the provider whose events are received, if there is only one.
	ProviderConfig `mapstructure:",squash"`
	// Providers lists several providers for one session, in place of ProviderConfig. Default: none.
	Providers []ProviderConfig `mapstructure:"providers"`
	// Volume is how many records are written, and how large they are: full (default), balanced or lean. It sets the defaults of other keys.
	Volume volume.Mode `mapstructure:"volume"`
	// SessionName is the name of the ETW session, unique on the host. Default: ASIMDNSServerTrace or
	// ASIMDNSClientTrace, by provider; ASIMDNSTrace if there are several.
	SessionName string `mapstructure:"session_name"`
	// TakeOver stops an existing session of that name even if it has other providers enabled and thus belongs to
	// someone else.
	TakeOver bool `mapstructure:"take_over"`
	// Attach consumes a session of that name that someone else runs, such as an AutoLogger. The receiver never stops
	// it.
	Attach bool `mapstructure:"attach"`
	// Profile is how events are classified: windows (default), asim or documented.
	Profile dns.Profile `mapstructure:"profile"`
	// Device is the host on which the events happened.
	Device deviceConfig `mapstructure:"device"`
	// Packet configures what happens to the DNS messages in the DNS Server's events.
	Packet dnslog.PacketConfig `mapstructure:"packet"`
	// Attributes is which attributes a record has: all (default), slim or minimal.
	Attributes asim.AttributeSet `mapstructure:"attributes"`
	// Names is the spelling of names in profile windows: as_sent (default) or lower. Profile asim always uses lower
	// case.
	Names dnslog.Names `mapstructure:"names"`
	// Answers configures how the answers of a response are listed.
	Answers dnslog.AnswersConfig `mapstructure:"answers"`
	// Filters are the rules that select events: include and exclude.
	Filters filter.Config `mapstructure:"filters"`
	// Noise are the keys that filter common noise, in addition to the rules.
	Noise filter.Noise `mapstructure:",squash"`
	// Aggregation writes one record for the exchanges that are alike, or for identical events without Correlate.
	Aggregation aggregationConfig `mapstructure:"aggregation"`
	// Correlate merges a query, its recursion and its response into one record. Default: false.
	Correlate bool `mapstructure:"correlate"`
	// Correlation configures how queries and responses are matched.
	Correlation correlationConfig `mapstructure:"correlation"`
	// Archive also writes the full record of each event that passes the filters, in a resource with the attribute winnet.tier: archive.
	// Default: false. It needs a key that merges events.
	Archive bool `mapstructure:"archive"`
	// OmitAttributes are the names of attributes that are never written. AdditionalFields.<name> names one field of
	// that map.
	OmitAttributes dnslog.OmitAttributes `mapstructure:"omit_attributes"`
	// Pseudonymize replaces values that identify someone. Default: none.
	Pseudonymize pseudonym.Config `mapstructure:"pseudonymize"`
	// Batch sets when records go to the next component. Queue bounds the memory of events on their way. Retry sets how
	// records that the next component refuses for now are tried again.
	Batch pipeline.BatchConfig `mapstructure:"batch"`
	Queue pipeline.QueueConfig `mapstructure:"queue"`
	Retry pipeline.RetryConfig `mapstructure:"retry"`
	// Memory bounds all that the receiver holds. Default: each part has only its own bound.
	Memory pipeline.MemoryConfig `mapstructure:"memory"`
	// Heartbeat is the time between two records of the account. Default: 0, none.
	Heartbeat time.Duration `mapstructure:"heartbeat"`
	// StatusRecords also writes records of losses and of changes that someone else makes to the session. Default: false.
	StatusRecords bool `mapstructure:"status_records"`
	// WhenMissing is what becomes of the receiver if no provider is registered on this host: fail (default) or wait.
	WhenMissing runner.WhenMissing `mapstructure:"when_missing"`
	// Canary is a name below which the receiver asks the watched DNS for a new name with each heartbeat, to see whether its event comes.
	// Default: none.
	Canary string `mapstructure:"canary"`
	// Buffers configures the buffers of the ETW session.
	Buffers buffersConfig `mapstructure:"buffers"`
	// Replay reads recorded .etl files instead of a live session.
	Replay replay.Config `mapstructure:"replay"`
	// Storage is the extension that keeps the place in replayed .etl files. Default: none.
	Storage string `mapstructure:"storage"`
	// Record also writes the raw events to an .etl file.
	Record record.Config `mapstructure:"record"`
}

// deviceConfig is the `device` section.
type deviceConfig struct {
	// Hostname is the name of the host, fully qualified or short. Default: this host's name; in a replay, Dvc is the
	// file's name.
	Hostname string `mapstructure:"hostname"`
	// IP is the host's address. Default: this host's first address; in a replay, none.
	IP string `mapstructure:"ip"`
	// In is where its attributes are: record (default) or resource.
	In asim.DevicePlace `mapstructure:"in"`
}

// aggregationConfig is the `aggregation` section.
type aggregationConfig struct {
	// Window is the time, from the first query, in which identical queries are counted in one record. The record is
	// written when the window ends. 0, the default, turns aggregation off.
	Window time.Duration `mapstructure:"window"`
	// MaxSizeMiB bounds the memory for queries that are kept back. When it is full, the oldest are written early.
	// Default: 64; 512 with volume lean.
	MaxSizeMiB int `mapstructure:"max_size_mib"`
	// Pack is what one record has of what a client did in a window: none (default), sums or new; new with volume lean.
	Pack packMode `mapstructure:"pack"`
	// Whole are the exchanges that are not summed.
	Whole shape.WholeConfig `mapstructure:"whole"`
	// Noise are the exchanges that are summed for longer.
	Noise shape.NoiseConfig `mapstructure:"noise"`
	// bytes takes the place of MaxSizeMiB if it is not 0; see Thin.
	bytes int
}

// correlationConfig is the `correlation` section.
type correlationConfig struct {
	// Timeout is how long a query waits for its response. Default 10s.
	Timeout time.Duration `mapstructure:"timeout"`
	// MaxSizeMiB bounds the memory for queries and responses that are kept back. When it is full, the oldest are
	// written early. Default: 64.
	MaxSizeMiB int `mapstructure:"max_size_mib"`
}

// buffersConfig is the `buffers` section: the kernel memory of the ETW session.
type buffersConfig struct {
	// SizeKB is the size of a buffer in KB. Default 256.
	SizeKB int `mapstructure:"size_kb"`
	// Minimum is the number of buffers at the start of the session. Default: 64.
	Minimum int `mapstructure:"minimum"`
	// Maximum is the largest number of buffers that the session may grow to. Default: 256.
	Maximum int `mapstructure:"maximum"`
	// FlushInterval is how long an event waits in a buffer that is not full, in whole seconds. Default: 1s.
	FlushInterval time.Duration `mapstructure:"flush_interval"`
}

var _ confmap.Unmarshaler = (*Config)(nil)

func createDefaultConfig() component.Config {
	common := runner.DefaultSections()
	return &Config{
		ProviderConfig: ProviderConfig{ProviderGUID: dns.Server().GUID.String()},
		Volume:         volume.Full,
		Profile:        dns.ProfileWindows,
		Device:         deviceConfig{In: asim.DeviceInRecord},
		Attributes:     asim.AllAttributes,
		Packet:         dnslog.DefaultPacketConfig(),
		Names:          dnslog.NamesAsSent,
		Noise:          filter.DefaultNoise(),
		Aggregation:    aggregationConfig{MaxSizeMiB: 64, Pack: packNone, Whole: shape.NoWhole()},
		Correlation:    correlationConfig{Timeout: 10 * time.Second, MaxSizeMiB: 64},
		Buffers:        buffersConfig{SizeKB: 256, Minimum: 64, Maximum: 256, FlushInterval: time.Second},
		Batch:          common.Batch, Queue: common.Queue, Retry: common.Retry, Replay: common.Replay, Record: common.Record,
		WhenMissing: common.WhenMissing,
	}
}

// plainConfig is the configuration without its methods, which Marshal writes.
type plainConfig Config

var _ confmap.Marshaler = Config{}

// Marshal writes the configuration in the form that Unmarshal reads.
func (c Config) Marshal(conf *confmap.Conf) error {
	return configyaml.Marshal(conf, plainConfig(c))
}

// The keys that Unmarshal reads.
const (
	keyProvider  = "provider_guid"
	keyProviders = "providers"
	keyFlags     = "enable_flags"
	keyNames     = "names"
)

// Unmarshal reads the YAML: enable_flags in any of its forms, and bare numbers as seconds. With providers,
// provider_guid has no default. Unmarshal also refuses a spelling of names that the profile does not support: only here
// can a configured value be told from the default.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	c.useVolume(volume.Of(conf))
	c.Replay.Look(conf, "replay")
	c.Record.Look(conf, "record")
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
	if err := configyaml.UnmarshalWith(conf, changed, c); err != nil {
		return err
	}
	if conf.IsSet(keyNames) && c.Names == dnslog.NamesAsSent && c.Profile == dns.ProfileASIM {
		return fmt.Errorf("%s: %s is not allowed with profile asim, which always has names in lower case; leave it out, or choose profile windows", keyNames, c.Names)
	}
	return nil
}
