// SPDX-License-Identifier: Apache-2.0

package hubbleexporter

import (
	"math"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func load(t *testing.T, keys map[string]any) (*Config, error) {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(keys).Unmarshal(cfg))
	return cfg, confmap.Validate(cfg)
}

func TestTheDefaultsListenOnThisMachineOnly(t *testing.T) {
	cfg, err := load(t, nil)
	require.NoError(t, err)
	require.Equal(t, "localhost:4244", cfg.NetAddr.Endpoint)
	require.Equal(t, 4095, cfg.MaxFlows)
}

func TestConnectionsWithoutAnswerOrStreamAreClosed(t *testing.T) {
	cfg, err := load(t, keepalive("time", "10s"))
	require.NoError(t, err)
	alive := cfg.Keepalive.Get().ServerParameters.Get()
	require.Equal(t, 10*time.Second, alive.Time)
	require.Equal(t, 20*time.Second, alive.Timeout)
	require.Equal(t, 5*time.Minute, alive.MaxConnectionIdle)
}

func keepalive(key string, value any) map[string]any {
	return map[string]any{"keepalive": map[string]any{"server_parameters": map[string]any{key: value}}}
}

func TestWrongConfigurationsAreRefused(t *testing.T) {
	for want, keys := range map[string]map[string]any{
		"endpoint: want host:port":               {"endpoint": ""},
		"missing port in address":                {"endpoint": "localhost"},
		`others reach "0.0.0.0:4244"`:            {"endpoint": "0.0.0.0:4244"},
		`others reach ":4244"`:                   {"endpoint": ":4244"},
		`others reach "[::]:4244"`:               {"endpoint": "[::]:4244"},
		`others reach "node.example:4244"`:       {"endpoint": "node.example:4244"},
		`others reach "127.0.0.1.evil:1"`:        {"endpoint": "127.0.0.1.evil:1"},
		`transport: "udp"`:                       {"transport": "udp"},
		"max_flows: 4096":                        {"max_flows": 4096},
		"max_flows: 0":                           {"max_flows": 0},
		"max_clients: 0":                         {"max_clients": 0},
		"max_concurrent_streams: 0":              {"max_concurrent_streams": 0},
		"read_buffer_size: 16777217; want":       {"read_buffer_size": 16<<20 + 1},
		"write_buffer_size: 9223372036854775807": {"write_buffer_size": math.MaxInt64},
		"server_parameters::max_connection_age: 5ns; want 0 (gRPC's default), or 1s": keepalive("max_connection_age", 5),
		"server_parameters::max_connection_age: -1s":                                 keepalive("max_connection_age", "-1s"),
		"server_parameters::max_connection_age: 2562047h":                            keepalive("max_connection_age", "2562047h47m16s"),
		"server_parameters::max_connection_age_grace: 60ns":                          keepalive("max_connection_age_grace", 60),
		"server_parameters::max_connection_idle: 300ns":                              keepalive("max_connection_idle", 300),
		"server_parameters::time: 30ns":                                              keepalive("time", 30),
		"server_parameters::timeout: 20ns":                                           keepalive("timeout", 20),
		"peers::address":                                                             {"peers": map[string]any{"address": "host"}},
		`peers::nodes::0::name: ""`:                                                  {"peers": map[string]any{"nodes": []any{map[string]any{"address": "a:1"}}}},
		"peers::nodes::0::address":                                                   {"peers": map[string]any{"nodes": []any{map[string]any{"name": "a"}}}},
		`peers::nodes::1::name: "a"; want a na`:                                      {"peers": map[string]any{"nodes": []any{map[string]any{"name": "a", "address": "a:1"}, map[string]any{"name": "a", "address": "a:2"}}}},
		"peers::nodes::0::name: \"me\"":                                              {"node_name": "me", "peers": map[string]any{"nodes": []any{map[string]any{"name": "me", "address": "a:1"}}}},
	} {
		_, err := load(t, keys)
		require.ErrorContains(t, err, want)
	}
}

func TestAnUnknownKeyIsNamedWithThoseThatThereAre(t *testing.T) {
	for _, c := range []struct {
		keys map[string]any
		want []string
	}{
		{map[string]any{"max_flow": 1}, []string{"max_flow: there is no such key", "max_flows", "endpoint", "keepalive", "peers", "transport"}},
		{map[string]any{"a": 1, "b": 1}, []string{"a: there is no such key", "b: there is no such key"}},
		{map[string]any{"peers": map[string]any{"adress": "a:1"}}, []string{"peers", "adress"}},
		{map[string]any{"tls": map[string]any{"cert": "a"}}, []string{"cert"}},
		{map[string]any{"max_flows": "many"}, []string{"max_flows"}},
	} {
		err := confmap.NewFromStringMap(c.keys).Unmarshal(createDefaultConfig())
		require.Error(t, err)
		require.NotContains(t, err.Error(), "has invalid keys: max_flow")
		for _, want := range c.want {
			require.ErrorContains(t, err, want)
		}
	}
}

func TestOthersMayReachTheServerWithTLSOrWhereItIsSaid(t *testing.T) {
	for _, keys := range []map[string]any{
		{"endpoint": "0.0.0.0:4244", "tls": map[string]any{"cert_file": "a", "key_file": "b"}},
		{"endpoint": "0.0.0.0:4244", "allow_insecure_remote": true},
		{"endpoint": "[::1]:4244"}, {"endpoint": "127.9.9.9:4244"}, {"endpoint": "[::ffff:127.0.0.1]:1"},
		{"endpoint": "/run/hubble.sock", "transport": "unix"},
	} {
		_, err := load(t, keys)
		require.NoError(t, err, keys)
	}
}

func TestOthersLearnTheAddressThatTheyReach(t *testing.T) {
	for want, keys := range map[string]map[string]any{
		"127.0.0.1:7":       {"endpoint": "127.0.0.1:7"},
		"":                  {"endpoint": "0.0.0.0:7", "allow_insecure_remote": true}, // every address of the host
		"node.example:4244": {"endpoint": "0.0.0.0:7", "allow_insecure_remote": true, "peers": map[string]any{"address": "node.example:4244"}},
	} {
		cfg, err := load(t, keys)
		require.NoError(t, err)
		listening, err := net.ResolveTCPAddr("tcp", cfg.NetAddr.Endpoint)
		require.NoError(t, err)
		require.Equal(t, want, cfg.nodes(listening).List()[0].Address)
	}
}

func TestWhatIsSeldomMeantIsWarnedOf(t *testing.T) {
	const noAddress, noClientCA = "peers::address is not set", "tls::client_ca_file is not set"
	tls := func(more ...string) map[string]any {
		keys := map[string]any{"cert_file": "a", "key_file": "b"}
		for _, key := range more {
			keys[key] = "c"
		}
		return keys
	}
	peers := map[string]any{"address": "node.example:4244"}
	for _, c := range []struct {
		keys map[string]any
		want []string
	}{
		{map[string]any{"endpoint": "127.0.0.1:7"}, nil},
		{map[string]any{"endpoint": "127.0.0.1:7", "tls": tls()}, nil},
		{map[string]any{"endpoint": "0.0.0.0:7", "tls": tls()}, []string{noAddress, noClientCA}},
		{map[string]any{"endpoint": "[::]:7", "tls": tls("client_ca_file"), "peers": peers}, nil},
		{map[string]any{"endpoint": "0.0.0.0:7", "tls": tls("client_ca_file")}, []string{noAddress}},
		{map[string]any{"endpoint": "10.0.0.1:7", "tls": tls()}, []string{noClientCA}},
		{map[string]any{"endpoint": "10.0.0.1:7", "tls": tls(), "auth": map[string]any{"authenticator": "basicauth"}}, nil},
		{map[string]any{"endpoint": "0.0.0.0:7", "allow_insecure_remote": true, "peers": peers}, nil},
	} {
		cfg, err := load(t, c.keys)
		require.NoError(t, err)
		listening, err := net.ResolveTCPAddr("tcp", cfg.NetAddr.Endpoint)
		require.NoError(t, err)
		got := cfg.warnings(listening)
		require.Len(t, got, len(c.want), "%v", c.keys)
		for i, want := range c.want {
			require.Contains(t, got[i], want)
		}
	}
	cfg, err := load(t, map[string]any{"endpoint": "/run/hubble.sock", "transport": "unix", "tls": tls()})
	require.NoError(t, err)
	require.Empty(t, cfg.warnings(&net.UnixAddr{Net: "unix", Name: "/run/hubble.sock"}))
}

func TestTheNodesNameComesFromTheEnvironment(t *testing.T) {
	t.Setenv("NODE_NAME", "from-the-environment")
	cfg, err := load(t, nil)
	require.NoError(t, err)
	require.Equal(t, "from-the-environment", cfg.nodeName())
	t.Setenv("NODE_NAME", "")
	host, err := os.Hostname()
	require.NoError(t, err)
	require.Equal(t, host, cfg.nodeName())
	cfg.NodeName = "configured"
	require.Equal(t, "configured", cfg.nodeName())
}
