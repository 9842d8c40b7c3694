// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// Config is the exporter's configuration. README.md has a table of its keys.
type Config struct {
	confighttp.ClientConfig `mapstructure:",squash"`
	Settings                `mapstructure:",squash"`
}

// Settings are the keys beside those of the client.
type Settings struct {
	// RuleID has the immutable ids of the data collection rules. In YAML it may be one text.
	RuleID []string `mapstructure:"rule_id"`
	// Streams has the stream of the rule for each kind of record; "" is none, and such records are dropped and counted.
	Streams StreamsConfig `mapstructure:"streams"`
	// StreamAttribute is an attribute of a record, or of its resource, that says where it goes: dns, network, audit, status, or the
	// name of one of Streams.
	StreamAttribute string `mapstructure:"stream_attribute"`
	// TablePlan is analytics or auxiliary.
	TablePlan string `mapstructure:"table_plan"`
	// Limits bound a call.
	Limits LimitsConfig `mapstructure:"limits"`
	// DeadLetter is where rows go that the service refused for good.
	DeadLetter DeadLetterConfig `mapstructure:"dead_letter"`
	// ResourceAttributes are names, or beginnings of names that end with "*".
	ResourceAttributes []string `mapstructure:"resource_attributes"`
	// BodyAsEventMessage puts the body of a DNS or network record into EventMessage.
	BodyAsEventMessage bool `mapstructure:"body_as_event_message"`

	QueueConfig configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	RetryConfig configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`
}

// StreamsConfig has a stream for each kind of record.
type StreamsConfig struct {
	DNS     string `mapstructure:"dns"`
	Network string `mapstructure:"network"`
	Audit   string `mapstructure:"audit"`
	Status  string `mapstructure:"status"`
}

// LimitsConfig says how large a call may be.
type LimitsConfig struct {
	Body string `mapstructure:"body"` // uncompressed_1mb or compressed_1mb
}

// DeadLetterConfig is the file of refused rows.
type DeadLetterConfig struct {
	Path       string `mapstructure:"path"`
	MaxSizeMiB int    `mapstructure:"max_size_mib"`
}

const (
	planAnalytics = "analytics"
	planAuxiliary = "auxiliary"

	bodyUncompressed = "uncompressed_1mb"
	bodyCompressed   = "compressed_1mb"
)

func createDefaultConfig() component.Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = 30 * time.Second
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.Sizer = exporterhelper.RequestSizerTypeBytes
	queue.QueueSize = 64 << 20
	queue.BlockOnOverflow = true
	// A maximum size would make the queue drop a record that is larger. The exporter cuts calls itself.
	queue.Batch = configoptional.Some(exporterhelper.BatchConfig{
		Sizer: exporterhelper.RequestSizerTypeBytes, MinSize: 2_000_000, FlushTimeout: time.Second,
	})
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0
	return &Config{
		ClientConfig: client,
		Settings: Settings{
			Streams: StreamsConfig{
				DNS: "Custom-ASimDnsActivityLogs", Network: "Custom-ASimNetworkSessionLogs", Audit: "Custom-ASimAuditEventLogs", Status: "Custom-WinnetStatus",
			},
			TablePlan:          planAnalytics,
			Limits:             LimitsConfig{Body: bodyUncompressed},
			DeadLetter:         DeadLetterConfig{MaxSizeMiB: 100},
			ResourceAttributes: []string{"k8s.*"},
			QueueConfig:        configoptional.Some(queue),
			RetryConfig:        retry,
		},
	}
}

// Unmarshal takes one text for rule_id as a list of one, and refuses keys that it does not know. confmap would take them: it does not look
// for them in a structure into which a client's configuration is squashed.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if id, one := conf.Get("rule_id").(string); one {
		if err := conf.Merge(confmap.NewFromStringMap(map[string]any{"rule_id": []any{id}})); err != nil {
			return err
		}
	}
	own := conf.ToStringMap()
	client := reflect.TypeFor[confighttp.ClientConfig]()
	for i := range client.NumField() {
		key, _, _ := strings.Cut(client.Field(i).Tag.Get("mapstructure"), ",")
		delete(own, key)
	}
	var strict Settings
	if err := confmap.NewFromStringMap(own).Unmarshal(&strict); err != nil {
		return err
	}
	return conf.Unmarshal(c)
}

// variable is a variable as cmd.exe has it, which nothing expands here.
var variable = regexp.MustCompile(`%([A-Za-z_][A-Za-z0-9_]*)%`)

var (
	ruleForm   = regexp.MustCompile(`^dcr-[0-9a-f]{32}$`)
	streamForm = regexp.MustCompile(`^(Custom|Microsoft)-[A-Za-z0-9_-]{1,100}$`)
)

// Validate reports what is wrong with the configuration.
func (c *Config) Validate() error {
	return errors.Join(c.validateEndpoint(), c.validateRules(), c.validateStreams(), c.validateRows(), c.validateRetry())
}

func (c *Config) validateEndpoint() error {
	if c.Endpoint == "" {
		return errors.New("endpoint: it is empty; want the logs ingestion endpoint of the data collection rule: https://NAME.REGION-1.ingest.monitor.azure.com")
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("endpoint: %q is no address; want https://NAME.REGION-1.ingest.monitor.azure.com", c.Endpoint)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("endpoint: %q has more than a host; want https://%s: rule_id and streams make the rest", c.Endpoint, u.Host)
	}
	local := loopback(u.Hostname())
	switch {
	case u.Scheme == "http" && !local:
		return fmt.Errorf("endpoint: %q is not encrypted, and the token would be readable; want https://%s", c.Endpoint, u.Host)
	case !c.Auth.HasValue() && !local:
		return errors.New("auth: it is missing; want auth: {authenticator: azureauth}, with scopes [https://monitor.azure.com/.default] in the extension azureauth")
	case c.Compression != "":
		return fmt.Errorf("compression: %q is not allowed; the exporter compresses by itself while it encodes (gzip); leave it out", c.Compression)
	case c.Timeout < time.Second:
		return fmt.Errorf("timeout: %v is not allowed; want 1s or more: how long a call may take (a number without a unit is nanoseconds)", c.Timeout)
	}
	return nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c *Config) validateRules() error {
	if len(c.RuleID) == 0 {
		return errors.New("rule_id: it is empty; want the immutable id of the data collection rule, or a list of them: dcr- and 32 hexadecimal digits")
	}
	for i, id := range c.RuleID {
		if !ruleForm.MatchString(id) {
			return fmt.Errorf("rule_id: %q is no immutable id; want dcr- and 32 hexadecimal digits, as the rule's JSON view has them in immutableId", id)
		}
		if slices.Contains(c.RuleID[:i], id) {
			return fmt.Errorf("rule_id: %q stands twice; want each rule once", id)
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
			return fmt.Errorf(`streams::%s: %q is no stream; want a name that begins with Custom- (or Microsoft-), or "" for none`, kindNames[i], name)
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

func (s StreamsConfig) list() [kindCount]string {
	return [kindCount]string{kindDNS: s.DNS, kindNetwork: s.Network, kindAudit: s.Audit, kindStatus: s.Status}
}

func (c *Config) validateRows() error {
	if c.TablePlan != planAnalytics && c.TablePlan != planAuxiliary {
		return fmt.Errorf("table_plan: %q is not known; want %s or %s", c.TablePlan, planAnalytics, planAuxiliary)
	}
	if c.Limits.Body != bodyUncompressed && c.Limits.Body != bodyCompressed {
		return fmt.Errorf("limits::body: %q is not known; want %s or %s", c.Limits.Body, bodyUncompressed, bodyCompressed)
	}
	if path := c.DeadLetter.Path; strings.IndexFunc(path, unicode.IsControl) >= 0 {
		return fmt.Errorf("dead_letter::path: %q is not allowed: within YAML's double quotes a backslash begins an escape; "+
			"write the path without quotes, in single quotes, or with slashes", path)
	} else if v := variable.FindStringSubmatch(path); v != nil {
		return fmt.Errorf("dead_letter::path: %q is not allowed: nothing expands %s here; want ${env:%s}", path, v[0], v[1])
	} else if path != "" && strings.TrimSpace(path) == "" {
		return fmt.Errorf("dead_letter::path: %q is not allowed; want the path of a file, or leave it out", path)
	}
	if c.DeadLetter.MaxSizeMiB < 1 || c.DeadLetter.MaxSizeMiB > 1<<20 {
		return fmt.Errorf("dead_letter::max_size_mib: %d is not allowed; want 1 to %d", c.DeadLetter.MaxSizeMiB, 1<<20)
	}
	for _, name := range c.ResourceAttributes {
		if name == "" || strings.Contains(strings.TrimSuffix(name, "*"), "*") {
			return fmt.Errorf(`resource_attributes: %q is not allowed; want a name, or the beginning of names and "*"`, name)
		}
	}
	return nil
}

// validateRetry refuses what would make the exporter ask without a pause.
func (c *Config) validateRetry() error {
	if q := c.QueueConfig.Get(); q != nil && q.Batch.HasValue() && q.Batch.Get().FlushTimeout < 10*time.Millisecond {
		return fmt.Errorf("sending_queue::batch::flush_timeout: %v is not allowed; want 10ms or more (a number without a unit is nanoseconds)",
			q.Batch.Get().FlushTimeout)
	}
	r := c.RetryConfig
	switch {
	case !r.Enabled:
		return nil
	case r.InitialInterval < 100*time.Millisecond:
		return fmt.Errorf("retry_on_failure::initial_interval: %v is not allowed; want 100ms or more", r.InitialInterval)
	case r.MaxInterval < r.InitialInterval:
		return fmt.Errorf("retry_on_failure::max_interval: %v is less than initial_interval, %v", r.MaxInterval, r.InitialInterval)
	case r.Multiplier < 1:
		return fmt.Errorf("retry_on_failure::multiplier: %v is not allowed; want 1 or more", r.Multiplier)
	}
	return nil
}
