// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
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

func newRig(t *testing.T, s *tracktest.Server, change func(*Config)) *rig {
	return newRigOn(t, ingesttest.NewHost(s), s, change)
}

func newRigOn(t *testing.T, host component.Host, s *tracktest.Server, change func(*Config)) *rig {
	o := deliverytest.Observe(t, metadata.Type)
	e := deliverytest.Build(t, o, configFor(s), change, newHasty)
	deliverytest.Start(t, host, e.start, e.shutdown)
	return &rig{e, o}
}

// newHasty makes an exporter with short pauses.
func newHasty(set exporter.Settings, cfg *Config) (*insights, error) {
	e, err := newInsights(set, cfg)
	if err == nil {
		e.pauses = pauses{throttled: 20 * time.Millisecond, denied: 20 * time.Millisecond, misfit: 20 * time.Millisecond}
	}
	return e, err
}

// whole starts an exporter with queue and retries.
func whole(t *testing.T, host component.Host, s *tracktest.Server, change func(*Config)) exporter.Logs {
	cfg := configFor(s)
	withAuth(cfg)
	deliverytest.Hurry(&cfg.ClientConfig, cfg.QueueConfig.Get(), &cfg.RetryConfig)
	return deliverytest.StartQueued(t, metadata.Type, host, cfg, change, newHasty, newLogs)
}

// subject describes the exporter and a server to the tests that all exporters share.
func subject(s *tracktest.Server) deliverytest.Subject {
	change := func(o deliverytest.Options) func(*Config) {
		return func(c *Config) { o.Apply(&c.ClientConfig, c.QueueConfig.Get(), &c.DeadLetter) }
	}
	return deliverytest.Subject{
		Dropped: "items_dropped", Records: now,
		Host:     func() ingesttest.Host { return ingesttest.NewHost(s) },
		Arrived:  func() map[string]int { return uids(s) },
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
