// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/settings"
)

// Config is the exporter's configuration. README.md has a table of its keys.
type Config struct {
	confighttp.ClientConfig `mapstructure:",squash"`

	// ConnectionString is that of the Application Insights resource.
	ConnectionString configopaque.String `mapstructure:"connection_string"`
	// DeadLetter is where items go that the service refused for good.
	DeadLetter settings.DeadLetter `mapstructure:"dead_letter"`

	QueueConfig configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	RetryConfig configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`
}

func createDefaultConfig() component.Config {
	return &Config{
		ClientConfig: settings.DefaultClient(),
		DeadLetter:   settings.DefaultDeadLetter(),
		QueueConfig:  settings.DefaultQueue(),
		RetryConfig:  settings.DefaultRetry(),
	}
}

// Unmarshal refuses keys that it does not know.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if err := settings.Strict(conf, c); err != nil {
		return err
	}
	return conf.Unmarshal(c)
}

// Validate reports what is wrong with the configuration.
func (c *Config) Validate() error {
	var errs []error
	if _, err := parseConnectionString(string(c.ConnectionString)); err != nil {
		errs = append(errs, fmt.Errorf("connection_string: %w", err))
	}
	if c.Endpoint != "" {
		errs = append(errs, errors.New("endpoint: it is not allowed; IngestionEndpoint of connection_string has it"))
	}
	errs = append(errs, settings.ValidateClient(&c.ClientConfig), settings.ValidateDeadLetter(c.DeadLetter), settings.ValidateRetry(c.QueueConfig, c.RetryConfig))
	return errors.Join(errs...)
}
