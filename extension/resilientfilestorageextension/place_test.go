// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
)

// closing is a store whose close lets another goroutine ask for the size of the memory, and waits until it does.
type closing struct {
	*memoryStore
	e     *fileStorage
	asked chan struct{}
}

func (s *closing) close() error {
	go func() { _ = s.e.memorySize(); close(s.asked) }()
	for s.e.mu.TryLock() {
		s.e.mu.Unlock()
		time.Sleep(time.Microsecond)
		select {
		case <-s.asked:
			return errors.New("the question did not wait for the client")
		default:
		}
	}
	return nil
}

func TestReadingTheMetricsDoesNotBlockAClientThatCloses(t *testing.T) {
	f := start(t, t.TempDir())
	opened, err := f.GetClient(context.Background(), component.KindExporter, exporterID, "logs")
	require.NoError(t, err)
	c := opened.(*client)
	require.NoError(t, c.store.close())
	s := &closing{newMemoryStore(0), f.fileStorage, make(chan struct{})}
	c.store = s
	closed := make(chan error, 1)
	go func() { closed <- c.Close(context.Background()) }()
	select {
	case err := <-closed:
		require.NoError(t, err)
	case <-time.After(3 * time.Second):
		t.Fatal("Close and the question wait for each other")
	}
	<-s.asked
	require.Zero(t, f.memorySize())
}

func TestADamagedFileThatBboltClosedIsSetAside(t *testing.T) {
	f := start(t, t.TempDir())
	c := f.open(t)
	_, _ = churn(t, randomness(15), 30, batchOf(c))
	require.NoError(t, c.store.(*diskStore).db.Close())
	overwrite(t, f.file(), func(raw []byte) { clear(raw) })
	requireGoesOn(t, c)
	require.Len(t, f.aside(t), 1)
	require.Equal(t, map[string]int64{"running": 1}, f.counted(t))
}

// The host's clock was set back, so the file that was just set aside has the oldest name.
func TestTheFileThatWasJustSetAsideStaysWhateverTheClockSays(t *testing.T) {
	f := start(t, t.TempDir(), func(cfg *Config) { cfg.MaxDamagedFiles = 2 })
	for _, at := range []string{"21260101T000000.000Z", "21260102T000000.000Z", "21260103T000000.000Z"} {
		require.NoError(t, os.WriteFile(f.file()+asideInfix+at, []byte("of "+at), 0o600))
	}
	require.NoError(t, os.WriteFile(f.file(), []byte("damage"), 0o600))
	require.NoError(t, f.open(t).Close(context.Background()))
	files := f.aside(t)
	require.Len(t, files, 2)
	raw, err := os.ReadFile(files[0])
	require.NoError(t, err)
	require.Equal(t, "damage", string(raw))
	require.Equal(t, f.file()+asideInfix+"21260103T000000.000Z", files[1])
}

func TestAFileThatWasRemovedWhileItWasInUseIsLoggedAtTheEnd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not run: Windows does not remove a file that is in use")
	}
	f := start(t, filepath.Join(t.TempDir(), "storage"), func(cfg *Config) { cfg.CreateDirectory = true })
	c := f.open(t)
	requireGoesOn(t, c)
	require.NoError(t, os.RemoveAll(f.dir))
	requireGoesOn(t, c)
	require.NoError(t, c.Close(context.Background()))
	require.Equal(t, 1, f.logs.FilterMessageSnippet("removed or replaced while it was in use").Len())

	c = f.open(t)
	require.Empty(t, content(t, c))
	require.NoError(t, c.Close(context.Background()))
	require.Equal(t, 1, f.logs.FilterMessageSnippet("removed or replaced while it was in use").Len(), "it is logged for that file only")
}
