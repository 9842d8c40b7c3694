// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFilesAreAPathOrAGlobSorted(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.etl", "a.etl", "a[1].etl", "c.txt"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	for pattern, want := range map[string][]string{"*.etl": {"a.etl", "a[1].etl", "b.etl"}, "b.etl": {"b.etl"}, "a[1].etl": {"a[1].etl"}} {
		files, err := (&Config{Path: filepath.Join(dir, pattern)}).Files()
		require.NoError(t, err)
		for i := range files {
			files[i] = filepath.Base(files[i])
		}
		require.Equal(t, want, files, pattern)
	}
	_, err := (&Config{Path: filepath.Join(dir, "none-*.etl")}).Files()
	require.ErrorIs(t, err, ErrNoFile)
	require.ErrorContains(t, err, "none-*.etl")
}

func TestCheckLooksAtEachFileAndNamesTheKey(t *testing.T) {
	files, err := (&Config{}).Check(func(string) error { t.Fatal("nothing is configured"); return nil })
	require.NoError(t, err)
	require.Empty(t, files)
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err = (&Config{Path: path}).Check(func(string) error { return errors.New("not good") })
	require.EqualError(t, err, "replay.path: not good")
}

func TestAFileNamesItsHostWhateverItIsCalled(t *testing.T) {
	for path, want := range map[string]string{
		"traces/dc1.etl":         "dc1",
		"traces/dc1.corp.etl":    "dc1.corp",
		"traces/.etl":            ".etl",
		"traces/dc\xff\xfe1.etl": "dc\uFFFD1",
	} {
		require.Equal(t, want, Name(path), "%q", path)
	}
}

func TestConfigIsRefusedWithTheKeyTheValueAndWhatIsAllowed(t *testing.T) {
	good := DefaultConfig()
	require.NoError(t, good.Validate())
	require.ErrorContains(t, (&Config{Repeat: -1}).Validate(), "repeat: -1 is not allowed")
	for _, rate := range []float64{-1, math.NaN(), math.Inf(1)} {
		require.ErrorContains(t, (&Config{Rate: rate}).Validate(), "rate: ")
	}
	require.ErrorContains(t, (&Config{Path: "a[", Repeat: 1}).Validate(), "path: ")
}

// play emits two events a file, named by it.
func play(ctx context.Context, path string, emit Emit) error {
	for _, n := range []string{"1", "2"} {
		if err := emit(ctx, []byte(path), []byte(n)); err != nil {
			return err
		}
	}
	return nil
}

func TestRunPlaysTheFilesInOrderAsOftenAsAsked(t *testing.T) {
	var got []string
	emit := func(_ context.Context, head, body []byte) error {
		got = append(got, string(head)+string(body))
		return nil
	}
	require.NoError(t, Run(context.Background(), Config{Repeat: 2}, []string{"a", "b"}, play, emit))
	require.Equal(t, []string{"a1", "a2", "b1", "b2", "a1", "a2", "b1", "b2"}, got)
}

func TestRunWithoutEndStopsWithItsContextAndOnFilesWithoutEvents(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	emit := func(ctx context.Context, _, _ []byte) error {
		if n++; n == 1001 {
			cancel()
		}
		return ctx.Err()
	}
	require.NoError(t, Run(ctx, Config{}, []string{"a"}, play, emit))
	require.Equal(t, 1001, n)
	empty := func(context.Context, string, Emit) error { return nil }
	require.NoError(t, Run(context.Background(), Config{}, []string{"a"}, empty, emit))
}

func TestRunEndsWithTheErrorOfAFile(t *testing.T) {
	bad := func(context.Context, string, Emit) error { return errors.New("disk is gone") }
	require.EqualError(t, Run(context.Background(), Config{Repeat: 1}, []string{"a", "b"}, bad, nil), "replay of a: disk is gone")
}

func TestRateHoldsTheEventsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := func(rate float64) (all []time.Duration) {
			begun := time.Now()
			emit := func(context.Context, []byte, []byte) error { all = append(all, time.Since(begun)); return nil }
			require.NoError(t, Run(t.Context(), Config{Repeat: 2, Rate: rate}, []string{"a"}, play, emit))
			return all
		}
		const ms = time.Millisecond
		require.Equal(t, []time.Duration{0, 2 * ms, 4 * ms, 6 * ms}, at(500))
		require.Equal(t, []time.Duration{0, 0, 1 * ms, 1 * ms}, at(2000), "half a millisecond is not worth a sleep")

		begun := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		stopping := func(context.Context, []byte, []byte) error { cancel(); return nil }
		require.NoError(t, Run(ctx, Config{Repeat: 1, Rate: 1e-6}, []string{"a"}, play, stopping))
		require.Zero(t, time.Since(begun), "a long wait ends with the context")
	})
}
