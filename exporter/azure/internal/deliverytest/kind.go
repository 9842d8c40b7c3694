// SPDX-License-Identifier: Apache-2.0

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

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/settings"
)

// pause is the length of the exporters' pauses in tests.
const pause = 20 * time.Millisecond

// Kind is an exporter whose configuration is a C and that is itself an E.
type Kind[C interface{ Validate() error }, E any] struct {
	Type component.Type
	// Config returns a configuration for the server of a test.
	Config func() C
	// Sections returns the sections of a configuration that those of all exporters have.
	Sections func(C) Sections
	// Build makes an exporter without queue and retries, and Wrap puts these in front of it.
	Build func(exporter.Settings, C) (E, error)
	Wrap  func(context.Context, exporter.Settings, E) (exporter.Logs, error)
	// Methods returns the methods of an exporter.
	Methods func(E) Methods
}

// Sections are the sections that the configurations of all exporters have.
type Sections struct {
	Client      *confighttp.ClientConfig
	Queue       *exporterhelper.QueueBatchConfig
	Retry       *configretry.BackOffConfig
	DeadLetters *settings.DeadLetter
}

// Start starts an exporter without queue and retries on a host, after a change of its configuration, unless change is nil. It ends with the
// test.
func (k Kind[C, E]) Start(t *testing.T, host component.Host, change func(C)) (E, *Observed) {
	t.Helper()
	o := observe(t, k.Type)
	e := k.build(t, o, change)
	m := k.Methods(e)
	require.NoError(t, m.Start(context.Background(), host))
	t.Cleanup(func() { require.NoError(t, m.Shutdown(context.Background())) })
	return e, o
}

// build makes an exporter with short pauses of a changed and validated configuration.
func (k Kind[C, E]) build(t *testing.T, o *Observed, change func(C)) E {
	t.Helper()
	cfg := k.Config()
	if change != nil {
		change(cfg)
	}
	require.NoError(t, cfg.Validate())
	e, err := k.Build(o.Settings, cfg)
	require.NoError(t, err)
	k.Methods(e).Pause(pause, pause)
	return e
}

// Subject returns the exporter and a server for the tests of this package. Unless it is nil, configure changes the exporter's configuration.
func (k Kind[C, E]) Subject(server Server, configure func(C)) Subject {
	change := func(o options) func(C) {
		return func(cfg C) {
			if configure != nil {
				configure(cfg)
			}
			o.apply(k.Sections(cfg))
		}
	}
	start := func(t *testing.T, o options) *running {
		t.Helper()
		if o.host == nil {
			o.host = server.Host()
		}
		e, observed := k.Start(t, o.host, change(o))
		m := k.Methods(e)
		m.Pause(max(pause, o.misfit), pause)
		return &running{observed, m}
	}
	startQueued := func(t *testing.T, host component.Host, o options) exporter.Logs {
		t.Helper()
		observed := observe(t, k.Type)
		observed.showOnFailure(t)
		e := k.build(t, observed, func(cfg C) {
			hurry(k.Sections(cfg))
			change(o)(cfg)
		})
		logs, err := k.Wrap(context.Background(), observed.Settings, e)
		require.NoError(t, err)
		require.NoError(t, logs.Start(context.Background(), host))
		return logs
	}
	return Subject{server, start, startQueued}
}

// hurry shortens the times of queue and retries for a test. The timeout becomes long, because a call that times out may have arrived.
func hurry(s Sections) {
	s.Client.Timeout = time.Minute
	s.Retry.InitialInterval = 100 * time.Millisecond
	s.Retry.MaxInterval = 200 * time.Millisecond
	s.Queue.Batch.Get().FlushTimeout = 20 * time.Millisecond
	s.Queue.Batch.Get().MinSize = 300_000
}

func (o options) apply(s Sections) {
	if o.storage != nil {
		s.Queue.StorageID = o.storage
	}
	if o.letters != "" {
		s.DeadLetters.Path = o.letters
	}
	if o.timeout != 0 {
		s.Client.Timeout = o.timeout
	}
}
