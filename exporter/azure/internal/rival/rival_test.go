// SPDX-License-Identifier: Apache-2.0

package rival

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/monitor/ingestion/azlogs"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelexporter"
)

const (
	ruleID = "dcr-00000000000000000000000000000001"
	stream = "Custom-ASimDnsActivityLogs"
)

// far accepts every call without reading it, so that the benchmark measures the senders.
type far struct {
	*httptest.Server
	calls, bytes atomic.Int64
}

func newFar(b *testing.B) *far {
	f := &far{}
	f.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		f.calls.Add(1)
		f.bytes.Add(n)
		w.WriteHeader(http.StatusNoContent)
	}))
	b.Cleanup(f.Close)
	return f
}

// BenchmarkSend sends the same records of the DNS Server to the same server over TLS: with the exporter, which
// compresses, and in the usual way, which does not.
func BenchmarkSend(b *testing.B) {
	logs := recordtest.DNS(500) // as many as fit into one call of both senders
	logs.MarkReadOnly()
	b.Run("ours", func(b *testing.B) {
		f := newFar(b)
		factory := sentinelexporter.NewFactory()
		cfg := factory.CreateDefaultConfig().(*sentinelexporter.Config)
		cfg.Endpoint, cfg.RuleID = f.URL, []string{ruleID}
		cfg.TLS.CAPem = configopaque.String(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw}))
		cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
		require.NoError(b, cfg.Validate())
		e, err := factory.CreateLogs(context.Background(), exportertest.NewNopSettings(factory.Type()), cfg)
		require.NoError(b, err)
		require.NoError(b, e.Start(context.Background(), componenttest.NewNopHost()))
		defer func() { require.NoError(b, e.Shutdown(context.Background())) }()
		measure(b, f, logs, func() error { return e.ConsumeLogs(context.Background(), logs) })
	})
	b.Run("azlogs", func(b *testing.B) {
		f := newFar(b)
		client, err := azlogs.NewClient(f.URL, token{}, &azlogs.ClientOptions{ClientOptions: policy.ClientOptions{
			Transport: f.Client(),
			Cloud: cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
				azlogs.ServiceNameIngestion: {Audience: "https://monitor.azure.com", Endpoint: f.URL},
			}},
		}})
		require.NoError(b, err)
		measure(b, f, logs, func() error {
			body, err := marshal(logs)
			if err != nil {
				return err
			}
			_, err = client.Upload(context.Background(), ruleID, stream, body, nil)
			return err
		})
	})
}

func measure(b *testing.B, f *far, logs plog.Logs, send func() error) {
	require.NoError(b, send()) // opens the connection
	before := f.bytes.Load()
	b.ReportAllocs()
	for b.Loop() {
		if err := send(); err != nil {
			b.Fatal(err)
		}
	}
	rows := float64(b.N) * float64(logs.LogRecordCount())
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/rows, "ns/row")
	b.ReportMetric(float64(f.bytes.Load()-before)/rows, "sent-B/row")
	require.GreaterOrEqual(b, f.calls.Load(), int64(b.N))
}

// marshal encodes rows in the usual way: with a map for each row and the reflection of encoding/json.
func marshal(logs plog.Logs) ([]byte, error) {
	var rows []map[string]any
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				row := lr.Attributes().AsRaw()
				row["TimeGenerated"] = lr.Timestamp().AsTime().Format(time.RFC3339Nano)
				rows = append(rows, row)
			}
		}
	}
	return json.Marshal(rows)
}

// token is a credential that needs no network.
type token struct{}

func (token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(time.Hour)}, nil
}
