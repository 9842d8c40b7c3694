// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"golang.org/x/sys/unix"
)

// The queue on disk of exporterhelper 0.161 writes which item it is about to send, in the call that reads the item. If
// that write fails, it deletes the item. docs/upstream.md describes the fault. If the first case fails because all
// items arrive, upstream has fixed it, and the document must change. The second case shows what a storage can do about
// it.
func TestTheQueueOnAFullDiskDeletesWhatItWasAboutToSend(t *testing.T) {
	for name, test := range map[string]struct {
		readsOn bool // the storage returns what it can read even if it cannot write
		want    []int
	}{
		"a storage that does all or nothing":    {false, []int{0, 10}},
		"a storage that gives what it can read": {true, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			disk := &diskClient{items: map[string][]byte{}, readsOn: test.readsOn}
			sending, release := make(chan struct{}), make(chan struct{})
			var once sync.Once
			var mu sync.Mutex
			var sent []int
			export := func(_ context.Context, logs plog.Logs) error {
				once.Do(func() { close(sending); <-release })
				mu.Lock()
				defer mu.Unlock()
				sent = append(sent, int(logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Int()))
				return nil
			}
			storageID := component.MustNewID("disk")
			queue := exporterhelper.NewDefaultQueueConfig()
			queue.NumConsumers, queue.StorageID = 1, &storageID
			queue.Batch = configoptional.None[exporterhelper.BatchConfig]()
			settings := exportertest.NewNopSettings(component.MustNewType("sender"))
			exporter, err := exporterhelper.NewLogs(t.Context(), settings, struct{}{}, export, exporterhelper.WithQueue(configoptional.Some(queue)))
			require.NoError(t, err)
			require.NoError(t, exporter.Start(t.Context(), host{storageID: &diskExtension{client: disk}}))
			defer func() { require.NoError(t, exporter.Shutdown(context.Background())) }()
			offer := func(n int) { require.NoError(t, exporter.ConsumeLogs(t.Context(), oneRecord(n))) }
			until := func(what string, done func() bool) {
				t.Helper()
				require.Eventually(t, done, time.Minute, time.Millisecond, what)
			}

			for n := range 10 {
				offer(n)
			}
			<-sending
			require.Equal(t, 10, disk.count())
			disk.setFull(true)
			close(release)
			until("the queue is empty", func() bool { return disk.count() == 0 })
			disk.setFull(false)
			offer(10)
			until("the last one is sent", func() bool { mu.Lock(); defer mu.Unlock(); return len(sent) > 0 && sent[len(sent)-1] == 10 })
			mu.Lock()
			defer mu.Unlock()
			require.Equal(t, test.want, sent)
		})
	}
}

// The queue counts an item that the disk refused, but does not wake anyone to read it. Once enough of them fill the
// queue, it accepts nothing more, although it is empty and the disk has room again. If this test fails, upstream has
// fixed it, and docs/upstream.md must change.
func TestTheQueueCountsWhatAFullDiskRefusedUntilItTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &diskClient{items: map[string][]byte{}, full: true}
		storageID := component.MustNewID("disk")
		queue := exporterhelper.NewDefaultQueueConfig()
		queue.StorageID, queue.Sizer, queue.QueueSize, queue.BlockOnOverflow = &storageID, exporterhelper.RequestSizerTypeRequests, 10, true
		queue.Batch = configoptional.None[exporterhelper.BatchConfig]()
		export := func(context.Context, plog.Logs) error { return nil }
		exporter, err := exporterhelper.NewLogs(t.Context(), exportertest.NewNopSettings(component.MustNewType("sender")), struct{}{}, export,
			exporterhelper.WithQueue(configoptional.Some(queue)))
		require.NoError(t, err)
		require.NoError(t, exporter.Start(t.Context(), host{storageID: &diskExtension{client: disk}}))
		for n := range 10 {
			require.ErrorIs(t, exporter.ConsumeLogs(t.Context(), oneRecord(n)), unix.ENOSPC)
		}
		require.Zero(t, disk.count())
		disk.setFull(false)

		ctx, cancel := context.WithCancel(t.Context())
		var offered atomic.Bool
		go func() { _ = exporter.ConsumeLogs(ctx, oneRecord(10)); offered.Store(true) }()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.False(t, offered.Load(), "the queue accepts records")
		cancel()
		synctest.Wait()
		require.True(t, offered.Load())
		require.NoError(t, exporter.Shutdown(context.Background()))
	})
}

func oneRecord(n int) plog.Logs {
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetInt(int64(n))
	return logs
}

// host is a host with extensions.
type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

type diskExtension struct {
	component.StartFunc
	component.ShutdownFunc
	client storage.Client
}

func (e *diskExtension) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return e.client, nil
}

// diskClient is a storage that can be full. Then it cannot store anything, but it can delete items, in the room that
// earlier deletions have freed.
type diskClient struct {
	mu      sync.Mutex
	items   map[string][]byte
	full    bool
	readsOn bool
}

func (d *diskClient) setFull(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

// count returns the number of the queue's items in it: their keys are numbers.
func (d *diskClient) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for key := range d.items {
		if _, err := strconv.Atoi(key); err == nil {
			n++
		}
	}
	return n
}

func (d *diskClient) Batch(_ context.Context, ops ...*storage.Operation) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var sets, gets bool
	for _, op := range ops {
		sets, gets = sets || op.Type == storage.Set, gets || op.Type == storage.Get
	}
	refused := d.full && sets
	if refused && !(d.readsOn && gets) {
		return errors.Join(errors.New("disk"), unix.ENOSPC)
	}
	for _, op := range ops {
		switch {
		case op.Type == storage.Get:
			op.Value = d.items[op.Key]
		case refused:
		case op.Type == storage.Set:
			d.items[op.Key] = op.Value
		case op.Type == storage.Delete:
			delete(d.items, op.Key)
		}
	}
	return nil
}

func (d *diskClient) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := d.Batch(ctx, op)
	return op.Value, err
}

func (d *diskClient) Set(ctx context.Context, key string, value []byte) error {
	return d.Batch(ctx, storage.SetOperation(key, value))
}

func (d *diskClient) Delete(ctx context.Context, key string) error {
	return d.Batch(ctx, storage.DeleteOperation(key))
}

func (d *diskClient) Close(context.Context) error { return nil }

// At its start, the queue removes the items that were being sent from the disk, and stores them again in other calls: a
// process that ends in between loses as many items as there are consumers. If this test fails, upstream has fixed it,
// and docs/upstream.md must change.
func TestTheQueueLosesWhatWasBeingSentWhenTheProcessEndsAsItStarts(t *testing.T) {
	disk := &diskClient{items: map[string][]byte{}}
	storageID := component.MustNewID("disk")
	begin := func(client storage.Client, export func(context.Context, plog.Logs) error) exporter.Logs {
		queue := exporterhelper.NewDefaultQueueConfig()
		queue.NumConsumers, queue.StorageID = 2, &storageID
		queue.Batch = configoptional.None[exporterhelper.BatchConfig]()
		e, err := exporterhelper.NewLogs(t.Context(), exportertest.NewNopSettings(component.MustNewType("sender")), struct{}{}, export,
			exporterhelper.WithQueue(configoptional.Some(queue)))
		require.NoError(t, err)
		require.NoError(t, e.Start(t.Context(), host{storageID: &diskExtension{client: client}}))
		return e
	}

	// Two items are being sent when the first process ends.
	first := &mortalClient{diskClient: disk}
	sending, release := make(chan struct{}), make(chan struct{})
	e := begin(first, func(context.Context, plog.Logs) error { sending <- struct{}{}; <-release; return nil })
	for n := range 2 {
		require.NoError(t, e.ConsumeLogs(t.Context(), oneRecord(n)))
		<-sending
	}
	first.dead.Store(true)
	close(release)
	_ = e.Shutdown(context.Background())
	require.Equal(t, 2, disk.count())

	// The second process ends as soon as it has removed something.
	second := &mortalClient{diskClient: disk, untilDelete: true}
	_ = begin(second, func(context.Context, plog.Logs) error { return nil }).Shutdown(context.Background())
	require.True(t, second.dead.Load())

	// The third process finds nothing.
	sent := make(chan int, 10)
	e = begin(disk, func(_ context.Context, logs plog.Logs) error {
		if logs.LogRecordCount() > 0 {
			sent <- int(logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().Int())
		}
		return nil
	})
	require.NoError(t, e.ConsumeLogs(t.Context(), oneRecord(2)))
	require.Equal(t, 2, <-sent)
	require.NoError(t, e.Shutdown(context.Background()))
	require.Empty(t, sent)
	require.Zero(t, disk.count())
}

// mortalClient does nothing more after its process has ended.
type mortalClient struct {
	*diskClient
	untilDelete bool // its process ends after the first call that deletes
	dead        atomic.Bool
}

func (c *mortalClient) Batch(ctx context.Context, ops ...*storage.Operation) error {
	if c.dead.Load() {
		return errors.New("the process has ended")
	}
	err := c.diskClient.Batch(ctx, ops...)
	if c.untilDelete && ops[0].Type == storage.Delete {
		c.dead.Store(true)
	}
	return err
}

func (c *mortalClient) Get(ctx context.Context, key string) ([]byte, error) {
	op := storage.GetOperation(key)
	err := c.Batch(ctx, op)
	return op.Value, err
}
