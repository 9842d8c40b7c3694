// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
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

func newRig(t *testing.T, s *ingesttest.Server, change func(*Config)) *rig {
	return newRigOn(t, ingesttest.NewHost(s), s, change)
}

func newRigOn(t *testing.T, host component.Host, s *ingesttest.Server, change func(*Config)) *rig {
	o := deliverytest.Observe(t, metadata.Type)
	e := deliverytest.Build(t, o, configFor(s), change, newHasty)
	deliverytest.Start(t, host, e.start, e.shutdown)
	return &rig{e, o}
}

// newHasty makes an exporter with short pauses.
func newHasty(set exporter.Settings, cfg *Config) (*sentinel, error) {
	e, err := newSentinel(set, cfg)
	if err == nil {
		e.pauses = pauses{throttled: 20 * time.Millisecond, denied: 20 * time.Millisecond, misfit: 20 * time.Millisecond}
	}
	return e, err
}

// whole starts an exporter with queue and retries.
func whole(t *testing.T, host component.Host, s *ingesttest.Server, change func(*Config)) exporter.Logs {
	cfg := configFor(s)
	deliverytest.Hurry(&cfg.ClientConfig, cfg.QueueConfig.Get(), &cfg.RetryConfig)
	return deliverytest.StartQueued(t, metadata.Type, host, cfg, change, newHasty, newLogs)
}

// subject describes the exporter and a server to the tests that all exporters share. configure changes the exporter's configuration.
func subject(s *ingesttest.Server, configure func(*Config)) deliverytest.Subject {
	change := func(o deliverytest.Options) func(*Config) {
		return func(c *Config) {
			o.Apply(&c.ClientConfig, c.QueueConfig.Get(), &c.DeadLetter)
			if configure != nil {
				configure(c)
			}
		}
	}
	return deliverytest.Subject{
		Dropped:  "rows_dropped",
		Records:  func(first, n int) plog.Logs { return recordtest.DNSFrom(first, n, recordtest.Base) },
		Host:     func() ingesttest.Host { return ingesttest.NewHost(s) },
		Arrived:  func() map[string]int { return uids(s, dnsStream) },
		Calls:    func() int { return len(s.Calls()) },
		SetFault: func(f deliverytest.Fault) { setFault(s, f) },
		Unqueued: func(t *testing.T, o deliverytest.Options) *deliverytest.Exporter {
			r := newRigOn(t, o.Host, s, change(o))
			r.pauses.misfit = max(r.pauses.misfit, o.Misfit)
			return &deliverytest.Exporter{Observed: r.Observed, Push: r.push, Stop: r.stop, Open: r.open}
		},
		Queued: func(t *testing.T, host component.Host, o deliverytest.Options) exporter.Logs {
			return whole(t, host, s, change(o))
		},
	}
}

// open opens the gates, in place of waiting until they open by themselves.
func (r *rig) open() {
	for _, rule := range r.rules {
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
