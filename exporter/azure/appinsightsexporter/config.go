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

// Config is the exporter's configuration. README.md documents its keys in a table.
type Config struct {
	confighttp.ClientConfig `mapstructure:",squash"`

	// ConnectionString is the connection string of the Application Insights resource.
	ConnectionString configopaque.String `mapstructure:"connection_string"`
	// DeadLetter is the file for items that the service refuses permanently.
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

// Unmarshal reads the YAML and refuses unknown keys.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	if err := settings.Strict(conf, c); err != nil {
		return err
	}
	return conf.Unmarshal(c)
}

// Validate returns an error for each key whose value is not allowed.
func (c *Config) Validate() error {
	var errs []error
	if _, err := parseConnectionString(string(c.ConnectionString)); err != nil {
		errs = append(errs, fmt.Errorf("connection_string: %w", err))
	}
	if c.Endpoint != "" {
		errs = append(errs, errors.New("endpoint: it is not allowed; set IngestionEndpoint in connection_string"))
	}
	errs = append(errs, settings.ValidateClient(&c.ClientConfig), settings.ValidateDeadLetter(c.DeadLetter), settings.ValidateRetry(c.QueueConfig, c.RetryConfig))
	return errors.Join(errs...)
}
