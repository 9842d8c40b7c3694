// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

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
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelexporter/internal/metadata"
)

const (
	dnsStream     = "Custom-ASimDnsActivityLogs"
	networkStream = "Custom-ASimNetworkSessionLogs"
)

// configFor returns the configuration of a client of the server.
func configFor(s *ingesttest.Server) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Endpoint = s.URL
	cfg.RuleID = []string{ingesttest.RuleID}
	cfg.TLS.CAPem = configopaque.String(s.CertificatePEM())
	cfg.Auth = configoptional.Some(configauth.Config{AuthenticatorID: ingesttest.AuthID})
	return cfg
}

// rig is an exporter without queue and retries, with its logs and metrics.
type rig struct {
	*sentinel
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

func newRig(t *testing.T, s *ingesttest.Server, change func(*Config)) *rig {
	cfg := configFor(s)
	if change != nil {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	set, telemetry, logs := testSettings(t)
	e, err := newSentinel(set, cfg)
	require.NoError(t, err)
	e.pauses = shortPauses
	require.NoError(t, e.start(context.Background(), ingesttest.NewHost(s)))
	t.Cleanup(func() { require.NoError(t, e.shutdown(context.Background())) })
	return &rig{e, t, telemetry, logs}
}

// sum returns the sum of a counter's points that have an attribute with the value; "" selects all points.
func (r *rig) sum(name, value string) (n int64) {
	m, err := r.telemetry.GetMetric("otelcol_exporter_sentinel_" + name)
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

// uids counts the rows of a stream by EventOriginalUid.
func uids(s *ingesttest.Server, stream string) map[string]int {
	n := map[string]int{}
	for _, row := range s.Rows(stream) {
		uid, _ := row["EventOriginalUid"].(string)
		n[uid]++
	}
	return n
}

// requireOnce requires that the DNS rows 0 to n-1 have arrived once each, except those in but.
func requireOnce(t *testing.T, s *ingesttest.Server, n int, but ...int) {
	t.Helper()
	got := uids(s, dnsStream)
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
			t.Fatalf("row %d came %d times, want %d (%d rows)", i, got[uid(i)], want, len(got))
		}
	}
	require.Len(t, got, n-len(but))
}

func uid(i int) string { return fmt.Sprintf("%08d", i) }

// bad makes a server refuse the rows with these numbers.
func bad(numbers ...int) func(string, string, ingesttest.Row) bool {
	is := map[string]bool{}
	for _, i := range numbers {
		is[uid(i)] = true
	}
	return func(_, _ string, r ingesttest.Row) bool { return is[fmt.Sprint(r["EventOriginalUid"])] }
}

// answers makes do answer the next n calls before the server reads them; -1 means all calls.
func answers(n int, do http.HandlerFunc) func(http.ResponseWriter, *http.Request, []ingesttest.Row) bool {
	return func(w http.ResponseWriter, r *http.Request, accepted []ingesttest.Row) bool {
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

func asLogs(err error, to *consumererror.Logs) bool { return errors.As(err, to) }
