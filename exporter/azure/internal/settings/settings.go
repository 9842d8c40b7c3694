// SPDX-License-Identifier: Apache-2.0

// Package settings has what the configurations of the exporters to Azure share: defaults that lose nothing, strict
// keys, and checks that refuse what cannot work.
package settings

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
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

// DeadLetter is the file for data that was refused permanently.
type DeadLetter struct {
	Path       string `mapstructure:"path"`
	MaxSizeMiB int    `mapstructure:"max_size_mib"`
}

// DefaultDeadLetter returns the default, without a file.
func DefaultDeadLetter() DeadLetter { return DeadLetter{MaxSizeMiB: 100} }

// DefaultClient returns a client whose calls take at most 30 seconds.
func DefaultClient() confighttp.ClientConfig {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = 30 * time.Second
	return client
}

// DefaultQueue returns a queue of 64 MiB that blocks when it is full. It collects data for a second, or until it has
// two megabytes.
func DefaultQueue() configoptional.Optional[exporterhelper.QueueBatchConfig] {
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.Sizer = exporterhelper.RequestSizerTypeBytes
	queue.QueueSize = 64 << 20
	queue.BlockOnOverflow = true
	// The rest of the batch's settings stays the core's: a newer core has keys that must not be 0.
	batch := queue.Batch.GetOrInsertDefault()
	batch.Sizer, batch.MinSize, batch.FlushTimeout = exporterhelper.RequestSizerTypeBytes, 2_000_000, time.Second
	batch.MaxSize = 0 // with a maximum the queue drops a record that is larger; the exporters cut calls themselves
	return configoptional.Some(queue)
}

// DefaultRetry returns retries that never give up.
func DefaultRetry() configretry.BackOffConfig {
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0
	return retry
}

// Strict refuses unknown keys. config points to an exporter's configuration: it embeds a confighttp.ClientConfig, and its
// other fields are the exporter's own keys. confmap itself accepts unknown keys in a structure that embeds another one, and
// in the sections of the embedded one.
func Strict(conf *confmap.Conf, config any) error {
	keys := conf.ToStringMap()
	client := reflect.TypeFor[confighttp.ClientConfig]()
	for i := range client.NumField() {
		field := client.Field(i)
		key, _, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		if section, is := keys[key].(map[string]any); is && field.Type.Kind() == reflect.Struct {
			if err := confmap.NewFromStringMap(section).Unmarshal(reflect.New(field.Type).Interface()); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
		delete(keys, key)
	}
	var own []reflect.StructField
	unknown := maps.Clone(keys)
	for _, field := range reflect.VisibleFields(reflect.TypeOf(config).Elem()) {
		if !field.Anonymous && len(field.Index) == 1 {
			own = append(own, field)
			key, _, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
			delete(unknown, key)
		}
	}
	if len(unknown) > 0 { // confmap's own error has the Go type of the structure
		return fmt.Errorf("unknown keys: %s", strings.Join(slices.Sorted(maps.Keys(unknown)), ", "))
	}
	return confmap.NewFromStringMap(keys).Unmarshal(reflect.New(reflect.StructOf(own)).Interface())
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// addressForm is the form of a value that an error may quote. Any other value may be or contain a secret. The error that ends a start goes to the
// Windows Event Log, which users can read.
var addressForm = regexp.MustCompile(`^[a-z]{1,8}://[0-9A-Za-z.:/_\[\]-]{0,253}$`)

// Address parses the address of an endpoint: a scheme and a host, nothing else. An address without encryption must be
// on this machine. key and form are for errors: the name of the key, and what an address looks like.
func Address(key, endpoint, form string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		what := "it"
		if addressForm.MatchString(endpoint) {
			what = strconv.Quote(endpoint)
		}
		return nil, fmt.Errorf("%s: %s is not an address; want %s", key, what, form)
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("%s: it has more than a host; want https://%s", key, u.Host)
	}
	if u.Scheme == "http" && !Loopback(u.Hostname()) {
		return nil, fmt.Errorf("%s: %q is not encrypted, and keys and tokens would be readable; want https://%s", key, endpoint, u.Host)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// ownHeaders are the headers that only the exporter sets: those that describe a body, its own name, and the number of a
// call.
var ownHeaders = []string{"Content-Type", "Content-Encoding", "Content-Length", "Transfer-Encoding", "User-Agent", "X-Ms-Client-Request-Id"}

// Bounds of a client. A stop waits for the running calls at most as long as their timeout.
const (
	minTimeout = time.Second
	maxTimeout = time.Hour
	maxBuffer  = 16 << 20 // of read_buffer_size and write_buffer_size, in bytes: each connection has both
)

// validateProxy refuses what is no address of a proxy. net/url's own error, at the start, quotes the password in it.
func validateProxy(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.ParseRequestURI(text)
	if err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return errors.New("proxy_url: it is not the address of a proxy; want http://HOST:PORT (https, socks5); in a password write % as %25, @ as %40, " +
			"/ as %2F, # as %23, : as %3A")
	}
	return nil
}

// ValidateClient refuses what the exporters do themselves, and a client that cannot send anything.
func ValidateClient(c *confighttp.ClientConfig) error {
	for name := range c.Headers.Iter {
		if slices.Contains(ownHeaders, http.CanonicalHeaderKey(name)) {
			return fmt.Errorf("headers: %s is not allowed; the exporter sets it to what it sends; leave it out", name)
		}
		if c.Auth.HasValue() && http.CanonicalHeaderKey(name) == "Authorization" {
			return fmt.Errorf("headers: %s is not allowed beside auth, which sets it; leave one of them out", name)
		}
	}
	if c.Auth.HasValue() && c.Auth.Get().AuthenticatorID == (component.ID{}) {
		return errors.New("auth::authenticator: it is missing; want the id of an extension, such as azureauth")
	}
	switch {
	case c.CompressionParams.Level != 0:
		return errors.New("compression_params: it is not allowed; the exporter compresses by itself while it encodes (gzip); leave it out")
	case c.Compression != "":
		return fmt.Errorf("compression: %q is not allowed; the exporter compresses by itself while it encodes (gzip); leave it out", c.Compression)
	case c.Timeout < minTimeout || c.Timeout > maxTimeout:
		return fmt.Errorf("timeout: %v is not allowed; want 1s to 1h for a call (a number without a unit is nanoseconds)", c.Timeout)
	case c.ReadBufferSize > maxBuffer:
		return fmt.Errorf("read_buffer_size: %d is not allowed; want at most %d", c.ReadBufferSize, maxBuffer)
	case c.WriteBufferSize > maxBuffer:
		return fmt.Errorf("write_buffer_size: %d is not allowed; want at most %d", c.WriteBufferSize, maxBuffer)
	}
	return validateProxy(c.ProxyURL)
}

// variable matches a variable in the syntax of cmd.exe, which nothing expands here.
var variable = regexp.MustCompile(`%([A-Za-z_][A-Za-z0-9_]*)%`)

// ValidateDeadLetter returns an error if the file's path or size is not allowed.
func ValidateDeadLetter(d DeadLetter) error {
	if strings.IndexFunc(d.Path, unicode.IsControl) >= 0 {
		return fmt.Errorf("dead_letter::path: %q is not allowed: within YAML's double quotes a backslash begins an escape; "+
			"write the path without quotes, in single quotes, or with slashes", d.Path)
	} else if v := variable.FindStringSubmatch(d.Path); v != nil {
		return fmt.Errorf("dead_letter::path: %q is not allowed: nothing expands %s here; want ${env:%s}", d.Path, v[0], v[1])
	} else if d.Path != "" && strings.TrimSpace(d.Path) == "" {
		return fmt.Errorf("dead_letter::path: %q is not allowed; want the path of a file, or leave it out", d.Path)
	}
	if d.MaxSizeMiB < 1 || d.MaxSizeMiB > 1<<20 {
		return fmt.Errorf("dead_letter::max_size_mib: %d is not allowed; want 1 to %d", d.MaxSizeMiB, 1<<20)
	}
	return nil
}

// Bounds of retry_on_failure: without a pause the exporter would retry without end, with a pause of years it would
// never retry.
const (
	minRetryInterval   = 100 * time.Millisecond
	maxRetryInterval   = 24 * time.Hour
	maxRetryMultiplier = 100
)

// Bounds of sending_queue. The core makes all consumers at the start; a batch waits up to flush_timeout. What is larger than the queue is refused
// or kept waiting by it for good, and whoever has it tries again without end: a receiver's batch has up to 3 MiB by default, a message of OTLP by
// gRPC 4 MiB, and a batch of the processor batch 8,192 records.
const (
	minQueueBytes   = 4 << 20
	minQueueItems   = 10_000
	maxConsumers    = 1000
	minFlushTimeout = 10 * time.Millisecond
	maxFlushTimeout = time.Hour
)

// validateQueue refuses a queue that would not start, spin, or hold its data for good.
func validateQueue(q *exporterhelper.QueueBatchConfig) error {
	if q.NumConsumers > maxConsumers {
		return fmt.Errorf("sending_queue::num_consumers: %d is not allowed; want at most %d", q.NumConsumers, maxConsumers)
	}
	least := map[exporterhelper.RequestSizerType]int64{exporterhelper.RequestSizerTypeBytes: minQueueBytes, exporterhelper.RequestSizerTypeItems: minQueueItems}
	if n := least[q.Sizer]; q.QueueSize < n {
		return fmt.Errorf("sending_queue::queue_size: %d is not allowed with sizer %s; want at least %d: a batch that is larger than the queue never gets into it",
			q.QueueSize, q.Sizer.String(), n)
	}
	if b := q.Batch.Get(); b != nil && (b.FlushTimeout < minFlushTimeout || b.FlushTimeout > maxFlushTimeout) {
		return fmt.Errorf("sending_queue::batch::flush_timeout: %v is not allowed; want 10ms to 1h (a number without a unit is nanoseconds)", b.FlushTimeout)
	}
	return nil
}

// ValidateRetry refuses a queue that cannot work, and intervals that are too short or too long.
func ValidateRetry(queue configoptional.Optional[exporterhelper.QueueBatchConfig], r configretry.BackOffConfig) error {
	if q := queue.Get(); q != nil {
		if err := validateQueue(q); err != nil {
			return err
		}
	}
	switch {
	case !r.Enabled:
		return nil
	case r.InitialInterval < minRetryInterval || r.InitialInterval > maxRetryInterval:
		return fmt.Errorf("retry_on_failure::initial_interval: %v is not allowed; want %v to %v", r.InitialInterval, minRetryInterval, maxRetryInterval)
	case r.MaxInterval > maxRetryInterval:
		return fmt.Errorf("retry_on_failure::max_interval: %v is not allowed; want at most %v", r.MaxInterval, maxRetryInterval)
	case r.MaxInterval < r.InitialInterval:
		return fmt.Errorf("retry_on_failure::max_interval: %v is less than initial_interval, %v", r.MaxInterval, r.InitialInterval)
	case !(r.Multiplier >= 1 && r.Multiplier <= maxRetryMultiplier): // also false for NaN
		return fmt.Errorf("retry_on_failure::multiplier: %v is not allowed; want 1 to %d", r.Multiplier, maxRetryMultiplier)
	case !(r.RandomizationFactor >= 0 && r.RandomizationFactor <= 1):
		return fmt.Errorf("retry_on_failure::randomization_factor: %v is not allowed; want 0 to 1", r.RandomizationFactor)
	}
	return nil
}
