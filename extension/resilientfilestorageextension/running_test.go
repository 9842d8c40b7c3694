// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// overwrite changes the file of a running client.
func overwrite(t testing.TB, path string, change func(raw []byte)) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	change(raw)
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteAt(raw, 0)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

func TestDamageWhileTheCollectorRunsDoesNotEndIt(t *testing.T) {
	for name, change := range map[string]func(raw []byte){
		"zeros": func(raw []byte) { clear(raw) },
		"noise": func(raw []byte) {
			rng := randomness(5)
			for i := range raw {
				raw[i] = byte(rng.Uint32())
			}
		},
		"pages":        func(raw []byte) { clear(raw[2*os.Getpagesize():]) },
		"both headers": func(raw []byte) { clear(raw[:2*os.Getpagesize()]) },
		"element sizes": func(raw []byte) {
			for at := 2 * os.Getpagesize(); at < len(raw); at += os.Getpagesize() {
				for i := 16; i < 80; i++ {
					raw[at+i] = 0xFE
				}
			}
		},
		"element counts": func(raw []byte) {
			for at := 2 * os.Getpagesize(); at < len(raw); at += os.Getpagesize() {
				raw[at+10], raw[at+11] = 0xFF, 0xFF
			}
		},
		"a value": func(raw []byte) { copy(raw[bytes.Index(raw, []byte("client 10.0.0.8")):], "client 10.0.0.9") },
	} {
		for _, op := range []string{"get", "set", "delete", "batch", "walk", "compact"} {
			if name == "a value" && op != "get" && op != "batch" && op != "walk" {
				continue // these operations do not read the value
			}
			t.Run(name+"/"+op, func(t *testing.T) {
				// Not t.TempDir: on Windows, a file that the database could not close stays until the process ends.
				dir, err := os.MkdirTemp("", "storage")
				require.NoError(t, err)
				t.Cleanup(func() { _ = os.RemoveAll(dir) })
				f := start(t, dir)
				c := f.open(t)
				_, _ = churn(t, randomness(9), 60, batchOf(c))
				require.NoError(t, c.Set(context.Background(), "evidence", []byte("client 10.0.0.8 asked")))
				overwrite(t, f.file(), change)
				switch op {
				case "get":
					_, err := c.Get(context.Background(), "evidence")
					require.ErrorIs(t, err, errSetAside)
				case "set":
					require.NoError(t, c.Set(context.Background(), "1", []byte("kept")))
				case "delete":
					require.NoError(t, c.Delete(context.Background(), "1"))
				case "batch":
					require.ErrorIs(t, c.Batch(context.Background(), storage.SetOperation("1", []byte("kept")), storage.GetOperation("evidence")), errSetAside)
				case "walk":
					require.ErrorIs(t, c.Walk(context.Background(), func(string, []byte) ([]*storage.Operation, error) { return nil, nil }), errSetAside)
				case "compact":
					c.compact(func(*diskStore) (bool, error) { return true, nil })
				}
				if op == "set" || op == "batch" {
					got, err := c.Get(context.Background(), "1")
					require.NoError(t, err)
					require.Equal(t, "kept", string(got), "the value is stored in the new file")
				}
				requireGoesOn(t, c)
				require.Equal(t, map[string]int64{"running": 1}, f.counted(t))
				require.Len(t, f.aside(t), 1)
				require.Equal(t, 1, f.logs.FilterMessageSnippet("the file is damaged and was set aside").Len())
				require.NoError(t, c.Close(context.Background()))
				require.Equal(t, "record", string(content(t, f.open(t))["new"]))
			})
		}
	}
}

func TestAFileThatIsCutWhileAClientRunsDoesNotEndIt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not run: Windows refuses to cut a file that is mapped")
	}
	f := start(t, t.TempDir())
	c := f.open(t)
	_, _ = churn(t, randomness(9), 60, batchOf(c))
	require.NoError(t, os.Truncate(f.file(), 100))
	requireGoesOn(t, c)
	require.Len(t, f.aside(t), 1)
}

func TestAPanicOfTheFunctionOfWalkIsNotDamage(t *testing.T) {
	f := start(t, t.TempDir())
	c := f.open(t)
	requireGoesOn(t, c)
	require.PanicsWithValue(t, "theirs", func() {
		_ = c.Walk(context.Background(), func(string, []byte) ([]*storage.Operation, error) { panic("theirs") })
	})
	require.Empty(t, f.aside(t))
	requireGoesOn(t, c)
}

func TestCompactionKeepsEverythingAndShrinksTheFile(t *testing.T) {
	f := start(t, t.TempDir(), func(cfg *Config) { cfg.Compaction.OnStart = true; cfg.Compaction.Directory = cfg.Directory })
	c := f.open(t)
	_, want := churn(t, randomness(11), 300, batchOf(c))
	for key := range want {
		if len(key) == 3 {
			require.NoError(t, c.Delete(context.Background(), key))
			delete(want, key)
		}
	}
	require.NoError(t, c.Close(context.Background()))
	before, err := os.Stat(f.file())
	require.NoError(t, err)
	c = f.open(t)
	require.Equal(t, want, content(t, c))
	requireGoesOn(t, c)
	require.NoError(t, c.Close(context.Background()))
	after, err := os.Stat(f.file())
	require.NoError(t, err)
	require.Less(t, after.Size(), before.Size())
	left, err := filepath.Glob(filepath.Join(f.dir, "tempdb*"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.Empty(t, f.aside(t))
}

func TestTheFileIsCompactedWhenMostOfItIsFree(t *testing.T) {
	f := start(t, t.TempDir(), func(cfg *Config) {
		cfg.Compaction.OnRebound = true
		cfg.Compaction.CheckInterval = time.Millisecond
		cfg.Compaction.ReboundNeededThresholdMiB = 1
		cfg.Compaction.ReboundTriggerThresholdMiB = 1
	})
	c := f.open(t)
	require.NoError(t, c.Set(context.Background(), "large", make([]byte, 8<<20)))
	require.NoError(t, c.Set(context.Background(), "small", []byte("kept")))
	require.NoError(t, c.Delete(context.Background(), "large"))
	require.Eventually(t, func() bool {
		info, err := os.Stat(f.file())
		return err == nil && info.Size() < 4<<20
	}, time.Minute, time.Millisecond)
	require.Equal(t, model{"small": []byte("kept")}, content(t, c))
}

func TestWithoutAFolderTheClientWorksInMemoryAndMovesToAFileAsSoonAsItCan(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "storage")
	require.NoError(t, os.WriteFile(dir, []byte("a file in the folder's place"), 0o600))
	synctest.Test(t, func(t *testing.T) {
		f := start(t, dir, func(cfg *Config) { cfg.CreateDirectory = true })
		c := f.open(t)
		_, want := churn(t, randomness(13), 50, batchOf(c))
		require.Equal(t, want, content(t, c))
		require.Positive(t, f.memorySize())
		said := f.logs.FilterMessageSnippet("kept in memory and is lost when the collector ends")
		require.Equal(t, 1, said.Len())

		require.NoError(t, os.Remove(dir))
		require.NoError(t, c.Delete(context.Background(), "no such key"))
		require.NoFileExists(t, f.file(), "the file is not tried at each call")
		time.Sleep(fileRetry)
		require.NoError(t, c.Set(context.Background(), "new", []byte("record")))
		want["new"] = []byte("record")
		require.FileExists(t, f.file())
		require.Zero(t, f.memorySize())
		require.Equal(t, 1, f.logs.FilterMessageSnippet("can be used again").Len())
		require.NoError(t, c.Close(context.Background()))
		require.Equal(t, want, content(t, f.open(t)))
	})
}

func TestAFolderInTheFilesPlaceIsLeftAloneAndTheLossIsLogged(t *testing.T) {
	f := start(t, t.TempDir())
	require.NoError(t, os.Mkdir(f.file(), 0o700))
	c := f.open(t)
	requireGoesOn(t, c)
	require.Contains(t, fmt.Sprint(f.logs.All()), "it is not a regular file")
	require.NoError(t, c.Close(context.Background()))
	lost := f.logs.FilterMessage("queued data that is in memory is lost, because the file cannot be used").All()
	require.Len(t, lost, 1)
	require.Equal(t, "it is not a regular file; remove or rename it", lost[0].ContextMap()["since"])
	require.Contains(t, lost[0].ContextMap()["error"], "it is left alone")
	require.Equal(t, int64(1), lost[0].ContextMap()["keys"])
	require.DirExists(t, f.file())
}

func TestAtTheEndDataInMemoryMovesToAFileIfPossible(t *testing.T) {
	f := start(t, t.TempDir())
	require.NoError(t, os.Mkdir(f.file(), 0o700))
	c := f.open(t)
	requireGoesOn(t, c)
	require.NoError(t, os.Remove(f.file()))
	require.NoError(t, c.Close(context.Background()))
	require.Equal(t, model{"new": []byte("record")}, content(t, f.open(t)))
	require.Zero(t, f.logs.FilterMessageSnippet("is in memory is lost").Len())
}

// A component that must know whether its state outlasts the process can ask. Its log lines speak of its state, not of queued data.
func TestAClientSaysWhetherWhatItHasIsInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, t.TempDir())
		open := func() *client {
			c, err := f.GetClient(context.Background(), component.KindReceiver, exporterID, "replay")
			require.NoError(t, err)
			return c.(*client)
		}
		c := open()
		require.NoError(t, c.InMemory())
		require.NoError(t, c.Close(context.Background()))
		require.NoError(t, c.InMemory())

		require.NoError(t, os.Remove(c.path))
		require.NoError(t, os.Mkdir(c.path, 0o700))
		c = open()
		require.NoError(t, c.Set(context.Background(), "place", []byte("1")))
		require.ErrorContains(t, c.InMemory(), c.path+": it is not a regular file")
		require.Equal(t, 1, f.logs.FilterMessageSnippet("the state of the component is kept in memory").Len())
		require.NoError(t, c.Close(context.Background()))
		require.Error(t, c.InMemory())
		require.Equal(t, 1, f.logs.FilterMessageSnippet("the state of the component that is in memory is lost").Len())

		c = open()
		require.NoError(t, c.Set(context.Background(), "place", []byte("2")))
		require.NoError(t, os.Remove(c.path))
		time.Sleep(fileRetry)
		require.NoError(t, c.Set(context.Background(), "place", []byte("3")))
		require.NoError(t, c.InMemory())
		require.NoError(t, c.Close(context.Background()))
	})
}

func TestWithoutMemoryAFileThatCannotBeUsedIsAnError(t *testing.T) {
	f := start(t, t.TempDir(), func(cfg *Config) { cfg.MaxMemoryMiB = 0 })
	require.NoError(t, os.Mkdir(f.file(), 0o700))
	_, err := f.GetClient(context.Background(), component.KindExporter, exporterID, "logs")
	require.ErrorContains(t, err, "it is not a regular file; remove or rename it")
}

func TestFullMemoryRefusesNewDataAndStillEmpties(t *testing.T) {
	ctx := context.Background()
	f := start(t, t.TempDir(), func(cfg *Config) { cfg.MaxMemoryMiB = 1 })
	require.NoError(t, os.Mkdir(f.file(), 0o700))
	c := f.open(t)
	require.NoError(t, c.Set(ctx, "qmv0", []byte("1")))
	n := 0
	for ; ; n++ {
		if err := c.Batch(ctx, storage.SetOperation("qmv0", []byte("12")), storage.SetOperation(fmt.Sprint(n), make([]byte, 100_000))); err != nil {
			require.ErrorIs(t, err, storage.ErrStorageFull)
			break
		}
	}
	require.Equal(t, 10, n)
	require.Len(t, content(t, c), n+1, "a batch is stored completely or not at all")
	require.NoError(t, c.Set(ctx, "qmv0", bytes.Repeat([]byte("1"), 60_000)), "an overwritten value passes")
	require.NoError(t, c.Delete(ctx, "0"))
	require.NoError(t, c.Set(ctx, "qmv0", []byte("3")))
	require.NoError(t, c.Set(ctx, "10", make([]byte, 100_000)))
}

func TestAClosedClientReturnsAnError(t *testing.T) {
	f := start(t, t.TempDir())
	c := f.open(t)
	require.NoError(t, c.Close(context.Background()))
	require.NoError(t, c.Close(context.Background()))
	require.ErrorIs(t, c.Set(context.Background(), "a", nil), errClosed)
}

func TestAFileThatBboltClosedIsOpenedAgainAndIsNotDamaged(t *testing.T) {
	f := start(t, t.TempDir())
	c := f.open(t)
	_, want := churn(t, randomness(15), 30, batchOf(c))
	require.NoError(t, c.store.(*diskStore).db.Close())
	require.Equal(t, want, content(t, c))
	require.NoError(t, c.store.(*diskStore).db.Close())
	requireGoesOn(t, c)
	require.Empty(t, f.aside(t))
	require.Equal(t, 2, f.logs.FilterMessageSnippet("opened again").Len())
}
