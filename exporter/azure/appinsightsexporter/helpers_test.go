// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/appinsightsexporter/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/tracktest"
)

// configFor returns the configuration of a client of the server.
func configFor(s *tracktest.Server) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.ConnectionString = configopaque.String(s.ConnectionString())
	cfg.TLS.CAPem = configopaque.String(s.CertificatePEM())
	return cfg
}

// withAuth adds a server's tokens to calls.
func withAuth(c *Config) {
	c.Auth = configoptional.Some(configauth.Config{AuthenticatorID: ingesttest.AuthID})
}

// rig is an exporter without queue and retries, with its logs and metrics.
type rig struct {
	*insights
	t         *testing.T
	telemetry *componenttest.Telemetry
	logs      *observer.ObservedLogs
}

var shortPauses = pauses{throttled: 20 * time.Millisecond, denied: 20 * time.Millisecond, misfit: 20 * time.Millisecond}

func testSettings(t *testing.T) (exporter.Settings, *componenttest.Telemetry, *observer.ObservedLogs) {
	telemetry := componenttest.NewTelemetry()
	t.Cleanup(func() { _ = telemetry.Shutdown(context.Background()) })
	core, logs := observer.New(zap.InfoLevel)
	set := exportertest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type) // names the queue on disk
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	set.BuildInfo.Command, set.BuildInfo.Version = "otelcol-winnet", "1.2.3"
	return set, telemetry, logs
}

func newRig(t *testing.T, s *tracktest.Server, change func(*Config)) *rig {
	cfg := configFor(s)
	if change != nil {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	set, telemetry, logs := testSettings(t)
	e, err := newInsights(set, cfg)
	require.NoError(t, err)
	e.pauses = shortPauses
	require.NoError(t, e.start(context.Background(), ingesttest.NewHost(s)))
	t.Cleanup(func() { require.NoError(t, e.shutdown(context.Background())) })
	return &rig{e, t, telemetry, logs}
}

// sum returns the sum of a counter's points that have an attribute with the value; "" selects all points.
func (r *rig) sum(name, value string) (n int64) {
	m, err := r.telemetry.GetMetric("otelcol_exporter_app_insights_" + name)
	if err != nil {
		return 0
	}
	for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
		for _, a := range p.Attributes.ToSlice() {
			if a.Value.AsString() == value {
				n += p.Value
			}
		}
		if value == "" {
			n += p.Value
		}
	}
	return n
}

// said reports whether a log message contains the text.
func (r *rig) said(text string) bool {
	for _, l := range r.logs.All() {
		if strings.Contains(l.Message+fmt.Sprint(l.ContextMap()), text) {
			return true
		}
	}
	return false
}

// open opens the gate, in place of waiting until it opens by itself.
func (r *rig) open() { r.target.Gate = delivery.Gate{} }

// now returns records of the last minute, which the service does not refuse for their age.
func now(first, n int) plog.Logs { return recordtest.DNSFrom(first, n, time.Now().Add(-time.Minute)) }

// uids counts the items by EventOriginalUid.
func uids(s *tracktest.Server) map[string]int {
	n := map[string]int{}
	for _, item := range s.Items() {
		n[item.Property("EventOriginalUid")]++
	}
	return n
}

// requireOnce requires that the records 0 to n-1 have arrived once each, except those in but.
func requireOnce(t *testing.T, s *tracktest.Server, n int, but ...int) {
	t.Helper()
	got := uids(s)
	missing := map[int]bool{}
	for _, i := range but {
		missing[i] = true
	}
	for i := range n {
		want := 1
		if missing[i] {
			want = 0
		}
		if got[uid(i)] != want {
			t.Fatalf("item %d came %d times, want %d (%d items)", i, got[uid(i)], want, len(got))
		}
	}
	require.Len(t, got, n-len(but))
}

func uid(i int) string { return fmt.Sprintf("%08d", i) }

// bad makes a server answer the items with these numbers with a status.
func bad(status int, numbers ...int) func(tracktest.Item) (int, string) {
	is := map[string]bool{}
	for _, i := range numbers {
		is[uid(i)] = true
	}
	return func(i tracktest.Item) (int, string) {
		if is[i.Property("EventOriginalUid")] {
			return status, "the service's words"
		}
		return 0, ""
	}
}

// answers makes do answer the next n calls before the server reads them; -1 means all calls.
func answers(n int, do http.HandlerFunc) func(http.ResponseWriter, *http.Request, []tracktest.Item) bool {
	return func(w http.ResponseWriter, r *http.Request, accepted []tracktest.Item) bool {
		if accepted != nil || n == 0 {
			return false
		}
		n--
		do(w, r)
		return true
	}
}

func withLetters(t *testing.T) (func(*Config), string) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	return func(c *Config) { c.DeadLetter.Path = path }, path
}

// rest returns the records that an error says are still to be sent.
func rest(t *testing.T, err error, all plog.Logs) plog.Logs {
	t.Helper()
	require.Error(t, err)
	require.False(t, consumererror.IsPermanent(err))
	var left consumererror.Logs
	if !errors.As(err, &left) {
		return all
	}
	return left.Data()
}
