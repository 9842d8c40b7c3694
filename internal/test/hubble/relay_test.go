// SPDX-License-Identifier: Apache-2.0

package hubble

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/loopback"
)

// relayBefore runs Hubble Relay, which learns the servers from one of them, and returns its address once it has connected to a number of nodes.
func relayBefore(t *testing.T, peers string, nodes int, flags ...string) string {
	t.Helper()
	address := loopback.Address(t)
	ctx, cancel := context.WithCancel(context.Background())
	p := command(ctx, "relay", append([]string{
		"serve", "--listen-address", address, "--health-listen-address", loopback.Address(t), "--metrics-listen-address", "", "--gops=false",
		"--peer-service", peers, "--retry-timeout", "500ms", "--disable-server-tls",
	}, flags...)...)
	log := &buffer{}
	p.Stdout, p.Stderr = log, log
	require.NoError(t, p.Start())
	t.Cleanup(func() {
		cancel()
		_ = p.Wait()
		if t.Failed() {
			t.Log(log)
		}
	})
	connected := fmt.Sprintf("Connected Nodes: %d/%d", nodes, nodes)
	require.Eventually(t, func() bool {
		out, err := hubble(t, "status", "--server", address)
		return err == nil && strings.Contains(out, connected)
	}, time.Minute, 200*time.Millisecond, "want %s\n%s", connected, log)
	return address
}

// sorted sorts lines: Relay merges the nodes' flows by time, and flows of one time come in any order.
func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}

func TestRelayHasTheFlowsOfTwoCollectors(t *testing.T) {
	_, flows := bodies(t)
	second := start(t, fmt.Sprintf("node_name: node-2, replay: {path: %q}", capture(t)), "node_name: node-2")
	first := start(t, fmt.Sprintf("node_name: node-1, replay: {path: %q}", capture(t)),
		fmt.Sprintf("node_name: node-1, peers: {nodes: [{name: node-2, address: %q}]}", second.address))
	first.await(flows)
	second.await(flows)
	relay := relayBefore(t, first.address, 2, "--disable-client-tls")

	nodes := lines(t, "list", "nodes", "--server", relay)
	require.Len(t, nodes, 3)
	for i, name := range []string{"node-1", "node-2"} {
		require.Regexp(t, fmt.Sprintf(`^%s +Connected +\S+ +\S+ +%d/4095`, name, flows), nodes[1+i])
	}
	flags := []string{"observe", "--all", "--print-node-name"}
	want := sorted(append(lines(t, append(flags, "--server", first.address)...), lines(t, append(flags, "--server", second.address)...)...))
	requireSame(t, want, sorted(lines(t, append(flags, "--server", relay)...)))
	requireSame(t, sorted(lines(t, append(flags, "--server", second.address)...)), sorted(lines(t, append(flags, "--server", relay, "--node-name", "node-2")...)))
}

// certificates writes a CA and a certificate of Hubble's form, which servers and clients use, and returns the folder.
func certificates(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	write := func(name, typ string, der []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der}), 0o600))
	}
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		return k
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caKey := key()
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	require.NoError(t, err)
	write("ca.crt", "CERTIFICATE", der)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "*.default.hubble-grpc.cilium.io"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		DNSNames: []string{"*.default.hubble-grpc.cilium.io"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	leafKey := key()
	der, err = x509.CreateCertificate(rand.Reader, leaf, ca, &leafKey.PublicKey, caKey)
	require.NoError(t, err)
	write("tls.crt", "CERTIFICATE", der)
	der, err = x509.MarshalPKCS8PrivateKey(leafKey)
	require.NoError(t, err)
	write("tls.key", "PRIVATE KEY", der)
	return folder
}

// A gateway has the flows of two nodes. With TLS it names each to Relay, which gets each flow once.
func TestRelayHasEveryFlowOfAGatewayOnce(t *testing.T) {
	_, flows := bodies(t)
	folder := certificates(t)
	file := func(name string) string { return filepath.Join(folder, name) }
	address := loopback.Address(t)
	p := program(t, fmt.Sprintf(`
receivers:
  ciliumwindows/1: {monitor_aggregation_level: none, node_name: node-1, replay: {path: %[1]q}}
  ciliumwindows/2: {monitor_aggregation_level: none, node_name: node-2, replay: {path: %[1]q}}
exporters: {hubble: {endpoint: %[2]q, node_name: gateway, tls: {cert_file: %[3]q, key_file: %[4]q, client_ca_file: %[5]q}}}
service: {telemetry: {metrics: {level: none}}, pipelines: {logs: {receivers: [ciliumwindows/1, ciliumwindows/2], exporters: [hubble]}}}
`, capture(t), address, file("tls.crt"), file("tls.key"), file("ca.crt")))
	log := &buffer{}
	p.Stdout, p.Stderr = log, log
	require.NoError(t, p.Start())
	defer func() { _ = p.Wait() }()
	defer func() { _ = p.Process.Signal(os.Interrupt) }()
	tls := []string{"--server", "tls://" + address, "--tls-ca-cert-files", file("ca.crt"), "--tls-server-name", "any.default.hubble-grpc.cilium.io"}
	client := append(slices.Clone(tls), "--tls-client-cert-file", file("tls.crt"), "--tls-client-key-file", file("tls.key"))
	require.Eventually(t, func() bool {
		out, err := hubble(t, append([]string{"observe", "--all"}, client...)...)
		return err == nil && strings.Count(out, "\n") == 2*flows
	}, time.Minute, 200*time.Millisecond, "%s", log)
	_, err := hubble(t, append([]string{"status"}, tls...)...)
	require.Error(t, err, "a client without a certificate")
	_, err = hubble(t, "status", "--server", address)
	require.Error(t, err, "a client without TLS")

	relay := relayBefore(t, address, 3,
		"--tls-hubble-client-cert-file", file("tls.crt"), "--tls-hubble-client-key-file", file("tls.key"), "--tls-hubble-server-ca-files", file("ca.crt"))
	flags := []string{"observe", "--all", "--print-node-name"}
	requireSame(t, sorted(lines(t, append(flags, client...)...)), sorted(lines(t, append(flags, "--server", relay)...)))
	nodes := lines(t, "list", "nodes", "--server", relay)
	require.Len(t, nodes, 4)
	require.Regexp(t, fmt.Sprintf(`^node-2 +Connected +\S+ +\S+ +%d/4095`, flows), nodes[3])
}
