// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/extension/resilientfilestorageextension/internal/metadata"
)

// fixture is an extension with its logs and metrics.
type fixture struct {
	*fileStorage
	dir  string
	logs *observer.ObservedLogs
	tel  *componenttest.Telemetry
}

func start(t testing.TB, dir string, change ...func(*Config)) *fixture {
	cfg := createDefaultConfig().(*Config)
	cfg.Directory = dir
	cfg.Compaction.Directory = dir
	for _, f := range change {
		f(cfg)
	}
	core, logs := observer.New(zap.InfoLevel)
	tel := componenttest.NewTelemetry()
	set := extensiontest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	set.Logger = zap.New(core)
	e, err := newFileStorage(set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(context.Background(), nil))
	t.Cleanup(func() {
		require.NoError(t, e.Shutdown(context.Background()))
		require.NoError(t, tel.Shutdown(context.Background()))
	})
	return &fixture{fileStorage: e, dir: dir, logs: logs, tel: tel}
}

var exporterID = component.MustNewIDWithName("otlp_http", "siem")

// open returns the client of an exporter's queue of logs.
func (f *fixture) open(t testing.TB) *client {
	c, err := f.GetClient(context.Background(), component.KindExporter, exporterID, "logs")
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c.(*client)
}

// file returns the path of that client's file.
func (f *fixture) file() string { return filepath.Join(f.dir, "exporter_otlp_http_siem_logs") }

func (f *fixture) aside(t testing.TB) (files []string) {
	files, err := filepath.Glob(f.file() + asideInfix + "*")
	require.NoError(t, err)
	return files
}

// counted returns the number of files set aside, by when the damage was found.
func (f *fixture) counted(t testing.TB) map[string]int64 {
	got := map[string]int64{}
	m, err := f.tel.GetMetric("otelcol_extension_resilient_file_storage_files_set_aside")
	if err != nil {
		return got
	}
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		found, _ := point.Attributes.Value("found")
		got[found.AsString()] = point.Value
	}
	return got
}

// content reads everything in a client's store.
func content(t testing.TB, c *client) model {
	got := model{}
	require.NoError(t, c.Walk(context.Background(), func(key string, value []byte) ([]*storage.Operation, error) {
		got[key] = append([]byte{}, value...)
		return nil, nil
	}))
	return got
}

func batchOf(c storage.Client) func(ops ...*storage.Operation) error {
	return func(ops ...*storage.Operation) error { return c.Batch(context.Background(), ops...) }
}

// requireGoesOn requires that the client can store and read.
func requireGoesOn(t testing.TB, c *client) {
	t.Helper()
	require.NoError(t, c.Set(context.Background(), "new", []byte("record")))
	got, err := c.Get(context.Background(), "new")
	require.NoError(t, err)
	require.Equal(t, "record", string(got))
}

// damage changes a file at random, in one of the ways in which disks and people damage files.
func damage(rng *rand.Rand, raw []byte) (what string, damaged []byte) {
	raw = bytes.Clone(raw)
	sector := func() []byte { at := rng.IntN(len(raw)/512) * 512; return raw[at : at+512] }
	page := func() []byte { at := rng.IntN(len(raw)/4096) * 4096; return raw[at : at+4096] }
	noise := func(b []byte) {
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
	}
	switch rng.IntN(9) {
	case 0:
		raw[rng.IntN(len(raw))] ^= 1 << rng.IntN(8)
		return "a bit", raw
	case 1:
		for range 1 + rng.IntN(50) {
			raw[rng.IntN(len(raw))] = byte(rng.Uint32())
		}
		return "some bytes", raw
	case 2:
		clear(sector())
		return "a sector of zeros", raw
	case 3:
		noise(sector())
		return "a sector of noise", raw
	case 4:
		clear(page())
		return "a page of zeros", raw
	case 5:
		copy(page(), page())
		return "a page elsewhere", raw
	case 6:
		return "cut", raw[:rng.IntN(len(raw))]
	case 7:
		clear(raw[rng.IntN(len(raw)):])
		return "zeros to the end", raw
	default:
		p := page()
		noise(p[:16+rng.IntN(200)])
		return "the beginning of a page", raw
	}
}

func TestAFileDamagedAtRandomIsSoundOrSetAside(t *testing.T) {
	const rounds = 160
	var raw []byte
	var before, after model
	aside, sound := 0, 0
	for round := range rounds {
		rng := randomness(uint64(round))
		if round%20 == 0 {
			f := start(t, t.TempDir())
			c := f.open(t)
			before, after = churn(t, rng, 30+rng.IntN(100), batchOf(c))
			require.NoError(t, c.Close(context.Background()))
			var err error
			raw, err = os.ReadFile(f.file())
			require.NoError(t, err)
		}
		what, damaged := damage(rng, raw)
		f := start(t, t.TempDir())
		require.NoError(t, os.WriteFile(f.file(), damaged, 0o600))
		c := f.open(t)
		got := content(t, c)
		switch files := f.aside(t); {
		case len(files) == 1:
			aside++
			require.Empty(t, got)
			kept, err := os.ReadFile(files[0])
			require.NoError(t, err)
			require.True(t, bytes.Equal(damaged, kept), "the file set aside is not altered")
			require.Equal(t, map[string]int64{"start": 1}, f.counted(t))
			require.Equal(t, 1, f.logs.FilterMessageSnippet("the file is damaged and was set aside").Len())
		case f.logs.FilterMessageSnippet("of its two headers is damaged").Len() == 1:
			require.Contains(t, []string{fmt.Sprint(before), fmt.Sprint(after)}, fmt.Sprint(got), "%d: %s", round, what)
		case len(damaged) == 0:
			require.Empty(t, got)
		default:
			sound++
			require.Equal(t, fmt.Sprint(after), fmt.Sprint(got), "%d: %s", round, what)
		}
		requireGoesOn(t, c)
		require.NoError(t, c.Close(context.Background()))
	}
	require.Greater(t, aside, rounds/3)
	require.Greater(t, sound, rounds/20)
}

func TestAFileOfFileStorageIsUsedAndMovesToChecksums(t *testing.T) {
	dir := t.TempDir()
	cfg := filestorage.NewFactory().CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = dir
	theirs, err := filestorage.NewFactory().Create(context.Background(), extensiontest.NewNopSettings(filestorage.NewFactory().Type()), cfg)
	require.NoError(t, err)
	old, err := theirs.(storage.Extension).GetClient(context.Background(), component.KindExporter, exporterID, "logs")
	require.NoError(t, err)
	_, want := churn(t, randomness(3), 100, batchOf(old))
	require.NoError(t, old.Close(context.Background()))

	f := start(t, dir)
	c := f.open(t)
	require.Equal(t, want, content(t, c))
	for key, value := range want {
		got, err := c.Get(context.Background(), key)
		require.NoError(t, err)
		require.Equal(t, value, got)
		if len(key) == 1 {
			require.NoError(t, c.Delete(context.Background(), key))
			delete(want, key)
		} else if len(key) == 2 {
			want[key] = []byte("anew " + key)
			require.NoError(t, c.Set(context.Background(), key, want[key]))
		}
	}
	require.Equal(t, want, content(t, c))
	require.NoError(t, c.Close(context.Background()))
	require.Empty(t, f.aside(t))

	db, err := bbolt.Open(f.file(), 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.View(func(tx *bbolt.Tx) error {
		for key := range want {
			sealed, bare := tx.Bucket([]byte(sealedBucket)).Get([]byte(key)), tx.Bucket([]byte(bareBucket)).Get([]byte(key))
			require.Equal(t, len(key) == 2, sealed != nil, key)
			require.Equal(t, len(key) != 2, bare != nil, key)
		}
		return nil
	}))
	require.NoError(t, db.Close())
}

func TestTheFileHasTheNameThatFileStorageGivesIt(t *testing.T) {
	for kind, names := range map[component.Kind][]string{
		component.KindExporter:  {"", "logs"},
		component.KindReceiver:  {"", "a/b~c"},
		component.KindProcessor: {"x y"},
		component.KindExtension: {strings.Repeat("long", 100)},
		component.KindConnector: {"ü"},
	} {
		for _, name := range names {
			if runtime.GOOS == "windows" && len(name) > 200 {
				continue // Windows reports a long name with an error that file_storage does not know
			}
			dir := t.TempDir()
			cfg := filestorage.NewFactory().CreateDefaultConfig().(*filestorage.Config)
			cfg.Directory = dir
			theirs, err := filestorage.NewFactory().Create(context.Background(), extensiontest.NewNopSettings(filestorage.NewFactory().Type()), cfg)
			require.NoError(t, err)
			old, err := theirs.(storage.Extension).GetClient(context.Background(), kind, exporterID, name)
			require.NoError(t, err)
			require.NoError(t, old.Close(context.Background()))
			require.FileExists(t, clientPath(dir, kind, exporterID, name))
		}
	}
}

func TestALockedFileIsNotDamaged(t *testing.T) {
	f := start(t, t.TempDir(), func(cfg *Config) { cfg.Timeout = 1 })
	c := f.open(t)
	requireGoesOn(t, c)
	_, err := f.GetClient(context.Background(), component.KindExporter, exporterID, "logs")
	require.ErrorContains(t, err, "another process has the file")
	requireGoesOn(t, c)
	require.Empty(t, f.aside(t))
}

func TestAnEmptyFileIsCreatedAgain(t *testing.T) {
	f := start(t, t.TempDir())
	require.NoError(t, os.WriteFile(f.file(), nil, 0o600))
	requireGoesOn(t, f.open(t))
	require.Empty(t, f.aside(t))
	require.Equal(t, 1, f.logs.FilterMessageSnippet("empty").Len())
}

func TestAFileSetAsideIsNeverOverwrittenAndTheOldestAreRemovedWhenThereAreTooMany(t *testing.T) {
	for keep, want := range map[int]int{0: 9, 3: 3} {
		f := start(t, t.TempDir(), func(cfg *Config) { cfg.MaxDamagedFiles = keep })
		for i := range 9 {
			require.NoError(t, os.WriteFile(f.file(), fmt.Appendf(nil, "damage %d", i), 0o600))
			require.NoError(t, f.open(t).Close(context.Background()))
		}
		files := f.aside(t)
		require.Len(t, files, want)
		var kept []string
		for _, file := range files {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			kept = append(kept, string(raw))
		}
		require.Contains(t, kept, "damage 8")
		require.Equal(t, 9-want, f.logs.FilterMessageSnippet("were removed").Len())
		require.Equal(t, map[string]int64{"start": 9}, f.counted(t))
	}
}

func TestAValueThatChangedOnDiskIsNotDelivered(t *testing.T) {
	f := start(t, t.TempDir())
	c := f.open(t)
	require.NoError(t, c.Set(context.Background(), "7", []byte("client 10.0.0.8 asked for www.contoso.com")))
	require.NoError(t, c.Close(context.Background()))
	raw, err := os.ReadFile(f.file())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(f.file(), bytes.ReplaceAll(raw, []byte("10.0.0.8"), []byte("10.0.0.9")), 0o600))
	c = f.open(t)
	got, err := c.Get(context.Background(), "7")
	require.NoError(t, err)
	require.Nil(t, got)
	require.Len(t, f.aside(t), 1)
	require.Contains(t, fmt.Sprint(f.logs.All()), `the value of "7" has the checksum`)
}
