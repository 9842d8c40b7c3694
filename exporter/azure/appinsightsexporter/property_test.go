// SPDX-License-Identifier: Apache-2.0

package appinsightsexporter

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/ingesttest"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/tracktest"
)

// patience is long enough that only a failing test reaches it.
const patience = 2 * time.Minute

// whole starts an exporter with queue and retries.
func whole(t *testing.T, s *tracktest.Server, host component.Host, change func(*Config)) exporter.Logs {
	t.Helper()
	cfg := configFor(s)
	withAuth(cfg)
	cfg.Timeout = time.Minute // a call that times out may have arrived
	cfg.RetryConfig.InitialInterval = 100 * time.Millisecond
	cfg.RetryConfig.MaxInterval = 200 * time.Millisecond
	cfg.QueueConfig.Get().Batch.Get().FlushTimeout = 20 * time.Millisecond
	cfg.QueueConfig.Get().Batch.Get().MinSize = 300_000
	change(cfg)
	require.NoError(t, cfg.Validate())
	set, _, logged := testSettings(t)
	t.Cleanup(func() {
		if t.Failed() {
			for _, l := range logged.All() {
				t.Log(l.Level, l.Message, l.ContextMap())
			}
		}
	})
	e, err := newInsights(set, cfg)
	require.NoError(t, err)
	e.pauses = shortPauses
	logs, err := newLogs(context.Background(), set, e)
	require.NoError(t, err)
	require.NoError(t, logs.Start(context.Background(), host))
	return logs
}

// troubled makes a server fail at random, in every way that it can, for a number of calls: whole calls, and single
// items. met is the number of calls so far.
func troubled(s *tracktest.Server, seed uint64, calls int64) (met *atomic.Int64) {
	random := rand.New(rand.NewPCG(seed, seed))
	var mu sync.Mutex
	chance := func() int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(100)
	}
	met = new(atomic.Int64)
	refused, plain := s.Verdict, s.Plain
	s.NeedAuth = true
	s.SetTokenLife(50 * time.Millisecond)
	s.Lock(func() {
		s.Verdict = func(i tracktest.Item) (int, string) {
			if status, words := refused(i); status != 0 {
				return status, words
			}
			// A refusal that names no items cannot say that one of them may be sent again.
			if !plain && chance() == 0 && met.Load() < calls {
				return []int{408, 429, 439, 500, 503}[chance()%5], "not now"
			}
			return 0, ""
		}
		s.Fault = func(w http.ResponseWriter, r *http.Request, accepted []tracktest.Item) bool {
			if accepted == nil && met.Add(1) == calls {
				s.SetTokenLife(0)
				s.Lock(func() { s.Fault = nil })
			}
			status := 0
			switch n := chance(); {
			case accepted != nil && n < 8: // accepted, and the answer is lost
				panic(http.ErrAbortHandler)
			case accepted != nil:
			case n < 5:
				panic(http.ErrAbortHandler)
			case n < 10: // the server reads slowly, and resets the connection half-way
				_, _ = io.CopyN(io.Discard, r.Body, 1000)
				time.Sleep(10 * time.Millisecond)
				panic(http.ErrAbortHandler)
			case n < 15:
				w.Header().Set("Retry-After", "0.05")
				status = []int{402, 429, 439}[n%3]
			case n < 20:
				w.Header().Set("Retry-After", time.Now().UTC().Format(http.TimeFormat))
				status = http.StatusServiceUnavailable
			case n < 32:
				status = []int{500, 503, 408, 403, 401, 413}[n%6]
			case n < 34: // a redirection to itself
				w.Header().Set("Location", s.URL)
				status = http.StatusTemporaryRedirect
			case n < 36: // a sign-in page
				fmt.Fprint(w, "<html>")
				return true
			}
			if status != 0 {
				w.WriteHeader(status)
			}
			return status != 0
		}
	})
	return met
}

// missing returns the items from 0 to n-1 that were neither refused nor received.
func missing(s *tracktest.Server, n int, refused map[string]bool) (all []string) {
	got := uids(s)
	for i := range n {
		if got[uid(i)] == 0 && !refused[uid(i)] {
			all = append(all, uid(i))
		}
	}
	return all
}

// requireAll waits until the server has every item from 0 to n-1 that it did not refuse.
func requireAll(t *testing.T, s *tracktest.Server, n int, refused map[string]bool) map[string]int {
	t.Helper()
	for begun := time.Now(); len(missing(s, n, refused)) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatalf("missing: %v", missing(s, n, refused))
		}
	}
	got := uids(s)
	for uid := range refused {
		require.Zero(t, got[uid])
	}
	require.Len(t, got, n-len(refused))
	return got
}

func TestEveryItemArrivesOnceWithoutFaults(t *testing.T) {
	s := tracktest.New(t)
	s.NeedAuth = true
	s.SetTokenLife(200 * time.Millisecond)
	e := whole(t, s, ingesttest.NewHost(s), func(*Config) {})
	random := rand.New(rand.NewPCG(1, 1))
	n := 0
	for n < 5000 {
		k := 1 + random.IntN(900)
		require.NoError(t, e.ConsumeLogs(context.Background(), now(n, k)))
		n += k
	}
	for uid, times := range requireAll(t, s, n, nil) {
		require.Equal(t, 1, times, uid)
	}
	require.NoError(t, e.Shutdown(context.Background()))
}

func TestNoItemIsLostWhateverTheServerDoes(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := []func(testing.TB) *tracktest.Server{tracktest.New, tracktest.NewHTTP2}[seed%2](t)
			s.Verdict, s.Plain = bad(400, 77, 1500, 1501), seed >= 2
			troubled(s, seed, 120)
			e := whole(t, s, ingesttest.NewHost(s), func(*Config) {})
			for n := 0; n < 2000; n += 200 {
				require.NoError(t, e.ConsumeLogs(context.Background(), now(n, 200)))
			}
			requireAll(t, s, 2000, map[string]bool{uid(77): true, uid(1500): true, uid(1501): true})
			require.NoError(t, e.Shutdown(context.Background()))
		})
	}
}

func storageIn(t *testing.T, dir string) (component.ID, extension.Extension) {
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = dir
	ext, err := factory.Create(context.Background(), extensiontest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	return component.NewID(factory.Type()), ext
}

func TestNoItemIsLostOverRestartsWithTheQueueOnDisk(t *testing.T) {
	t.Parallel()
	s := tracktest.New(t)
	s.Verdict = bad(400, 77, 1500)
	met := troubled(s, 7, 150)
	dir := t.TempDir()
	letters := filepath.Join(t.TempDir(), "dead.jsonl")
	run := func(work func(e exporter.Logs)) {
		id, storage := storageIn(t, dir)
		host := ingesttest.NewHost(s)
		host[id] = storage
		require.NoError(t, storage.Start(context.Background(), host))
		e := whole(t, s, host, func(c *Config) {
			c.QueueConfig.Get().StorageID = &id
			c.DeadLetter.Path = letters
		})
		work(e)
		require.NoError(t, e.Shutdown(context.Background()))
		require.NoError(t, storage.Shutdown(context.Background()))
	}
	refused := map[string]bool{uid(77): true, uid(1500): true}
	for n := 0; n < 2000; n += 400 {
		run(func(e exporter.Logs) {
			from := met.Load()
			for k := range 4 {
				require.NoError(t, e.ConsumeLogs(context.Background(), now(n+100*k, 100)))
			}
			// Stops the exporter while calls are made, unless all items have arrived by then.
			require.Eventually(t, func() bool { return met.Load() >= min(from+4, 150) || len(missing(s, n+400, refused)) == 0 }, patience, time.Millisecond)
		})
	}
	run(func(exporter.Logs) {
		requireAll(t, s, 2000, refused)
	})
}

// A server that accepts the connection and never answers delays the end of the collector by at most two seconds.
func TestAShutdownDoesNotWaitForAnAnswerThatDoesNotCome(t *testing.T) {
	t.Parallel()
	s := tracktest.New(t)
	begun, end := make(chan struct{}, 1), make(chan struct{})
	s.Lock(func() {
		s.Fault = func(http.ResponseWriter, *http.Request, []tracktest.Item) bool {
			select {
			case begun <- struct{}{}:
			default:
			}
			<-end
			return true
		}
	})
	dir := t.TempDir()
	id, storage := storageIn(t, dir)
	host := ingesttest.NewHost(s)
	host[id] = storage
	require.NoError(t, storage.Start(context.Background(), host))
	change := func(c *Config) {
		c.QueueConfig.Get().StorageID = &id
		c.Timeout = time.Hour
	}
	e := whole(t, s, host, change)
	require.NoError(t, e.ConsumeLogs(context.Background(), now(0, 10)))
	<-begun
	require.NoError(t, e.Shutdown(context.Background()))
	close(end)
	s.Lock(func() { s.Fault = nil })
	e = whole(t, s, host, change)
	requireAll(t, s, 10, nil)
	require.NoError(t, e.Shutdown(context.Background()))
	require.NoError(t, storage.Shutdown(context.Background()))
}
