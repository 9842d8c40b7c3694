// SPDX-License-Identifier: Apache-2.0

// Package deliverytest has the tests that every exporter to Azure must pass, and their helpers. An exporter describes itself and the server of
// a test as a Subject. The tests send records of package recordtest and count what the server has accepted by EventOriginalUid.
package deliverytest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/settings"
)

// Subject is an exporter to test, with a server that stands in for its service.
type Subject struct {
	// Dropped is the counter of records that the service refused permanently.
	Dropped string
	// Host returns a host with an authenticator for the server.
	Host func() ingesttest.Host
	// Records makes n records with numbers from first on.
	Records func(first, n int) plog.Logs
	// Arrived counts the accepted records by EventOriginalUid.
	Arrived func() map[string]int
	// Calls returns the number of calls so far.
	Calls func() int
	// SetFault sets the fault of the server, or none.
	SetFault func(Fault)
	// Unqueued starts an exporter without queue and retries on the host of the options. It ends with the test.
	Unqueued func(t *testing.T, o Options) *Exporter
	// Queued starts an exporter with queue and retries on a host.
	Queued func(t *testing.T, host component.Host, o Options) exporter.Logs
}

// Exporter is an exporter without queue and retries.
type Exporter struct {
	*Observed
	// Push sends records.
	Push func(ctx context.Context, logs plog.Logs) error
	// Stop makes running pushes end early.
	Stop func()
	// Open opens the gates of calls, in place of waiting until they open by themselves.
	Open func()
}

// Options are what a test changes in an exporter. Zero values change nothing.
type Options struct {
	Host    component.Host // of an exporter without queue; default: Subject.Host
	Storage *component.ID  // of the queue on disk
	Letters string         // path of the file of dead letters
	Timeout time.Duration  // of a call
	Misfit  time.Duration  // pause after a call of which the service accepts nothing
}

// Apply changes the sections that the configurations of the exporters share.
func (o Options) Apply(client *confighttp.ClientConfig, queue *exporterhelper.QueueBatchConfig, letters *settings.DeadLetter) {
	if o.Storage != nil {
		queue.StorageID = o.Storage
	}
	if o.Letters != "" {
		letters.Path = o.Letters
	}
	if o.Timeout != 0 {
		client.Timeout = o.Timeout
	}
}

// Hurry shortens the times of queue and retries for a test. The timeout becomes long, because a call that times out may have arrived.
func Hurry(client *confighttp.ClientConfig, queue *exporterhelper.QueueBatchConfig, retry *configretry.BackOffConfig) {
	client.Timeout = time.Minute
	retry.InitialInterval = 100 * time.Millisecond
	retry.MaxInterval = 200 * time.Millisecond
	queue.Batch.Get().FlushTimeout = 20 * time.Millisecond
	queue.Batch.Get().MinSize = 300_000
}

// start starts an exporter without queue and retries.
func (s *Subject) start(t *testing.T, o Options) *Exporter {
	if o.Host == nil {
		o.Host = s.Host()
	}
	return s.Unqueued(t, o)
}

// Build changes a configuration, unless change is nil, validates it, and builds an exporter of it.
func Build[C interface{ Validate() error }, E any](t *testing.T, o *Observed, cfg C, change func(C), build func(exporter.Settings, C) (E, error)) E {
	t.Helper()
	if change != nil {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	e, err := build(o.Settings, cfg)
	require.NoError(t, err)
	return e
}

// Start starts a component on a host, and shuts it down at the end of the test.
func Start(t *testing.T, host component.Host, start func(context.Context, component.Host) error, shutdown func(context.Context) error) {
	t.Helper()
	require.NoError(t, start(context.Background(), host))
	t.Cleanup(func() { require.NoError(t, shutdown(context.Background())) })
}

// StartQueued builds an exporter as Build does, puts queue and retries in front of it by wrap, and starts it on a host. If the test fails, it
// prints the exporter's logs.
func StartQueued[C interface{ Validate() error }, E any](t *testing.T, typ component.Type, host component.Host, cfg C, change func(C),
	build func(exporter.Settings, C) (E, error), wrap func(context.Context, exporter.Settings, E) (exporter.Logs, error),
) exporter.Logs {
	t.Helper()
	o := Observe(t, typ)
	o.showOnFailure(t)
	logs, err := wrap(context.Background(), o.Settings, Build(t, o, cfg, change, build))
	require.NoError(t, err)
	require.NoError(t, logs.Start(context.Background(), host))
	return logs
}
