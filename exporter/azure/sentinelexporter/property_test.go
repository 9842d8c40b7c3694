// SPDX-License-Identifier: Apache-2.0

package sentinelexporter

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
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/recordtest"
)

// patience is long enough that only a failing test reaches it.
const patience = 2 * time.Minute

// whole starts an exporter with queue and retries.
func whole(t *testing.T, s *ingesttest.Server, host component.Host, change func(*Config)) exporter.Logs {
	t.Helper()
	cfg := configFor(s)
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
	e, err := newSentinel(set, cfg)
	require.NoError(t, err)
	e.pauses = shortPauses
	logs, err := newLogs(context.Background(), set, e)
	require.NoError(t, err)
	require.NoError(t, logs.Start(context.Background(), host))
	return logs
}

// troubled makes a server fail at random, in every way that it can, for a number of calls. met is the number of calls
// so far.
func troubled(s *ingesttest.Server, seed uint64, calls int64) (met *atomic.Int64) {
	random := rand.New(rand.NewPCG(seed, seed))
	var mu sync.Mutex
	met = new(atomic.Int64)
	s.Lock(func() {
		s.SetTokenLife(50 * time.Millisecond)
		s.Fault = func(w http.ResponseWriter, r *http.Request, accepted []ingesttest.Row) bool {
			if accepted == nil && met.Add(1) == calls {
				s.SetTokenLife(0)
				s.Lock(func() { s.Fault = nil })
			}
			mu.Lock()
			n := random.IntN(100)
			mu.Unlock()
			switch {
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
				ingesttest.Refuse(w, http.StatusTooManyRequests, "RateLimitExceeded", "slower")
				return true
			case n < 20:
				w.Header().Set("Retry-After", time.Now().UTC().Format(http.TimeFormat))
				ingesttest.Refuse(w, http.StatusServiceUnavailable, "ServerBusy", "busy")
				return true
			case n < 25:
				ingesttest.Refuse(w, http.StatusInternalServerError, "InternalError", "oops")
				return true
			case n < 28:
				ingesttest.Refuse(w, http.StatusForbidden, "OperationFailed", "does not have access")
				return true
			case n < 31:
				ingesttest.Refuse(w, http.StatusUnauthorized, "AuthenticationFailed", "no")
				return true
			case n < 33:
				ingesttest.Refuse(w, http.StatusRequestEntityTooLarge, "ContentLengthLimitExceeded", "too large")
				return true
			}
			return false
		}
	})
	return met
}

// missing returns the rows from 0 to n-1 that were neither refused nor received.
func missing(s *ingesttest.Server, n int, refused map[string]bool) (all []string) {
	got := uids(s, dnsStream)
	for i := range n {
		if got[uid(i)] == 0 && !refused[uid(i)] {
			all = append(all, uid(i))
		}
	}
	return all
}

// requireAll waits until the server has every row from 0 to n-1 that it did not refuse.
func requireAll(t *testing.T, s *ingesttest.Server, n int, refused map[string]bool) map[string]int {
	t.Helper()
	for begun := time.Now(); len(missing(s, n, refused)) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatalf("missing: %v", missing(s, n, refused))
		}
	}
	got := uids(s, dnsStream)
	for uid := range refused {
		require.Zero(t, got[uid])
	}
	require.Len(t, got, n-len(refused))
	return got
}

func TestEveryRowArrivesOnceWithoutFaults(t *testing.T) {
	for _, body := range []string{bodyUncompressed, bodyCompressed} {
		s := ingesttest.New(t)
		if body == bodyCompressed {
			s.LimitUncompressed = 0
		}
		s.SetTokenLife(200 * time.Millisecond)
		e := whole(t, s, ingesttest.NewHost(s), func(c *Config) { c.Limits.Body = body })
		random := rand.New(rand.NewPCG(1, 1))
		n := 0
		for n < 5000 {
			k := 1 + random.IntN(900)
			require.NoError(t, e.ConsumeLogs(context.Background(), recordtest.DNSFrom(n, k, recordtest.Base)))
			n += k
		}
		for uid, times := range requireAll(t, s, n, nil) {
			require.Equal(t, 1, times, uid)
		}
		require.NoError(t, e.Shutdown(context.Background()))
	}
}

func TestNoRowIsLostWhateverTheServerDoes(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := []func(testing.TB) *ingesttest.Server{ingesttest.New, ingesttest.NewHTTP2}[seed%2](t)
			s.Refuse = bad(77, 1500, 1501)
			troubled(s, seed, 150)
			e := whole(t, s, ingesttest.NewHost(s), func(c *Config) {
				c.RuleID = append(c.RuleID, "dcr-ffffffffffffffffffffffffffffffff")
			})
			for n := 0; n < 3000; n += 300 {
				require.NoError(t, e.ConsumeLogs(context.Background(), recordtest.DNSFrom(n, 300, recordtest.Base)))
			}
			requireAll(t, s, 3000, map[string]bool{uid(77): true, uid(1500): true, uid(1501): true})
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

func TestNoRowIsLostOverRestartsWithTheQueueOnDisk(t *testing.T) {
	t.Parallel()
	s := ingesttest.New(t)
	s.Refuse = bad(77, 1500)
	met := troubled(s, 7, 200)
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
				require.NoError(t, e.ConsumeLogs(context.Background(), recordtest.DNSFrom(n+100*k, 100, recordtest.Base)))
			}
			// Stops the exporter while calls are made, unless all rows have arrived by then.
			require.Eventually(t, func() bool { return met.Load() >= min(from+4, 200) || len(missing(s, n+400, refused)) == 0 }, patience, time.Millisecond)
		})
	}
	run(func(exporter.Logs) {
		requireAll(t, s, 2000, refused)
	})
}

// A server that accepts the connection and never answers delays the end of the collector by at most two seconds.
func TestAShutdownDoesNotWaitForAnAnswerThatDoesNotCome(t *testing.T) {
	t.Parallel()
	s := ingesttest.New(t)
	begun, end := make(chan struct{}, 1), make(chan struct{})
	s.Lock(func() {
		s.Fault = func(http.ResponseWriter, *http.Request, []ingesttest.Row) bool {
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
	require.NoError(t, e.ConsumeLogs(context.Background(), recordtest.DNS(10)))
	<-begun
	require.NoError(t, e.Shutdown(context.Background()))
	close(end)
	s.Lock(func() { s.Fault = nil })
	e = whole(t, s, host, change)
	requireAll(t, s, 10, nil)
	require.NoError(t, e.Shutdown(context.Background()))
	require.NoError(t, storage.Shutdown(context.Background()))
}
