// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/pseudonym"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/filter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/runner"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/status"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver/internal/metadata"
)

// Config is the receiver's configuration. README.md documents every key in a table.
type Config struct {
	// Volume is how many records are written, and how large they are: full (default), balanced or lean. It sets the defaults of other keys.
	Volume volume.Mode `mapstructure:"volume"`
	// EventsMap is the path at which Cilium's events map is pinned. Default: /ebpf/global/cilium_events.
	EventsMap string `mapstructure:"events_map"`
	// ObservabilityConfigMap is the path at which Cilium's observability configuration map is pinned. Default:
	// /ebpf/global/cilium_observability_config.
	ObservabilityConfigMap string `mapstructure:"observability_config_map"`
	// CheckCiliumOnWindows makes the receiver wait, on Windows, until the registry says that Cilium is on. Default:
	// true.
	CheckCiliumOnWindows bool `mapstructure:"check_cilium_on_windows"`
	// EnabledEvents are the events received: DROP, TRACE, POLICY_VERDICT, DEBUG and CAPTURE, in any case. DROP is
	// always enabled. Default: DROP, TRACE and POLICY_VERDICT.
	EnabledEvents []string `mapstructure:"enabled_events"`
	// MonitorAggregationLevel is how much is aggregated: none, low, medium or maximum (default).
	MonitorAggregationLevel string `mapstructure:"monitor_aggregation_level"`
	// Archive also writes the full record of each event that passes EnabledEvents and Filters, in a resource with the attribute winnet.tier:
	// archive. Default: false. It needs level medium or maximum.
	Archive bool `mapstructure:"archive"`
	// AggregationInterval is how often a connection is reported at the levels medium and maximum, and losses at any
	// level. Default: 5s.
	AggregationInterval time.Duration `mapstructure:"aggregation_interval"`
	// AggregationMaxSizeMiB bounds the memory for the reported connections, in MiB. Default: 64.
	AggregationMaxSizeMiB int `mapstructure:"aggregation_max_size_mib"`
	// Memory bounds all that the receiver holds. Default: each part has only its own bound.
	Memory pipeline.MemoryConfig `mapstructure:"memory"`
	// Workers is the number of goroutines that decode and aggregate events. Default: 1.
	Workers int `mapstructure:"workers"`
	// Connections configures the records of connections.
	Connections connectionsConfig `mapstructure:"connections"`
	// Filters are allow and deny lists in Hubble's terms. Default: every event passes.
	Filters filter.Config `mapstructure:"filters"`
	// FieldMask lists the flow fields that are written, as in Hubble's exporter: verdict, IP.source, l4.TCP.flags.
	// Default: all.
	FieldMask []string `mapstructure:"field_mask"`
	// Names is the extension that knows the names of a flow's ends: pods, workloads, labels, services. Default: none.
	Names string `mapstructure:"names"`
	// ConfigMap configures how enabled_events and monitor_aggregation_level are written to the observability
	// configuration map.
	ConfigMap obsconfig.Config `mapstructure:"config_map"`
	// WireFormat is the minor release of Cilium that writes the events, "1.14" to "1.20". It decides where an event's
	// bytes do not show the release. Default: auto.
	WireFormat string `mapstructure:"wire_format"`
	// Body is the content of a record's body: summary (default), which is the line that `hubble observe` prints,
	// hubble_json, or none.
	Body string `mapstructure:"body"`
	// Attributes is which attributes a record has: all (default) or slim.
	Attributes asim.AttributeSet `mapstructure:"attributes"`
	// Device configures where the attributes of the device are.
	Device deviceConfig `mapstructure:"device"`
	// Pseudonymize replaces values that identify someone. Default: none.
	Pseudonymize pseudonym.Config `mapstructure:"pseudonymize"`
	// NodeName is the name of the Kubernetes node. Default: the environment variable NODE_NAME, else this host's name;
	// in a replay, Dvc is the file's name.
	NodeName string `mapstructure:"node_name"`
	// MetricsMaxSeries bounds the number of series that names of ends distinguish. Default: 2000.
	MetricsMaxSeries int `mapstructure:"metrics_max_series"`
	// MetricsInterval is how often a metrics pipeline receives the sums. Default: 60s.
	MetricsInterval time.Duration `mapstructure:"metrics_interval"`
	// Storage is the extension that keeps the place in replayed .pcapng files. Default: none.
	Storage string `mapstructure:"storage"`
	// MetricsBuilderConfig is the section `metrics`: which metrics are enabled and which attributes they have.
	metadata.MetricsBuilderConfig `mapstructure:",squash"`
	// Batch sets when records go to the next component. Queue bounds the memory of events on their way. Retry sets how
	// records that the next component refuses for now are tried again.
	Batch pipeline.BatchConfig `mapstructure:"batch"`
	Queue pipeline.QueueConfig `mapstructure:"queue"`
	Retry pipeline.RetryConfig `mapstructure:"retry"`
	// Heartbeat is the time between two records of the account. Default: 0, none.
	Heartbeat time.Duration `mapstructure:"heartbeat"`
	// StatusRecords also writes records of losses and of changes that someone else makes to the maps. Default: false.
	StatusRecords bool `mapstructure:"status_records"`
	// WhenMissing is what becomes of the receiver if eBPF for Windows is not installed: wait (default) or fail.
	WhenMissing runner.WhenMissing `mapstructure:"when_missing"`
	// Replay reads recorded .pcapng files instead of the live map.
	Replay replay.Config `mapstructure:"replay"`
	// Record also writes the raw records, as the source delivers them, to a .pcapng file.
	Record record.Config `mapstructure:"record"`
}

var _ confmap.Unmarshaler = (*Config)(nil)

func createDefaultConfig() component.Config {
	common := runner.DefaultSections()
	return &Config{
		Volume:                  volume.Full,
		EventsMap:               "/ebpf/global/cilium_events",
		ObservabilityConfigMap:  "/ebpf/global/cilium_observability_config",
		CheckCiliumOnWindows:    true,
		EnabledEvents:           []string{monitor.KindDrop.String(), monitor.KindTrace.String(), monitor.KindPolicyVerdict.String()},
		MonitorAggregationLevel: obsconfig.LevelMaximum.String(),
		AggregationInterval:     5 * time.Second,
		AggregationMaxSizeMiB:   64,
		Workers:                 1,
		Connections:             defaultConnections(),
		ConfigMap:               obsconfig.DefaultConfig(),
		WireFormat:              "auto",
		Body:                    networklog.BodySummary.String(),
		Attributes:              asim.AllAttributes,
		Device:                  deviceConfig{In: asim.DeviceInRecord},
		MetricsInterval:         time.Minute,
		MetricsMaxSeries:        2000,
		WhenMissing:             runner.Wait,
		MetricsBuilderConfig:    metadata.NewDefaultMetricsBuilderConfig(),
		Batch:                   common.Batch, Queue: common.Queue, Retry: common.Retry, Replay: common.Replay, Record: common.Record,
	}
}

// Unmarshal reads the YAML: bare numbers as seconds for durations, and a wire format without quotes. The volume decides the defaults of other
// keys.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	c.useVolume(volume.Of(conf))
	c.Replay.Look(conf, "replay")
	c.Record.Look(conf, "record")
	const format = "wire_format"
	changed := map[string]any{}
	if n, ok := conf.Get(format).(float64); ok {
		// YAML turns 1.20 into 1.2, which is not the name of a release.
		text := strconv.FormatFloat(n, 'f', 2, 64)
		if exact, _ := strconv.ParseFloat(text, 64); exact != n {
			text = strconv.FormatFloat(n, 'f', -1, 64)
		}
		changed[format] = text
	}
	if err := configyaml.UnmarshalWith(conf, changed, c); err != nil {
		return err
	}
	if !c.Connections.Enabled && conf.Get("monitor_aggregation_level") == nil {
		c.useLevelWithoutConnections()
	}
	return nil
}

// Marshal writes the configuration in the form that Unmarshal reads.
func (c Config) Marshal(conf *confmap.Conf) error {
	return configyaml.Marshal(conf, plainConfig(c))
}

// settings is the configuration in the types of the packages that use it.
type settings struct {
	obsconfig.Settings
	format      monitor.WireFormat
	body        networklog.Body
	aggregation aggregate.Settings
	connections *aggregate.ConnectionSettings // nil without connections
	filter      *filter.Filter
	mask        *flow.Mask
	slim        bool // records have slim attributes
	minimal     bool // records have minimal attributes
	inResource  bool // the resource has the attributes of the device
	pseudonyms  *pseudonym.Pseudonymizer
}

// plainConfig is the configuration without its methods, which Marshal writes.
type plainConfig Config

var _ confmap.Marshaler = Config{}

// Bounds of the keys above.
const (
	minAggregationInterval = 100 * time.Millisecond
	maxAggregationInterval = 24 * time.Hour
	maxAggregationMiB      = 16 << 10
	maxWorkers             = 32
)

// connectionBytes is the approximate memory of an event that is kept back, in bytes.
const connectionBytes = 224

// keeps returns the bounds of the aggregation.
func (c *Config) keeps() aggregate.Settings {
	connections := c.AggregationMaxSizeMiB << 20 / (hold.EntrySize + connectionBytes)
	return aggregate.Settings{
		Interval:       c.AggregationInterval,
		MaxConnections: connections, MaxBytes: connections * connectionBytes,
	}
}

// read reads the keys whose values are names. Its errors name the key, the value and the allowed values.
func (c *Config) read() (settings, error) {
	s := settings{aggregation: c.keeps(), connections: c.connections(), slim: c.Attributes.Slim(), minimal: c.Attributes == asim.MinimalAttributes, inResource: c.Device.In == asim.DeviceInResource}
	var errs configyaml.KeyErrors
	for _, name := range c.EnabledEvents {
		kind, err := monitor.ParseKind(name)
		errs.Add("enabled_events", err)
		s.Events = append(s.Events, kind)
	}
	var err error
	s.Level, err = obsconfig.ParseLevel(c.MonitorAggregationLevel)
	errs.Add("monitor_aggregation_level", err)
	s.format, err = monitor.ParseWireFormat(c.WireFormat)
	errs.Add("wire_format", err)
	s.body, err = networklog.ParseBody(c.Body)
	errs.Add("body", err)
	s.mask, err = flow.NewMask(c.FieldMask)
	errs.Add("field_mask", err)
	s.pseudonyms = c.pseudonyms()
	s.filter, _ = filter.New(&c.Filters) // the section's own Validate reports errors
	return s, errs.Join()
}

// pseudonyms makes a Pseudonymizer; nil if no value is replaced.
func (c *Config) pseudonyms() *pseudonym.Pseudonymizer {
	return c.Pseudonymize.New(pseudonym.Network())
}

// merges reports whether a record may stand for several events, or lack what the event has.
func (c *Config) merges(s *settings) bool {
	return c.Connections.Enabled || s.Level >= obsconfig.LevelMedium || c.Attributes != asim.AllAttributes || s.body != archivedBody(s.body)
}

// archivedBody returns the body of the archive's records: a summary, where the others have none.
func archivedBody(body networklog.Body) networklog.Body {
	if body == networklog.BodyNone {
		return networklog.BodySummary
	}
	return body
}

// Validate returns an error for each key whose value is not allowed. The error names the key, the value and the allowed
// values.
func (c *Config) Validate() error {
	s, err := c.read()
	errs := configyaml.KeyErrors{err, c.validateMetrics(), c.validateBody(s.body)}
	errs.Add("memory", c.Memory.Check(c.needs()))
	if d := c.AggregationInterval; d < minAggregationInterval || d > maxAggregationInterval {
		errs = append(errs, fmt.Errorf("aggregation_interval: %v is not allowed; want %v to %v", d, minAggregationInterval, maxAggregationInterval))
	}
	if mib := c.AggregationMaxSizeMiB; mib < 1 || mib > maxAggregationMiB {
		errs = append(errs, fmt.Errorf("aggregation_max_size_mib: %d is not allowed; want 1 to %d", mib, maxAggregationMiB))
	}
	if n := c.Workers; n < 1 || n > maxWorkers {
		errs = append(errs, fmt.Errorf("workers: %d is not allowed; want 1 to %d", n, maxWorkers))
	}
	if c.Workers > 1 && c.Archive {
		errs = append(errs, fmt.Errorf("workers: %d is not allowed with archive: the archive has each event in the order in which they came; want 1", c.Workers))
	}
	_, _, namesErr := c.namesID()
	errs.Add(keyNames, namesErr)
	if c.Names == "" {
		errs.Add("filters", c.Filters.CheckUnnamed())
	}
	errs.Add("storage", c.Replay.CheckStorage(c.Storage))
	errs.Add("record.path", c.Replay.CheckRecorded(c.Record.Files()))
	if c.Archive && err == nil && !c.merges(&s) {
		errs.Add("archive", fmt.Errorf("true is not allowed with monitor_aggregation_level %s and attributes all: the other records are full already, so the archive would "+
			"repeat each; leave it out, or choose volume balanced or lean, or level %s or %s", s.Level, obsconfig.LevelMedium, obsconfig.LevelMaximum))
	}
	errs.Add(status.KeyHeartbeat, status.CheckHeartbeat(c.Heartbeat))
	errs.Add(runner.KeyWhenMissing, c.WhenMissing.Check())
	live := !c.Replay.Enabled()
	for _, path := range []struct {
		key, path string
		used      bool
	}{
		{"events_map", c.EventsMap, live},
		{"observability_config_map", c.ObservabilityConfigMap, live && c.ConfigMap.Apply != obsconfig.ModeOff},
	} {
		if path.path == "" && !path.used {
			continue
		}
		errs.Add(path.key, configyaml.PinnedMap(path.path))
	}
	if c.NodeName != "" {
		errs.Add("node_name", configyaml.HostName(c.NodeName))
	}
	errs.Add("pseudonymize", c.Pseudonymize.Check(pseudonym.Network()))
	errs.Add("pseudonymize", c.Pseudonymize.CheckRecord(c.Record.Enabled()))
	// The collector calls the Validate methods of the sections filters, config_map, pseudonymize, batch, queue, retry, replay and
	// record itself.
	return errs.Join()
}
