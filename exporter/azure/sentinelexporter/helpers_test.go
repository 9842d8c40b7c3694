// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/deliverytest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelexporter/internal/metadata"
)

const (
	dnsStream     = "Custom-ASimDnsActivityLogs"
	networkStream = "Custom-ASimNetworkSessionLogs"

	dnsArchive     = "Custom-WinnetDnsArchive"
	networkArchive = "Custom-WinnetNetworkArchive"
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
	*deliverytest.Observed
}

// kindFor describes the exporter to the tests that all exporters share.
func kindFor(s *ingesttest.Server) deliverytest.Kind[*Config, *sentinel] {
	return deliverytest.Kind[*Config, *sentinel]{
		Type: metadata.Type, Config: func() *Config { return configFor(s) }, Sections: sections, Build: newSentinel, Wrap: wrap,
		Methods: func(e *sentinel) deliverytest.Methods {
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

func newRig(t *testing.T, s *ingesttest.Server, change func(*Config)) *rig {
	e, o := kindFor(s).Start(t, ingesttest.NewHost(s), change)
	return &rig{e, o}
}

// subject returns the exporter and a server for the tests that all exporters share. Unless it is nil, configure changes the configuration.
func subject(s *ingesttest.Server, configure func(*Config)) deliverytest.Subject {
	return kindFor(s).Subject(deliverytest.Server{
		Host: func() ingesttest.Host { return ingesttest.NewHost(s) }, Records: func(first, n int) plog.Logs { return recordtest.DNSFrom(first, n, recordtest.Base) },
		Arrived: func() map[string]int { return uids(s, dnsStream) }, Calls: func() int { return len(s.Calls()) },
		SetFault: func(f deliverytest.Fault) { setFault(s, f) }, Dropped: "rows_dropped",
	}, configure)
}

// open opens the gates of calls, in place of waiting until they open by themselves.
func open(e *sentinel) {
	for _, rule := range e.rules {
		rule.gate = delivery.Gate{}
		for _, target := range rule.target {
			target.Gate = delivery.Gate{}
		}
	}
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
	deliverytest.RequireOnce(t, uids(s, dnsStream), n, but...)
}

// bad makes a server refuse the rows with these numbers.
func bad(numbers ...int) func(string, string, ingesttest.Row) bool {
	is := deliverytest.UIDs(numbers...)
	return func(_, _ string, r ingesttest.Row) bool { return is[fmt.Sprint(r["EventOriginalUid"])] }
}

// setFault sets the fault of a server, or none.
func setFault(s *ingesttest.Server, f deliverytest.Fault) {
	s.Lock(func() {
		if s.Fault = nil; f != nil {
			s.Fault = func(w http.ResponseWriter, r *http.Request, accepted []ingesttest.Row) bool {
				return f(w, r, accepted != nil)
			}
		}
	})
}

func withLetters(t *testing.T) (func(*Config), string) {
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	return func(c *Config) { c.DeadLetter.Path = path }, path
}
