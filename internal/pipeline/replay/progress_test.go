// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// tenBytes plays ten events of a byte each.
func tenBytes(ctx context.Context, _ Part, emit Emit) error {
	for range 10 {
		if err := emit(ctx, []byte{0}, nil); err != nil {
			return err
		}
	}
	return nil
}

// filesOf makes files of so many bytes.
func filesOf(t *testing.T, sizes ...int) (files []string) {
	t.Helper()
	dir := t.TempDir()
	for i, size := range sizes {
		path := filepath.Join(dir, string(rune('a'+i)))
		require.NoError(t, os.WriteFile(path, make([]byte, size), 0o600))
		files = append(files, path)
	}
	return files
}

func TestProgressIsLoggedEveryTenSeconds(t *testing.T) {
	files := filesOf(t, 20, 5)
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		c := Config{Repeat: 2, Rate: 0.5}
		p := newProgress(c, files)
		ctx, cancel := context.WithCancel(t.Context())
		go p.report(ctx, zap.New(core))
		go run(ctx, c, files, tenBytes, func(context.Context, []byte, []byte) error { return nil }, p)
		time.Sleep(61 * time.Second)
		synctest.Wait()
		lines := logs.FilterMessage("replaying").AllUntimed()
		require.Len(t, lines, 6)
		// At 10 s the event due then may come before or after the line; at 0.5 a second it is the sixth.
		require.InDelta(t, 5, lines[0].ContextMap()["events"], 1)
		require.InDelta(t, 10, lines[0].ContextMap()["percent"], 2, "5 or 6 of twice 20 + 5 bytes")
		last := lines[5].ContextMap()
		require.InDelta(t, 30, last["events"], 1)
		require.InDelta(t, 0.5, last["events_per_second"], 0.1)
		require.InDelta(t, 91, last["percent"], 1, "three of four plays are over: 45 of 50 bytes, and there may be an event of the fourth")
		left, err := time.ParseDuration(last["time_left"].(string))
		require.NoError(t, err)
		require.InDelta(t, 6, left.Seconds(), 2, "nine to eleven parts of ten took 60 s")
		cancel()
		synctest.Wait()
	})
}

func TestAReplayWithoutEndHasNoPercentAndNoTimeLeft(t *testing.T) {
	p := newProgress(Config{Repeat: 0}, filesOf(t, 20))
	p.begin(0)
	p.passed(10)
	_, ok := p.share()
	require.False(t, ok)
	_, ok = p.left()
	require.False(t, ok)
}

func TestTheShareIsOfAllBytesAndNeverBeyondAFile(t *testing.T) {
	files := append(filesOf(t, 20, 20), "gone")
	c := Config{Repeat: 1}
	p := newProgress(c, files)
	var shares []float64
	emit := func(context.Context, []byte, []byte) error { return nil }
	play := func(ctx context.Context, part Part, emit Emit) error {
		path := part.Path
		if path == "gone" {
			return errors.New("gone")
		}
		for range 3 {
			if err := emit(ctx, make([]byte, 9), nil); err != nil {
				return err
			}
			share, ok := p.share()
			require.True(t, ok)
			shares = append(shares, share)
		}
		return nil
	}
	unread, complete := run(context.Background(), c, files, play, emit, p)
	require.Equal(t, []float64{9. / 40, 18. / 40, 20. / 40, 29. / 40, 38. / 40, 1}, shares)
	require.Equal(t, int64(1), p.unread.Load())
	require.Len(t, unread.Files, 1)
	require.True(t, complete)
	require.False(t, p.Ended())
	p.finish()
	require.True(t, p.Ended())
	share, _ := p.share()
	require.Equal(t, 1.0, share)
}
