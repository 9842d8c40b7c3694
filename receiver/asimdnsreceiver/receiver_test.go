// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/session"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit/goldenlogs"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadata"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver/internal/metadatatest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	serverFile = "../../testdata/dnsserver.etl"
	clientFile = "../../testdata/dnsclient.etl"
	clientGUID = "{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}"
)

// everything enables every event.
var everything = ^uint64(0)

func replayOf(path string, change func(*Config)) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Replay.Path = replay.Paths{path}
	if filepath.Base(path) == filepath.Base(clientFile) {
		cfg.ProviderGUID = clientGUID
	}
	if change != nil {
		change(cfg)
	}
	return cfg
}

// startReceiver starts a receiver and returns it and its log.
func startReceiver(t *testing.T, set receiver.Settings, cfg *Config, next consumer.Logs) (*dnsReceiver, *observer.ObservedLogs) {
	t.Helper()
	return kit.Start(t, componenttest.NewNopHost(), set, func(set receiver.Settings) (*dnsReceiver, error) { return newReceiver(set, cfg, next) })
}

// replayAll replays a file to its end and returns the records, the receiver and its log. The log names what could not
// be read.
func replayAll(t *testing.T, cfg *Config) (*consumertest.LogsSink, *dnsReceiver, *observer.ObservedLogs) {
	t.Helper()
	sink := &consumertest.LogsSink{}
	r, logs := startReceiver(t, receivertest.NewNopSettings(metadata.Type), cfg, sink)
	kit.EndReplay(t, r, r.Player.Done(), &r.Pipeline.Stats, new(*replay.UnreadError), logs)
	return sink, r, logs
}

// generated returns the generator's counts for a file.
func generated(t *testing.T, file string) (events int, byID map[string]int) {
	t.Helper()
	c := kit.Generated(t, file)
	return c.Events, c.ByID
}

func TestReplayEmitsEveryEventOfTheFile(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		sink, r, _ := replayAll(t, replayOf(file, func(c *Config) { c.EnableFlags, c.EnableLevel = &everything, 5 }))
		events, byID := generated(t, file)
		require.Equal(t, int64(events), r.Pipeline.Stats.Received.Load())
		require.Equal(t, int64(events), r.Pipeline.Stats.Emitted.Load(), "%s", &r.Pipeline.Stats)
		got := map[string]int{}
		kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
			id, _ := lr.Attributes().Get("EventOriginalType")
			got[id.Str()]++
		})
		require.Equal(t, byID, got)
	}
}

func TestReplayFiltersAsALiveSessionWould(t *testing.T) {
	_, byID := generated(t, serverFile)
	sink, r, _ := replayAll(t, replayOf(serverFile, nil))
	stats := &r.Pipeline.Stats
	require.Equal(t, stats.Received.Load(), stats.Emitted.Load()+stats.Filtered.Load())
	require.Positive(t, stats.Filtered.Load())
	kit.EachRecord(sink, func(_ plog.ResourceLogs, lr plog.LogRecord) {
		id, _ := lr.Attributes().Get("EventOriginalType")
		require.NotContains(t, []string{"262", "263", "515"}, id.Str(), "its keyword is not in 0x3F")
	})

	flags := uint64(0x8)
	_, r, _ = replayAll(t, replayOf(serverFile, func(c *Config) { c.EnableFlags = &flags }))
	require.Equal(t, int64(byID["259"]), r.Pipeline.Stats.Emitted.Load(), "0x8 is IGNORED_QUERY")

	_, r, _ = replayAll(t, replayOf(serverFile, func(c *Config) { c.EnableLevel = 2 }))
	require.Equal(t, int64(byID["258"]+byID["285"]+byID["259"]+byID["288"]), r.Pipeline.Stats.Emitted.Load(), "the events of level error within 0x3F")

	_, r, _ = replayAll(t, replayOf(serverFile, func(c *Config) { c.EnableFlags, c.Profile = &everything, dns.ProfileASIM }))
	require.Zero(t, r.Pipeline.Stats.Filtered.Load(), "profile asim has a schema for audit events, too")
}

func TestRecordsAreGolden(t *testing.T) {
	for _, file := range []string{serverFile, clientFile} {
		for _, profile := range []dns.Profile{dns.ProfileWindows, dns.ProfileASIM, dns.ProfileDocumented} {
			sink, _, _ := replayAll(t, replayOf(file, func(c *Config) {
				c.EnableFlags, c.EnableLevel, c.Profile, c.Device.Hostname = &everything, 5, profile, "dc1.corp.example.com"
			}))
			got := kit.FirstOfEach(sink, func(lr plog.LogRecord) string { return kit.Text(lr, "EventOriginalType") })
			path := filepath.Join("testdata", "golden", filepath.Base(file)+"."+string(profile)+".yaml")
			goldenlogs.Require(t, path, *update, got)
		}
	}
}

func TestTheDeviceOfAReplayIsTheFileUnlessItIsNamed(t *testing.T) {
	dir := t.TempDir()
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	for _, name := range []string{"dc1.etl", "dc2.etl"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), raw, 0o600))
	}
	sink, r, _ := replayAll(t, replayOf(filepath.Join(dir, "*.etl"), nil))
	by := map[string]int64{}
	kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		dvc, _ := lr.Attributes().Get("Dvc")
		by[dvc.Str()]++
		_, named := rl.Resource().Attributes().Get("host.name")
		require.False(t, named, "a file is no host")
	})
	half := r.Pipeline.Stats.Emitted.Load() / 2
	require.Equal(t, map[string]int64{"dc1": half, "dc2": half}, by)

	sink, _, _ = replayAll(t, replayOf(serverFile, func(c *Config) { c.Device.Hostname = "dc9.corp.example.com" }))
	kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		name, _ := rl.Resource().Attributes().Get("host.name")
		require.Equal(t, "dc9.corp.example.com", name.Str())
		domain, _ := lr.Attributes().Get("DvcDomain")
		require.Equal(t, "corp.example.com", domain.Str())
	})
}

func TestAFileOfAnotherProviderIsFilteredAndReported(t *testing.T) {
	_, r, logs := replayAll(t, replayOf(clientFile, func(c *Config) { c.ProviderGUID = createDefaultConfig().(*Config).ProviderGUID }))
	events, _ := generated(t, clientFile)
	require.Equal(t, int64(events), r.Pipeline.Stats.Filtered.Load())
	require.Len(t, logs.FilterMessageSnippet("check provider_guid").All(), 1)
}

func TestRepeatPlaysTheFilesAgain(t *testing.T) {
	events, _ := generated(t, serverFile)
	_, r, _ := replayAll(t, replayOf(serverFile, func(c *Config) { c.EnableFlags, c.Replay.Repeat = &everything, 3 }))
	require.Equal(t, int64(3*events), r.Pipeline.Stats.Emitted.Load())
}

func TestAFileOfAnotherFormatFailsTheStartWithTheReason(t *testing.T) {
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	kit.RequireFilesRefused(t, map[string]kit.RefusedFile{
		"empty.etl":  {Want: "empty"},
		"image.png":  {Content: []byte("\x89PNG\r\n\x1a\n" + string(make([]byte, 200))), Want: "not an event trace log"},
		"cap.pcapng": {Content: append([]byte{0x0A, 0x0D, 0x0D, 0x0A, 28, 0, 0, 0, 0x4D, 0x3C, 0x2B, 0x1A}, make([]byte, 200)...), Want: "not an event trace log"},
		"short.etl":  {Content: raw[:100], Want: "short.etl"},
		"missing":    {Want: "no such file"},
	}, func(path string) (component.Component, error) {
		return newReceiver(receivertest.NewNopSettings(metadata.Type), replayOf(path, nil), consumertest.NewNop())
	})
}

func TestATruncatedFileGivesItsWholeEventsAndIsReported(t *testing.T) {
	raw, err := os.ReadFile(serverFile)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "cut.etl")
	require.NoError(t, os.WriteFile(path, raw[:len(raw)/2+777], 0o600))
	_, r, logs := replayAll(t, replayOf(path, func(c *Config) { c.EnableFlags = &everything }))
	events, _ := generated(t, serverFile)
	require.Positive(t, r.Pipeline.Stats.Emitted.Load())
	require.Less(t, r.Pipeline.Stats.Emitted.Load(), int64(events))
	require.Len(t, logs.FilterMessage("file read").FilterLevelExact(zap.WarnLevel).All(), 1)
	require.Len(t, logs.FilterMessage("not every file could be read in full").All(), 1)
}

func TestTelemetryGivesTheAccount(t *testing.T) {
	tel := componenttest.NewTelemetry()
	r, _ := startReceiver(t, metadatatest.NewSettings(tel), replayOf(clientFile, func(c *Config) { c.EnableFlags, c.EnableLevel = &everything, 5 }), consumertest.NewNop())
	<-r.Player.Done()

	events, _ := generated(t, clientFile)
	same := metricdatatest.IgnoreTimestamp()
	metadatatest.AssertEqualEventsReceived(t, tel, kit.Point(r.Receiver.ID, events), same)
	metadatatest.AssertEqualEventsEmitted(t, tel, kit.Point(r.Receiver.ID, events), same)
	metadatatest.AssertEqualEventsFiltered(t, tel, kit.Point(r.Receiver.ID, 0), same)
	metadatatest.AssertEqualEventsAggregated(t, tel, kit.Point(r.Receiver.ID, 0), same)
	metadatatest.AssertEqualQueueCapacity(t, tel, kit.Point(r.Receiver.ID, 48<<20), same)
	metadatatest.AssertEqualEventsLost(t, tel, append(kit.Point(r.Receiver.ID, 3, attribute.String("source", "etl_events")),
		kit.Point(r.Receiver.ID, 0, attribute.String("source", "etl_buffers"))...), same)
	require.NoError(t, r.Shutdown(context.Background()))
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestShutdownInTheMiddleOfAReplayEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, next, enough := kit.Until(5000)
		r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), replayOf(serverFile, func(c *Config) { c.Replay.Repeat, c.Queue.MaxSizeMiB = 0, 1 }), next)
		<-enough
		require.NoError(t, r.Shutdown(context.Background()))
		kit.RequireAllEmitted(t, &r.Pipeline.Stats, sink)
	})
}

func TestShutdownWithABlockedConsumerAccountsForEveryEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := make(chan struct{}, 1000)
		next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
			in <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
		require.NoError(t, err)
		r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), replayOf(serverFile, func(c *Config) { c.Replay.Repeat = 0; c.Queue.MaxSizeMiB = 1 }), next)
		<-in
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		require.NoError(t, r.Shutdown(ctx))
		stats := &r.Pipeline.Stats
		require.Zero(t, stats.Pending(), "%s", stats)
		require.Positive(t, stats.Dropped.Total())
	})
}

func TestAConsumerThatIsBusyGetsEveryRecordInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &consumertest.LogsSink{}
		calls := 0
		next, err := consumer.NewLogs(func(ctx context.Context, l plog.Logs) error {
			if calls++; calls%2 == 1 {
				return errors.New("busy")
			}
			return sink.ConsumeLogs(ctx, l)
		})
		require.NoError(t, err)
		cfg := replayOf(serverFile, func(c *Config) { c.EnableFlags, c.Retry.InitialInterval = &everything, time.Millisecond })
		r, _ := startReceiver(t, receivertest.NewNopSettings(metadata.Type), cfg, next)
		<-r.Player.Done()
		require.NoError(t, r.Shutdown(context.Background()))
		events, _ := generated(t, serverFile)
		require.Equal(t, events, sink.LogRecordCount())
	})
}

func TestALiveReceiverNeedsWindows(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("this is Windows")
	}
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), createDefaultConfig().(*Config), consumertest.NewNop())
	require.NoError(t, err)
	err = r.Start(context.Background(), componenttest.NewNopHost())
	require.ErrorIs(t, err, session.ErrUnsupported)
	require.ErrorContains(t, err, runtime.GOOS)
	require.ErrorContains(t, err, "replay.path")
	require.NoError(t, r.Shutdown(context.Background()))
}

func TestTheFactoryMakesALogsReceiver(t *testing.T) {
	f := NewFactory()
	require.Equal(t, component.MustNewType("asimdns"), f.Type())
	require.NoError(t, componenttest.CheckConfigStruct(f.CreateDefaultConfig()))
	cfg := f.CreateDefaultConfig().(*Config)
	cfg.ProviderGUID = "x"
	_, err := f.CreateLogs(context.Background(), receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.ErrorContains(t, err, "provider_guid")
}
