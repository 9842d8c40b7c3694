// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/appinsightsexporter/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/settings"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/series"
)

// insights sends batches of records. push is safe for concurrent use.
type insights struct {
	*delivery.Core
	cfg        *Config
	connection connection
	telemetry  *metadata.TelemetryBuilder
	settings   component.TelemetrySettings
	build      component.BuildInfo
	target     *delivery.Target
	batches    sync.Pool // of *batch
	caller     *delivery.Caller
}

// maxAnswer is the largest part of an answer that is read, in bytes: room for a long error about each of maxItems.
const maxAnswer = 1 << 20

func newInsights(set exporter.Settings, cfg *Config) (*insights, error) {
	connection, err := parseConnectionString(string(cfg.ConnectionString))
	if err != nil {
		return nil, fmt.Errorf("connection_string: %w", err)
	}
	telemetry, err := metadata.NewTelemetryBuilder(series.Of(set.TelemetrySettings, series.Exporter, set.ID))
	if err != nil {
		return nil, err
	}
	e := &insights{
		Core: delivery.NewCore(set.Logger, delivery.Sections{Client: &cfg.ClientConfig, Queue: cfg.QueueConfig, Retry: cfg.RetryConfig, DeadLetter: cfg.DeadLetter}, maxCall),
		cfg:  cfg, connection: connection, telemetry: telemetry, settings: set.TelemetrySettings, build: set.BuildInfo, target: delivery.NewTarget(),
	}
	sdkVersion := fmt.Sprintf("otelc-%s-%s-%s", set.BuildInfo.Version, runtime.GOOS[:3], runtime.GOARCH)
	e.batches.New = func() any { return newBatch(connection.key, sdkVersion) }
	return e, nil
}

func (e *insights) start(ctx context.Context, host component.Host) error {
	client, err := e.cfg.ToClient(ctx, host.GetExtensions(), e.settings)
	if err != nil {
		return err
	}
	e.caller = delivery.NewCaller(client, delivery.Options{
		UserAgent: fmt.Sprintf("%s/%s (app_insights exporter; %s/%s)", e.build.Command, e.build.Version, runtime.GOOS, runtime.GOARCH),
		MaxAnswer: maxAnswer, WantsBody: true, Redirect: e.mayRedirect,
		Statuses: map[int]delivery.Result{
			http.StatusPartialContent: delivery.Partial, statusQuota: delivery.Throttled, statusQuotaNow: delivery.Throttled,
		},
	})
	if err := e.Open(host); err != nil {
		return err
	}
	want := e.connection.audience
	if want == "" {
		want = delivery.WantedAudience(e.connection.address())
	}
	e.CheckToken(host, e.connection.address(), want)
	return nil
}

// mayRedirect returns an error if a call must not be redirected: from an encrypted address to one that is not, or, with
// a token or a header of the user's, to a host outside the same cloud.
func (e *insights) mayRedirect(from, to *url.URL) error {
	local := settings.Loopback(to.Hostname())
	switch secret := e.cfg.Auth.HasValue() || len(e.cfg.Headers) > 0; {
	case to.Scheme != from.Scheme:
		return fmt.Errorf("the redirection must keep the scheme %s", from.Scheme)
	case to.Scheme == "http" && !local:
		return errors.New("the target is not encrypted")
	case secret && to.Host != from.Host && !(local && settings.Loopback(from.Hostname())):
		if cloud := delivery.WantedAudience(from.String()); cloud == "" || delivery.WantedAudience(to.String()) != cloud {
			return errors.New("the token would go to a host that is not known to belong to the service")
		}
	}
	return nil
}

func (e *insights) shutdown(context.Context) error { return e.Shutdown(e.telemetry) }

// push sends all records of a batch. It returns nil once the service has accepted or permanently refused each of them.
// Otherwise the error contains the remaining records and the shortest time to wait.
func (e *insights) push(ctx context.Context, logs plog.Logs) error {
	return delivery.Push(ctx, e.Core, &e.batches, func(ctx context.Context, b *batch) error {
		b.load(logs)
		if err := e.send(ctx, b, b.rows, e.Limit); err != nil {
			return delivery.Left([]error{err}, logs, b.done)
		}
		return nil
	})
}
