// SPDX-License-Identifier: Apache-2.0

package roads

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"golang.org/x/sys/unix"
)

// Faults that docs/upstream.md describes. If one of these tests fails, upstream has fixed the fault, and the document
// must change.

func TestEveryUpstreamFaultHasATestOrSaysWhyNot(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), upstreamFaults))
	require.NoError(t, err)
	var code strings.Builder
	for _, folder := range []string{"internal/test/roads", "internal/test/e2e", "internal/bench/attributes"} {
		files, err := filepath.Glob(filepath.Join(root(t), folder, "*_test.go"))
		require.NoError(t, err)
		for _, path := range files {
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			code.Write(raw)
		}
	}
	sections := strings.Split(string(text), "\n## ")[1:]
	require.Greater(t, len(sections), 10)
	for _, section := range sections {
		title, _, _ := strings.Cut(section, "\n")
		_, tests, has := strings.Cut(section, "\n**Test.** ")
		require.True(t, has, title)
		for _, name := range regexp.MustCompile("`(Test[A-Za-z0-9]+)").FindAllStringSubmatch(tests, -1) {
			require.True(t, strings.Contains(code.String(), "func "+name[1]+"(t *testing.T)"), "%s: there is no %s", title, name[1])
		}
	}
}

func TestAnExportersShutdownWaitsForTheAttemptThatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout = 30 * time.Second
		storageID := component.MustNewID("disk")
		queue := exporterhelper.NewDefaultQueueConfig()
		queue.StorageID = &storageID
		silent := func(ctx context.Context, _ plog.Logs) error { <-ctx.Done(); return ctx.Err() }
		exporter, err := exporterhelper.NewLogs(t.Context(), exportertest.NewNopSettings(component.MustNewType("sender")), struct{}{}, silent,
			exporterhelper.WithQueue(configoptional.Some(queue)), exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: timeout}))
		require.NoError(t, err)
		require.NoError(t, exporter.Start(t.Context(), host{storageID: &diskExtension{client: &diskClient{items: map[string][]byte{}}}}))
		require.NoError(t, exporter.ConsumeLogs(t.Context(), oneRecord(1)))
		synctest.Wait()
		begun := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.NoError(t, exporter.Shutdown(ctx))
		require.Equal(t, timeout, time.Since(begun))
	})
}

// Without `rotation`, which examples/file has.
func TestFileWithoutRotationNeverRecoversFromAFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 32<<20)
	file := filepath.Join(disk, "winnet.jsonl")
	free := fill(t, disk)
	c := start(t, home(t), nil, fmt.Sprintf(`yaml:
receivers: {asimdns: {replay: {path: '%s'}, retry: {initial_interval: 100ms, max_interval: 100ms}}}
exporters: {file: {path: '%s'}}
service: {pipelines: {logs: {receivers: [asimdns], exporters: [file]}}}
`, recording(t, "full", 100, 4), file))
	refused := func() int { return c.metric("otelcol_receiver_refused_log_records") }
	c.until("the disk refuses records", func() bool { return refused() > 0 })
	free()
	n := refused()
	c.until("the exporter has refused them ten more times", func() bool { return refused() >= n+10*100 })
	require.Empty(t, records(t, file))
	require.Zero(t, c.accepted())
}

// The exporters app_insights and sentinel refuse the key.
func TestAMisspelledKeyOfAnExporterWithAnHTTPClientIsIgnored(t *testing.T) {
	t.Parallel()
	dir := home(t)
	for exporter, ignored := range map[string]bool{
		"otlp_http: {endpoint: 'http://127.0.0.1:1', retry_on_failure: {max_elapsed: 0s}}":                                    true,
		"app_insights: {connection_string: InstrumentationKey=0, retry_on_failure: {max_elapsed: 0s}}":                        false,
		"sentinel: {endpoint: 'http://127.0.0.1:1', rule_id: '" + sentinelRule(0) + "', retry_on_failure: {max_elapsed: 0s}}": false,
	} {
		id, _, _ := strings.Cut(exporter, ":")
		cmd := exec.Command(filepath.Join(dir, "otelcol-winnet"), "validate", "--config", fmt.Sprintf("yaml:{receivers: {asimdns: {replay: {path: a.etl}}}, "+
			"exporters: {%s}, service: {pipelines: {logs: {receivers: [asimdns], exporters: [%s]}}}}", exporter, id))
		out, err := cmd.CombinedOutput()
		require.Equal(t, ignored, err == nil, "%s: %s", exporter, out)
		if !ignored {
			require.Contains(t, string(out), "max_elapsed", exporter)
		}
	}
}

// The exporters start before the receivers. Here an exporter waits for the lock of its queue's file.
func TestCtrlCDuringTheStartEndsTheCollectorWithoutAWord(t *testing.T) {
	t.Parallel()
	trip := roadOf("examples/azure-monitor-otlp/config.yaml").begin(t, "yaml:extensions::resilient_file_storage::timeout: 1h")
	c := trip.run(recording(t, "first", 10, 4), 0)
	trip.untilArrived(c, "first", 10)
	require.Equal(t, 10, c.interrupt())
	paths, err := filepath.Glob(filepath.Join(trip.dir, "data/otelcol-winnet/storage/exporter_*"))
	require.NoError(t, err)
	require.Len(t, paths, 1)
	file, err := os.Open(paths[0])
	require.NoError(t, err)
	defer file.Close()
	require.NoError(t, unix.Flock(int(file.Fd()), unix.LOCK_EX))

	c = trip.launch(recording(t, "second", 10, 4), 0)
	c.until("the collector starts", func() bool { return strings.Contains(c.out.String(), "Starting otelcol-winnet") })
	require.NoError(t, c.cmd.Process.Signal(os.Interrupt))
	require.Equal(t, -1, c.exitCode(), "ended by the signal")
	require.NotContains(t, c.out.String(), "Received signal")
	require.NotContains(t, c.out.String(), "Shutdown complete")
}
