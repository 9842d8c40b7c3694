// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

// The credentials of a client of Event Hubs' Kafka endpoint.
const (
	eventHubsUser     = "$ConnectionString"
	eventHubsPassword = "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0"
)

// kafkaFar is a broker with the authentication of Event Hubs.
type kafkaFar struct {
	*gate
	tally
	ca string // path of its certificate
}

func newKafkaFar(t *testing.T) *kafkaFar {
	far := &kafkaFar{gate: newGate(t), ca: filepath.Join(t.TempDir(), "ca.pem")}
	pair, pool := certificate(t, far.ca)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "winnet"), kfake.EnableSASL(),
		kfake.Superuser("PLAIN", eventHubsUser, eventHubsPassword),
		kfake.ListenFn(func(string, string) (net.Listener, error) {
			return tls.NewListener(far.gate, &tls.Config{Certificates: []tls.Certificate{pair}}), nil
		}))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(far.Addr().String()), kgo.ConsumeTopics("winnet"), kgo.DialTLSConfig(&tls.Config{RootCAs: pool}),
		kgo.SASL(plain.Auth{User: eventHubsUser, Pass: eventHubsPassword}.AsMechanism()), kgo.RetryBackoffFn(func(int) time.Duration { return 200 * time.Millisecond }))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			fetches := client.PollFetches(ctx)
			fetches.EachRecord(func(r *kgo.Record) {
				request := plogotlp.NewExportRequest()
				if err := request.UnmarshalProto(r.Value); err == nil {
					far.add(request.Logs())
				}
			})
		}
	}()
	t.Cleanup(func() { cancel(); <-done; client.Close() })
	return far
}

func (f *kafkaFar) env() []string {
	return []string{"EVENTHUBS_NAMESPACE=contoso", "EVENTHUBS_HUB=winnet", "EVENTHUBS_CONNECTION_STRING=" + eventHubsPassword}
}

func (f *kafkaFar) overlay() string {
	return "exporters: {kafka: {brokers: ['" + f.Addr().String() + "'], tls: {ca_file: '" + f.ca + "'}, metadata: {retry: {backoff: 100ms}}}}"
}

// certificate makes a certificate for 127.0.0.1 and writes it to a file.
func certificate(t *testing.T, path string) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
