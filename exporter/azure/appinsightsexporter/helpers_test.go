// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/appinsightsexporter/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
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
	*deliverytest.Observed
}

// kindFor describes the exporter to the tests that all exporters share.
func kindFor(s *tracktest.Server) deliverytest.Kind[*Config, *insights] {
	return deliverytest.Kind[*Config, *insights]{
		Type: metadata.Type, Config: func() *Config { return configFor(s) }, Sections: sections, Build: newInsights, Wrap: wrap,
		Methods: func(e *insights) deliverytest.Methods {
			return deliverytest.Methods{
				Start: e.start, Shutdown: e.shutdown, Push: e.push, Stop: e.Stop, Open: func() { open(e) },
				Pause: func(misfit, other time.Duration) {
					e.Pauses = delivery.Pauses{Throttled: other, Denied: other, Misfit: misfit}
				},
			}
		},
	}
}

func sections(c *Config) deliverytest.Sections {
	return deliverytest.Sections{Client: &c.ClientConfig, Queue: c.QueueConfig.Get(), Retry: &c.RetryConfig, DeadLetters: &c.DeadLetter}
}

func newRig(t *testing.T, s *tracktest.Server, change func(*Config)) *rig {
	e, o := kindFor(s).Start(t, ingesttest.NewHost(s), change)
	return &rig{e, o}
}

// subject returns the exporter and a server for the tests that all exporters share. Unless it is nil, configure changes the configuration.
func subject(s *tracktest.Server, configure func(*Config)) deliverytest.Subject {
	return kindFor(s).Subject(deliverytest.Server{
		Host: func() ingesttest.Host { return ingesttest.NewHost(s) }, Records: now,
		Arrived: func() map[string]int { return uids(s) }, Calls: func() int { return len(s.Calls()) },
		SetFault: func(f deliverytest.Fault) { setFault(s, f) }, Dropped: "items_dropped",
	}, configure)
}

// open opens the gate of calls, in place of waiting until it opens by itself.
func open(e *insights) { e.target.Gate = delivery.Gate{} }

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
	deliverytest.RequireOnce(t, uids(s), n, but...)
}

// bad makes a server answer the items with these numbers with a status.
func bad(status int, numbers ...int) func(tracktest.Item) (int, string) {
	is := deliverytest.UIDs(numbers...)
	return func(i tracktest.Item) (int, string) {
		if is[i.Property("EventOriginalUid")] {
			return status, "the service's words"
		}
		return 0, ""
	}
}

// setFault sets the fault of a server, or none.
func setFault(s *tracktest.Server, f deliverytest.Fault) {
	s.Lock(func() {
		if s.Fault = nil; f != nil {
			s.Fault = func(w http.ResponseWriter, r *http.Request, accepted []tracktest.Item) bool {
				return f(w, r, accepted != nil)
			}
		}
	})
}

func withLetters(t *testing.T) (func(*Config), string) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	return func(c *Config) { c.DeadLetter.Path = path }, path
}
