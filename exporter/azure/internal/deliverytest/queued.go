// SPDX-License-Identifier: Apache-2.0

package deliverytest

import (
	"context"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/extension/extensiontest"
)

// EachArrivesOnce requires that without faults every record arrives once.
func EachArrivesOnce(t *testing.T, s Subject) {
	t.Helper()
	e := s.startQueued(t, s.Host(), options{})
	random := rand.New(rand.NewPCG(1, 1))
	n := 0
	for n < 5000 {
		k := 1 + random.IntN(900)
		require.NoError(t, e.ConsumeLogs(context.Background(), s.Records(n, k)))
		n += k
	}
	for uid, times := range s.requireAll(t, n) {
		require.Equal(t, 1, times, uid)
	}
	require.NoError(t, e.Shutdown(context.Background()))
}

// NoneIsLost requires that all of n records arrive at a server in trouble, except those that it refuses.
func NoneIsLost(t *testing.T, s Subject, n int, refused ...int) {
	t.Helper()
	e := s.startQueued(t, s.Host(), options{})
	for i := range 10 {
		require.NoError(t, e.ConsumeLogs(context.Background(), s.Records(i*n/10, n/10)))
	}
	s.requireAll(t, n, refused...)
	require.NoError(t, e.Shutdown(context.Background()))
}

// NoneIsLostOverRestarts is NoneIsLost for 2000 records and an exporter with its queue on disk, which is stopped and started again and again.
func NoneIsLostOverRestarts(t *testing.T, s Subject, trouble *Trouble, refused ...int) {
	t.Helper()
	dir := t.TempDir()
	letters := filepath.Join(t.TempDir(), "dead.jsonl")
	run := func(work func(e exporter.Logs)) {
		host, id, end := s.withStorage(t, dir)
		e := s.startQueued(t, host, options{storage: &id, letters: letters})
		work(e)
		require.NoError(t, e.Shutdown(context.Background()))
		end()
	}
	for n := 0; n < 2000; n += 400 {
		run(func(e exporter.Logs) {
			from := trouble.met.Load()
			for k := range 4 {
				require.NoError(t, e.ConsumeLogs(context.Background(), s.Records(n+100*k, 100)))
			}
			// Stops the exporter while calls are made, unless all records have arrived by then.
			require.Eventually(t, func() bool {
				return trouble.met.Load() >= min(from+4, trouble.calls) || len(missing(s.Arrived(), n+400, UIDs(refused...))) == 0
			}, patience, time.Millisecond)
		})
	}
	run(func(exporter.Logs) { s.requireAll(t, 2000, refused...) })
}

// ShutdownDoesNotWait requires that an exporter with its queue on disk ends although the server does not answer, and delivers after the next
// start.
func ShutdownDoesNotWait(t *testing.T, s Subject) {
	t.Helper()
	begun, end := make(chan struct{}, 1), make(chan struct{})
	s.SetFault(func(http.ResponseWriter, *http.Request, bool) bool {
		select {
		case begun <- struct{}{}:
		default:
		}
		<-end
		return true
	})
	host, id, endStorage := s.withStorage(t, t.TempDir())
	patient := options{storage: &id, timeout: time.Hour}
	e := s.startQueued(t, host, patient)
	require.NoError(t, e.ConsumeLogs(context.Background(), s.Records(0, 10)))
	<-begun
	require.NoError(t, e.Shutdown(context.Background()))
	close(end)
	s.SetFault(nil)
	e = s.startQueued(t, host, patient)
	s.requireAll(t, 10)
	require.NoError(t, e.Shutdown(context.Background()))
	endStorage()
}

// withStorage returns a host with a storage in a folder, the storage's id, and the function that shuts the storage down.
func (s *Subject) withStorage(t *testing.T, dir string) (host component.Host, id component.ID, end func()) {
	t.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = dir
	storage, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	id = component.NewID(factory.Type())
	all := s.Host()
	all[id] = storage
	require.NoError(t, storage.Start(context.Background(), all))
	return all, id, func() { require.NoError(t, storage.Shutdown(context.Background())) }
}
