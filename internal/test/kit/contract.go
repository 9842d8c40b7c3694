// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	collector "go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
)

// Contracted is a receiver whose contract with the next component is checked.
type Contracted struct {
	Factory receiver.Factory
	// Begin starts the receiver without a source. offer delivers the events of one record, as the source would, and returns the record's
	// name.
	Begin func(t *testing.T, next consumer.Logs) (p *pipeline.Pipeline, offer func(n int) (name string))
	// Name returns the name that offer gave.
	Name func(plog.LogRecord) string
}

// contractRecords is the number of records in each scenario.
const contractRecords = 1000

// RequireConsumeContract runs the collector's own check of receivers: the next component always takes records, refuses some for now, refuses
// some for good, or does both. Each record is then either taken or refused for good, once, and the receiver's account says the same.
func RequireConsumeContract(t *testing.T, c Contracted) {
	run := &contract{t: t, c: c}
	factory := receiver.NewFactory(c.Factory.Type(), c.Factory.CreateDefaultConfig, receiver.WithLogs(run.create, component.StabilityLevelDevelopment))
	receivertest.CheckConsumeContract(receivertest.CheckConsumeContractParams{
		T: t, Factory: factory, Signal: collector.SignalLogs, Config: factory.CreateDefaultConfig(), Generator: generator{run}, GenerateCount: contractRecords,
	})
	require.Equal(t, 4, run.ended, "scenarios")
}

// contract is the receiver of one scenario after the other, and the consumer between it and the check.
type contract struct {
	t *testing.T
	c Contracted

	pipeline *pipeline.Pipeline
	next     consumer.Logs

	mu    sync.Mutex
	offer func(int) string
	n     int

	taken, refused int64
	ended          int
}

func (c *contract) create(_ context.Context, _ receiver.Settings, _ component.Config, next consumer.Logs) (receiver.Logs, error) {
	c.next, c.n, c.taken, c.refused = next, 0, 0, 0
	c.pipeline, c.offer = c.c.Begin(c.t, c)
	return c, nil
}

func (c *contract) Start(context.Context, component.Host) error { return nil }

// Shutdown ends the receiver, and requires its account.
func (c *contract) Shutdown(ctx context.Context) error {
	err := c.pipeline.Shutdown(ctx, func(context.Context) error { return nil })
	stats := &c.pipeline.Stats
	require.Zero(c.t, stats.Pending(), "%s", stats)
	require.EqualValues(c.t, contractRecords, c.taken+c.refused)
	require.Equal(c.t, c.taken, stats.Emitted.Load(), "%s", stats)
	require.Equal(c.t, c.refused, stats.Dropped.Total(), "%s", stats)
	require.Equal(c.t, c.refused, stats.Dropped.Snapshot()[pipeline.DropRefused], "%s", stats)
	c.ended++
	return err
}

// generator delivers the events of one record at a time.
type generator struct{ *contract }

func (g generator) Start() {}

func (g generator) Stop() {}

func (g generator) Generate() []receivertest.UniqueIDAttrVal {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n++
	return []receivertest.UniqueIDAttrVal{receivertest.UniqueIDAttrVal(g.offer(g.n))}
}

// Capabilities says that records are changed: they get the attribute by which the check knows them.
func (c *contract) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

func (c *contract) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	n := int64(logs.LogRecordCount())
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				lr.Attributes().PutStr(receivertest.UniqueIDAttrName, c.c.Name(lr))
			}
		}
	}
	err := c.next.ConsumeLogs(ctx, logs)
	switch {
	case err == nil:
		c.taken += n
	case consumererror.IsPermanent(err):
		c.refused += n
	}
	return err
}

// Quick sets batches of ten records, and retries after a millisecond.
func Quick(batch *pipeline.BatchConfig, retry *pipeline.RetryConfig) {
	batch.MaxRecords, batch.FlushInterval = 10, 10*time.Millisecond
	retry.InitialInterval, retry.MaxInterval = time.Millisecond, time.Millisecond
}
