// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// sentinelGatewayFar is the gateway of examples/gateway with Microsoft Sentinel behind it. It is away by kill -9.
type sentinelGatewayFar struct {
	*sentinelFar
	dir     string
	port    int
	files   string // of certificates
	running *collector
}

func newSentinelGatewayFar(t *testing.T) *sentinelGatewayFar {
	f := &sentinelGatewayFar{sentinelFar: newSentinelFar(t), dir: gatewayHome(t), port: loopback.Port(t), files: t.TempDir()}
	authority := newAuthority(t)
	require.NoError(t, os.WriteFile(filepath.Join(f.files, "ca.pem"), authority.pem, 0o600))
	authority.issue(t, f.files, "gateway")
	authority.issue(t, f.files, "agent")
	f.back(t)
	return f
}

func (f *sentinelGatewayFar) back(t *testing.T) {
	env := append(f.sentinelFar.env(), fmt.Sprintf("GATEWAY_LISTEN=127.0.0.1:%d", f.port))
	f.running = start(t, f.dir, append(env, f.tls("gateway")...), "examples/gateway/gateway.yaml")
}

func (f *sentinelGatewayFar) away(*testing.T) { f.running.kill() }

func (f *sentinelGatewayFar) env() []string {
	return append(f.tls("agent"), fmt.Sprintf("GATEWAY_ENDPOINT=127.0.0.1:%d", f.port))
}

func (f *sentinelGatewayFar) overlay() string { return "{}" }

// tls gives the variables that name a side's certificate.
func (f *sentinelGatewayFar) tls(side string) []string {
	file := func(name string) string { return filepath.Join(f.files, name) }
	return []string{"TLS_CA_FILE=" + file("ca.pem"), "TLS_CERT_FILE=" + file(side+".pem"), "TLS_KEY_FILE=" + file(side+".key")}
}

// gatewayBeforeSentinelFar is away in that Sentinel is. The gateway is killed and started again meanwhile, and stopped before Sentinel is back.
type gatewayBeforeSentinelFar struct{ sentinelGatewayFar }

func newGatewayBeforeSentinelFar(t *testing.T) *gatewayBeforeSentinelFar {
	return &gatewayBeforeSentinelFar{*newSentinelGatewayFar(t)}
}

func (f *gatewayBeforeSentinelFar) away(t *testing.T) {
	f.sentinelFar.away(t)
	f.running.kill()
	f.sentinelGatewayFar.back(t)
}

func (f *gatewayBeforeSentinelFar) back(t *testing.T) {
	f.running.stopWithin(patience)
	f.sentinelFar.back(t)
	f.sentinelGatewayFar.back(t)
}

// The shipped gateway refuses who has no certificate of its authority, and who offers none.
func TestTheGatewayTakesRecordsFromAgentsWithACertificateOnly(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(f *sentinelGatewayFar) string{
		"none": func(*sentinelGatewayFar) string { return "cert_file: '', key_file: ''" },
		"of another authority": func(f *sentinelGatewayFar) string {
			dir := t.TempDir()
			newAuthority(t).issue(t, dir, "stranger")
			return fmt.Sprintf("cert_file: '%[1]s.pem', key_file: '%[1]s.key'", filepath.Join(dir, "stranger"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trip := roadOf("examples/gateway/agent.yaml").begin(t)
			trip.more = []string{"yaml:exporters::otlp_grpc::tls: {" + change(trip.far.(*sentinelGatewayFar)) + "}"}
			c := trip.run(recording(t, "stranger", 10, 1), 0)
			c.untilAccepted(10)
			c.untilLogged("certificate")
			c.interrupt()
			require.Empty(t, trip.got())

			trip.more = nil
			c = trip.run(recording(t, "known", 10, 1), 0)
			c.until("all has arrived", func() bool { return len(trip.got()) == 20 })
			require.Equal(t, 10, c.interrupt())
			requireExactly(t, trip.got(), append(names("stranger", 10), names("known", 10)...))
		})
	}
}
