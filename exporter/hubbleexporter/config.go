// SPDX-License-Identifier: Apache-2.0

package hubbleexporter

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configgrpc"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/nodes"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/ring"
)

// Config is the exporter's configuration. README.md documents its keys in a table.
type Config struct {
	configgrpc.ServerConfig `mapstructure:",squash"`

	// AllowInsecureRemote lets a server without TLS listen on an address that others reach.
	AllowInsecureRemote bool `mapstructure:"allow_insecure_remote"`
	// MaxFlows is how many events are kept, one less than a power of two.
	MaxFlows int `mapstructure:"max_flows"`
	// MaxClients is how many connections there may be.
	MaxClients int `mapstructure:"max_clients"`
	// NodeName is the name of this server's node; empty for NODE_NAME or the host's name.
	NodeName string `mapstructure:"node_name"`
	// ClusterName is the cluster of the nodes.
	ClusterName string `mapstructure:"cluster_name"`
	// Archive serves the records of the archive in place of the others.
	Archive bool `mapstructure:"archive"`
	// Peers is what Hubble Relay is told about servers.
	Peers peersConfig `mapstructure:"peers"`
}

type peersConfig struct {
	// Address is where others reach this server, host:port; empty for the endpoint.
	Address string `mapstructure:"address"`
	// Nodes are further servers.
	Nodes []peerConfig `mapstructure:"nodes"`
}

type peerConfig struct {
	Name       string `mapstructure:"name"`
	Address    string `mapstructure:"address"`
	ServerName string `mapstructure:"server_name"`
}

func createDefaultConfig() component.Config {
	server := configgrpc.NewDefaultServerConfig()
	server.NetAddr.Endpoint = "localhost:4244"
	server.MaxConcurrentStreams = 16
	server.MaxRecvMsgSizeMiB = 1
	keepalive := configgrpc.NewDefaultKeepaliveServerParameters()
	keepalive.MaxConnectionIdle, keepalive.Time, keepalive.Timeout = 5*time.Minute, 30*time.Second, 20*time.Second
	server.Keepalive.Get().ServerParameters = configoptional.Some(keepalive)
	return &Config{ServerConfig: server, MaxFlows: 4095, MaxClients: 64, ClusterName: "default"}
}

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
)

// Unmarshal reads the YAML. The error for an unknown key names it and lists those that there are.
func (c *Config) Unmarshal(conf *confmap.Conf) error {
	known := keys(reflect.TypeFor[Config]())
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(conf.ToStringMap())) {
		if !slices.Contains(known, key) {
			errs = append(errs, fmt.Errorf("%s: there is no such key; want one of %s", key, strings.Join(known, ", ")))
		}
	}
	if errs != nil {
		return errors.Join(errs...)
	}
	return conf.Unmarshal(c)
}

// keys returns the keys of a structure, by name.
func keys(structure reflect.Type) (all []string) {
	for field := range structure.Fields() {
		switch key, option, _ := strings.Cut(field.Tag.Get("mapstructure"), ","); {
		case option == "squash":
			all = append(all, keys(field.Type)...)
		case key != "":
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}

// Validate checks the configuration.
func (c *Config) Validate() error {
	return errors.Join(c.ServerConfig.Validate(), c.validateAddress(), c.validateBounds(), c.validateConnections(), c.Peers.validate(c.nodeName()))
}

func (c *Config) validateAddress() error {
	if c.NetAddr.Endpoint == "" {
		return errors.New("endpoint: want host:port, or the path of a socket with transport unix")
	}
	switch c.NetAddr.Transport {
	case confignet.TransportTypeUnix:
		return nil
	case confignet.TransportTypeTCP, confignet.TransportTypeTCP4, confignet.TransportTypeTCP6:
	default:
		return fmt.Errorf("transport: %q; want tcp, tcp4, tcp6 or unix", c.NetAddr.Transport)
	}
	host, _, err := net.SplitHostPort(c.NetAddr.Endpoint)
	if err != nil {
		return fmt.Errorf("endpoint: %w; want host:port", err)
	}
	if !local(host) && !c.TLS.HasValue() && !c.AllowInsecureRemote {
		return fmt.Errorf("endpoint: others reach %q, and without tls everyone who does reads the flows; want tls, an address of this machine such as localhost:4244, "+
			"or allow_insecure_remote: true", c.NetAddr.Endpoint)
	}
	return nil
}

// local reports whether only this machine reaches a host.
func local(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}

func (c *Config) validateBounds() error {
	if err := ring.CheckCapacity(c.MaxFlows); err != nil {
		return fmt.Errorf("max_flows: %w", err)
	}
	if c.MaxClients < 1 || c.MaxClients > 1<<16-1 {
		return fmt.Errorf("max_clients: %d; want 1 to 65535", c.MaxClients)
	}
	if c.MaxConcurrentStreams < 1 {
		return errors.New("max_concurrent_streams: 0 is no bound; want at least 1")
	}
	return nil
}

// Bounds of a connection.
const (
	maxBuffer   = 16 << 20 // of read_buffer_size and write_buffer_size, in bytes: each connection has both
	minDuration = time.Second
	maxDuration = 365 * 24 * time.Hour
)

// validateConnections refuses what gRPC accepts at the start and panics of at the first connection: buffers without room, and an age of a few
// nanoseconds, of which it takes a random part.
func (c *Config) validateConnections() error {
	if c.ReadBufferSize > maxBuffer {
		return fmt.Errorf("read_buffer_size: %d; want at most %d", c.ReadBufferSize, maxBuffer)
	}
	if c.WriteBufferSize > maxBuffer {
		return fmt.Errorf("write_buffer_size: %d; want at most %d", c.WriteBufferSize, maxBuffer)
	}
	if !c.Keepalive.HasValue() || !c.Keepalive.Get().ServerParameters.HasValue() {
		return nil
	}
	server := c.Keepalive.Get().ServerParameters.Get()
	for _, key := range []struct {
		name  string
		value time.Duration
	}{
		{"max_connection_idle", server.MaxConnectionIdle}, {"max_connection_age", server.MaxConnectionAge},
		{"max_connection_age_grace", server.MaxConnectionAgeGrace}, {"time", server.Time}, {"timeout", server.Timeout},
	} {
		if d := key.value; d != 0 && (d < minDuration || d > maxDuration) {
			return fmt.Errorf("keepalive::server_parameters::%s: %v; want 0 (gRPC's default), or %v to %v (a number without a unit is nanoseconds)",
				key.name, d, minDuration, maxDuration)
		}
	}
	return nil
}

// validate checks the peers of a server whose node has a name.
func (p *peersConfig) validate(own string) error {
	if p.Address != "" {
		if _, _, err := net.SplitHostPort(p.Address); err != nil {
			return fmt.Errorf("peers::address: %w; want host:port", err)
		}
	}
	names := map[string]bool{own: true}
	for i, n := range p.Nodes {
		if n.Name == "" || names[n.Name] {
			return fmt.Errorf("peers::nodes::%d::name: %q; want a name that no other node and not this server's own has", i, n.Name)
		}
		names[n.Name] = true
		if _, _, err := net.SplitHostPort(n.Address); err != nil {
			return fmt.Errorf("peers::nodes::%d::address: %w; want host:port", i, err)
		}
	}
	return nil
}

// nodeName is the name of this server's node.
func (c *Config) nodeName() string {
	host, _ := os.Hostname()
	return cmp.Or(c.NodeName, os.Getenv("NODE_NAME"), host, "unknown")
}

// address is where others reach the server, empty when that is not known. listening is the address of the listener.
func (c *Config) address(listening net.Addr) string {
	if c.Peers.Address != "" {
		return c.Peers.Address
	}
	if listening.Network() == "unix" {
		return "unix://" + listening.String()
	}
	if at, err := netip.ParseAddrPort(listening.String()); err == nil && !at.Addr().IsUnspecified() {
		return at.String()
	}
	return ""
}

// warnings are what is allowed and seldom meant. listening is the address of the listener.
func (c *Config) warnings(listening net.Addr) (all []string) {
	if c.address(listening) == "" {
		all = append(all, "peers::address is not set, and endpoint is every address of the host: a Hubble Relay that asks this server for its peers cannot connect to any")
	}
	host, _, err := net.SplitHostPort(listening.String())
	reached := listening.Network() != "unix" && (err != nil || !local(host))
	if reached && c.TLS.HasValue() && c.TLS.Get().ClientCAFile == "" && !c.Auth.HasValue() {
		all = append(all, "tls::client_ca_file is not set: clients need no certificate, and everyone who reaches the endpoint reads the flows")
	}
	return all
}

// nodes makes what is known of nodes. listening is the address of the listener.
func (c *Config) nodes(listening net.Addr) *nodes.Nodes {
	others := make([]nodes.Node, 0, len(c.Peers.Nodes))
	for _, n := range c.Peers.Nodes {
		others = append(others, nodes.Node{Name: n.Name, Address: n.Address, ServerName: n.ServerName})
	}
	return nodes.New(nodes.Options{Cluster: c.ClusterName, Address: c.address(listening), TLS: c.TLS.HasValue()}, c.nodeName(), others...)
}
