// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/settings"
)

// Config is the exporter's configuration. README.md documents its keys in a table.
type Config struct {
	confighttp.ClientConfig `mapstructure:",squash"`

	// RuleID lists the immutable ids of the data collection rules. In YAML it may be a single text.
	RuleID []string `mapstructure:"rule_id"`
	// Streams maps each kind of record to a stream of the rule. Records of a kind with "" are dropped and counted.
	Streams streamsConfig `mapstructure:"streams"`
	// StreamAttribute is an attribute of a record, or of its resource, that selects the stream: dns, network, audit,
	// status, archive_dns, archive_network, or the name of one of Streams.
	StreamAttribute string `mapstructure:"stream_attribute"`
	// TablePlan is analytics or auxiliary. The tables of the archive are auxiliary always.
	TablePlan string `mapstructure:"table_plan"`
	// Limits bound a call.
	Limits limitsConfig `mapstructure:"limits"`
	// DeadLetter is the file for rows that the service refuses permanently.
	DeadLetter settings.DeadLetter `mapstructure:"dead_letter"`
	// ResourceAttributes are names of resource attributes, or prefixes that end with "*".
	ResourceAttributes []string `mapstructure:"resource_attributes"`
	// BodyAsEventMessage writes the body of a DNS or network record to EventMessage.
	BodyAsEventMessage bool `mapstructure:"body_as_event_message"`

	QueueConfig configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	RetryConfig configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`
}

// streamsConfig has a stream for each kind of record.
type streamsConfig struct {
	DNS     string `mapstructure:"dns"`
	Network string `mapstructure:"network"`
	Audit   string `mapstructure:"audit"`
	Status  string `mapstructure:"status"`
	// ArchiveDNS and ArchiveNetwork are the streams of records with the attribute winnet.tier: archive. Their tables
	// have the plan Auxiliary.
	ArchiveDNS     string `mapstructure:"archive_dns"`
	ArchiveNetwork string `mapstructure:"archive_network"`
}

// limitsConfig configures how large a call may be.
type limitsConfig struct {
	Body string `mapstructure:"body"` // uncompressed_1mb or compressed_1mb
}

const (
	planAnalytics = "analytics"
	planAuxiliary = "auxiliary"

	bodyUncompressed = "uncompressed_1mb"
	bodyCompressed   = "compressed_1mb"
)

func createDefaultConfig() component.Config {
	return &Config{
		ClientConfig: settings.DefaultClient(),
		Streams: streamsConfig{
			DNS: "Custom-ASimDnsActivityLogs", Network: "Custom-ASimNetworkSessionLogs", Audit: "Custom-ASimAuditEventLogs", Status: "Custom-WinnetStatus",
			ArchiveDNS: "Custom-WinnetDnsArchive", ArchiveNetwork: "Custom-WinnetNetworkArchive",
		},
		TablePlan:          planAnalytics,
		Limits:             limitsConfig{Body: bodyUncompressed},
		DeadLetter:         settings.DefaultDeadLetter(),
		ResourceAttributes: []string{"k8s.*"},
		QueueConfig:        settings.DefaultQueue(),
		RetryConfig:        settings.DefaultRetry(),
	}
}

// Unmarshal reads the YAML. It accepts a single text for rule_id, and refuses unknown keys, and streams without a value: confmap makes them empty, as
// if their records were to be dropped.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if id, one := conf.Get("rule_id").(string); one {
		if err := conf.Merge(confmap.NewFromStringMap(map[string]any{"rule_id": []any{id}})); err != nil {
			return err
		}
	}
	if err := settings.Strict(conf, c); err != nil {
		return err
	}
	streams, _ := conf.Get("streams").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(streams)) {
		if streams[name] == nil {
			return fmt.Errorf(`streams::%s: it has no value, for example because a variable is not set; want the name of a stream, or "" for none`, name)
		}
	}
	return conf.Unmarshal(c)
}

var (
	ruleForm   = regexp.MustCompile(`^dcr-[0-9a-f]{32}$`)
	almostRule = regexp.MustCompile(`^dcr-[0-9A-Fa-f-]{0,64}$`) // an error may quote it: another value may be a secret in the wrong place
	streamForm = regexp.MustCompile(`^(Custom|Microsoft)-[A-Za-z0-9_-]{1,100}$`)
)

// Validate returns an error for the first key whose value is not allowed.
func (c *Config) Validate() error {
	return errors.Join(c.validateEndpoint(), c.validateRules(), c.validateStreams(), c.validateRows(), settings.ValidateDeadLetter(c.DeadLetter),
		settings.ValidateRetry(c.QueueConfig, c.RetryConfig))
}

func (c *Config) validateEndpoint() error {
	if c.Endpoint == "" {
		return errors.New("endpoint: it is empty; want the logs ingestion endpoint of the data collection rule: https://NAME.REGION-1.ingest.monitor.azure.com")
	}
	u, err := settings.Address("endpoint", c.Endpoint, "https://NAME.REGION-1.ingest.monitor.azure.com")
	if err != nil {
		return err
	}
	if !c.Auth.HasValue() && !settings.Loopback(u.Hostname()) {
		return errors.New("auth: it is missing; want auth: {authenticator: azureauth}, with scopes [https://monitor.azure.com/.default] in the extension azureauth")
	}
	return settings.ValidateClient(&c.ClientConfig)
}

func (c *Config) validateRules() error {
	if len(c.RuleID) == 0 {
		return errors.New("rule_id: it is empty; want the immutable id of the data collection rule, or a list of them: dcr- and 32 hexadecimal digits")
	}
	for i, id := range c.RuleID {
		if !ruleForm.MatchString(id) {
			what := "it"
			if almostRule.MatchString(id) {
				what = strconv.Quote(id)
			}
			return fmt.Errorf("rule_id: %s is not an immutable id; want dcr- and 32 hexadecimal digits, as in immutableId of the rule's JSON view", what)
		}
		if slices.Contains(c.RuleID[:i], id) {
			return fmt.Errorf("rule_id: %q is in the list twice; want each rule once", id)
		}
	}
	return nil
}

func (c *Config) validateStreams() error {
	all := c.Streams.list()
	for i, name := range all {
		if name == "" {
			continue
		}
		if !streamForm.MatchString(name) {
			return fmt.Errorf(`streams::%s: %q is not a stream name; want a name that begins with Custom- (or Microsoft-), or "" for none`, kindNames[i], name)
		}
		if j := slices.Index(all[:], name); j < i {
			return fmt.Errorf("streams::%s: %q is the stream of %s as well; want a stream of its own", kindNames[i], name, kindNames[j])
		}
	}
	if all == ([kindCount]string{}) {
		return errors.New("streams: all are empty; want at least one")
	}
	return nil
}

func (s streamsConfig) list() [kindCount]string {
	return [kindCount]string{
		kindDNS: s.DNS, kindNetwork: s.Network, kindAudit: s.Audit, kindStatus: s.Status, kindDNSArchive: s.ArchiveDNS, kindNetworkArchive: s.ArchiveNetwork,
	}
}

func (c *Config) validateRows() error {
	if c.TablePlan != planAnalytics && c.TablePlan != planAuxiliary {
		return fmt.Errorf("table_plan: %q is not known; want %s or %s", c.TablePlan, planAnalytics, planAuxiliary)
	}
	if c.Limits.Body != bodyUncompressed && c.Limits.Body != bodyCompressed {
		return fmt.Errorf("limits::body: %q is not known; want %s or %s", c.Limits.Body, bodyUncompressed, bodyCompressed)
	}
	for _, name := range c.ResourceAttributes {
		if name == "" || strings.Contains(strings.TrimSuffix(name, "*"), "*") {
			return fmt.Errorf(`resource_attributes: %q is not allowed; want a name, or the beginning of names and "*"`, name)
		}
	}
	return nil
}
