// SPDX-License-Identifier: Apache-2.0

// The keys about how many records there are and how large, and what volume makes of their defaults.

package ciliumwindowsreceiver

import (
	"errors"
	"fmt"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/obsconfig"
	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/volume"
)

// deviceConfig is the `device` section.
type deviceConfig struct {
	// In is where the attributes of the device are: record (default) or resource.
	In asim.DevicePlace `mapstructure:"in"`
}

// connectionsConfig is the `connections` section.
type connectionsConfig struct {
	// Enabled makes one record of each connection. Default: false.
	Enabled bool `mapstructure:"enabled"`
	// Silence is the time without packets that ends a connection. Default: 60s.
	Silence time.Duration `mapstructure:"silence"`
	// TCPSilence is the same for TCP once both sides have sent a packet. Default: 5m.
	TCPSilence time.Duration `mapstructure:"tcp_silence"`
	// FirstInterim is the longest time that a connection's first record covers. Default: 5m.
	FirstInterim time.Duration `mapstructure:"first_interim"`
	// Interim is the longest time that each further record covers. Default: 1h.
	Interim time.Duration `mapstructure:"interim"`
}

func defaultConnections() connectionsConfig {
	return connectionsConfig{Silence: time.Minute, TCPSilence: 5 * time.Minute, FirstInterim: 5 * time.Minute, Interim: time.Hour}
}

// useVolume sets the defaults of the keys that the volume decides.
func (c *Config) useVolume(mode volume.Mode) {
	if mode != volume.Full {
		c.MonitorAggregationLevel = obsconfig.LevelMedium.String()
		c.Attributes = asim.SlimAttributes
		c.Device.In = asim.DeviceInResource
		c.Body = networklog.BodyNone.String()
	}
	if mode == volume.Lean {
		c.Connections.Enabled = true
		c.Attributes = asim.MinimalAttributes
		// From medium on the datapath does not report every packet, and the sums would lack the others.
		c.MonitorAggregationLevel = obsconfig.LevelLow.String()
	}
}

// useLevelWithoutConnections sets the default of the level where no connections are summed. Level low would write every packet.
func (c *Config) useLevelWithoutConnections() {
	if c.Volume == volume.Lean {
		c.MonitorAggregationLevel = obsconfig.LevelMedium.String()
	}
}

// Bounds of the durations of connections.
const (
	minConnectionTime = time.Second
	maxConnectionTime = 24 * time.Hour
)

// Validate returns an error that names the key, the value and the allowed values.
func (c *connectionsConfig) Validate() error {
	var errs configyaml.KeyErrors
	for _, key := range []struct {
		name  string
		value time.Duration
	}{
		{"silence", c.Silence}, {"tcp_silence", c.TCPSilence}, {"first_interim", c.FirstInterim}, {"interim", c.Interim},
	} {
		if d := key.value; d < minConnectionTime || d > maxConnectionTime {
			errs = append(errs, fmt.Errorf("%s: %v is not allowed; want %v to %v", key.name, d, minConnectionTime, maxConnectionTime))
		}
	}
	return errs.Join()
}

// validateBody refuses a body that a connection's record cannot have.
func (c *Config) validateBody(body networklog.Body) error {
	if c.Connections.Enabled && body == networklog.BodyHubbleJSON {
		return errors.New("body: hubble_json is not allowed with connections.enabled: the record of a connection is no flow of Hubble's, and its readers would " +
			"miss it; want none or summary")
	}
	return nil
}

// connections returns the settings of the connections, or nil if events are not summed by connection.
func (c *Config) connections() *aggregate.ConnectionSettings {
	if !c.Connections.Enabled {
		return nil
	}
	named, size := c.Names != "", aggregate.ConnectionBytes
	if named {
		size += aggregate.NamesBytes
	}
	return &aggregate.ConnectionSettings{
		Silence: c.Connections.Silence, TCPSilence: c.Connections.TCPSilence, FirstInterim: c.Connections.FirstInterim, Interim: c.Connections.Interim,
		Max: c.AggregationMaxSizeMiB << 20 / size, Named: named,
	}
}
