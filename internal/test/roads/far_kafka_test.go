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
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"go.opentelemetry.io/collector/pdata/plog"
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
	nameCounts
	ca string // path of its certificate

	client *kgo.Client // reads the topic

	placed sync.Mutex
	where  map[string]place // of the message of each name
}

// place is where a message stands in the topic.
type place struct {
	partition int32
	offset    int64
	size      int
}

// partitions is how many the topic has.
const partitions = 6

func newKafkaFar(t *testing.T) *kafkaFar {
	far := &kafkaFar{gate: newGate(t), ca: filepath.Join(t.TempDir(), "ca.pem"), where: map[string]place{}}
	pair, pool := certificate(t, far.ca)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, "winnet"), kfake.EnableSASL(),
		kfake.Superuser("PLAIN", eventHubsUser, eventHubsPassword),
		kfake.ListenFn(func(string, string) (net.Listener, error) {
			return tls.NewListener(far.gate, &tls.Config{Certificates: []tls.Certificate{pair}}), nil
		}))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(far.Addr().String()), kgo.ConsumeTopics("winnet"), kgo.DialTLSConfig(&tls.Config{RootCAs: pool}),
		kgo.SASL(plain.Auth{User: eventHubsUser, Pass: eventHubsPassword}.AsMechanism()), kgo.RetryBackoffFn(func(int) time.Duration { return 200 * time.Millisecond }))
	require.NoError(t, err)
	far.client = client
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
					far.place(r, request.Logs())
				}
			})
		}
	}()
	t.Cleanup(func() { cancel(); <-done; client.Close() })
	return far
}

// place remembers where the names of a message stand.
func (f *kafkaFar) place(r *kgo.Record, logs plog.Logs) {
	var of nameCounts
	of.add(logs)
	f.placed.Lock()
	defer f.placed.Unlock()
	for name := range of.got() {
		f.where[name] = place{r.Partition, r.Offset, len(r.Value)}
	}
}

// messages is how many the topic has.
func (f *kafkaFar) messages() int {
	f.placed.Lock()
	defer f.placed.Unlock()
	seen := map[place]bool{}
	for _, where := range f.where {
		seen[where] = true
	}
	return len(seen)
}

// committed is how many messages the gateways' group has done with.
func (f *kafkaFar) committed(t *testing.T) int {
	request := kmsg.NewPtrOffsetFetchRequest()
	request.Group = "otelcol-winnet"
	group := kmsg.NewOffsetFetchRequestGroup()
	group.Group = request.Group
	request.Groups = append(request.Groups, group)
	response, err := request.RequestWith(t.Context(), f.client)
	require.NoError(t, err)
	n := 0
	for _, g := range response.Groups {
		for _, topic := range g.Topics {
			for _, p := range topic.Partitions {
				n += int(max(p.Offset, 0))
			}
		}
	}
	return n
}

func (f *kafkaFar) env() []string {
	return []string{"KAFKA_BROKER=" + f.Addr().String(), "KAFKA_USER=" + eventHubsUser, "KAFKA_PASSWORD=" + eventHubsPassword,
		"EVENTHUBS_NAMESPACE=contoso", "EVENTHUBS_HUB=winnet", "EVENTHUBS_CONNECTION_STRING=" + eventHubsPassword}
}

func (f *kafkaFar) overlay() string {
	return "exporters: {kafka: {brokers: ['" + f.Addr().String() + "'], tls: {ca_file: '" + f.ca + "'}, metadata: {retry: {backoff: 100ms}}}}"
}

// certificate makes a self-signed certificate for 127.0.0.1 and writes it to a file.
func certificate(t *testing.T, path string) (tls.Certificate, *x509.CertPool) {
	own := newAuthority(t)
	pool := x509.NewCertPool()
	pool.AddCert(own.certificate)
	require.NoError(t, os.WriteFile(path, own.pem, 0o600))
	return tls.Certificate{Certificate: [][]byte{own.certificate.Raw}, PrivateKey: own.key}, pool
}

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority(t *testing.T) authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := leaf(1)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageDigitalSignature|x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return authority{parsed, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// leaf describes a certificate for 127.0.0.1.
func leaf(serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// issue writes a certificate and its key to <dir>/<name>.pem and <dir>/<name>.key.
func (a authority) issue(t *testing.T, dir, name string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, leaf(2), a.certificate, &key.PublicKey, a.key)
	require.NoError(t, err)
	private, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".key"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), 0o600))
}
