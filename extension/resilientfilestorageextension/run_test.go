// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/extension/resilientfilestorageextension/internal/metadata"
)

// begin starts a run of a collector with its storage in a folder.
func begin(t *testing.T, folder string) (*fileStorage, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	set := extensiontest.NewNopSettings(metadata.Type)
	set.ID, set.Logger = component.NewID(metadata.Type), zap.New(core)
	cfg := createDefaultConfig().(*Config)
	cfg.Directory = folder
	e, err := newFileStorage(set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	return e, logs
}

// kill ends a run as the end of its process does.
func kill(t *testing.T, e *fileStorage) {
	t.Helper()
	close(e.run.stop)
	e.run.ended.Wait()
	require.NoError(t, e.run.file.Close())
}

func TestAStartAfterAKillSaysWhichTimeIsAtRisk(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		asim, cilium := component.MustNewID("asimdns"), component.MustNewID("ciliumwindows")
		e, logs := begin(t, folder)
		started := time.Now().UTC()
		require.Zero(t, logs.Len(), "there was no run before")
		time.Sleep(time.Hour + time.Second)
		seen := time.Now().UTC().Truncate(aliveInterval)
		kill(t, e)

		time.Sleep(time.Minute)
		e, logs = begin(t, folder)
		entry := logs.TakeAll()[0]
		require.Equal(t, zap.WarnLevel, entry.Level)
		require.Contains(t, entry.Message, "the last run did not end")
		require.Equal(t, map[string]any{
			"at_risk_from": seen, "at_risk_until": time.Now().UTC(), "last_run_started": started, "last_run_seen": seen, "event_log_id": int64(105),
		}, entry.ContextMap())

		delivered := time.Now().UTC()
		e.Delivered(cilium, delivered.Add(30*time.Second))
		e.Delivered(asim, delivered)
		time.Sleep(time.Minute + time.Second)
		kill(t, e)
		e, logs = begin(t, folder)
		require.Equal(t, delivered, logs.TakeAll()[0].ContextMap()["at_risk_from"], "the receiver that is behind")
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

func TestAStartAfterAStopSaysNothing(t *testing.T) {
	folder := t.TempDir()
	for range 2 {
		e, logs := begin(t, folder)
		require.FileExists(t, filepath.Join(folder, "run_resilient_file_storage"))
		require.NoError(t, e.Shutdown(t.Context()))
		require.Zero(t, logs.Len())
		names, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Empty(t, names)
	}
}

func TestAFileOfARunThatCannotBeReadIsStillReported(t *testing.T) {
	folder := t.TempDir()
	for _, text := range []string{"{", "no run", `{"started":1}`, "\x00\x00\x00"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "run_resilient_file_storage"), []byte(text), 0o600))
		e, logs := begin(t, folder)
		entry := logs.TakeAll()[0]
		require.Contains(t, entry.Message, "the last run did not end")
		require.Contains(t, entry.Message, "at_risk_from is not known")
		require.NoError(t, e.Shutdown(t.Context()))
	}
}

func TestASecondCollectorInTheFolderStartsAndLeavesTheFileAlone(t *testing.T) {
	folder := t.TempDir()
	first, _ := begin(t, folder)
	second, logs := begin(t, folder)
	require.Equal(t, 1, logs.FilterMessageSnippet("cannot note that the collector runs").Len())
	second.Delivered(component.MustNewID("asimdns"), time.Now())
	require.NoError(t, second.Shutdown(t.Context()))
	require.FileExists(t, filepath.Join(folder, "run_resilient_file_storage"))
	require.NoError(t, first.Shutdown(t.Context()))
	require.NoFileExists(t, filepath.Join(folder, "run_resilient_file_storage"))
}
