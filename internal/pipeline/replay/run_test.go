// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// play emits two events a file, named by it.
func play(ctx context.Context, p Part, emit Emit) error {
	for _, n := range []string{"1", "2"} {
		if err := emit(ctx, []byte(p.Path), []byte(n)); err != nil {
			return err
		}
	}
	return nil
}

// runOf runs a replay to its end.
func runOf(ctx context.Context, c Config, files []string, play Play, emit Emit) *UnreadError {
	unread, _ := run(ctx, c, files, finished(play), emit, newProgress(c, files))
	return unread
}

// collect gives an Emit and what it got.
func collect() (*[]string, Emit) {
	var got []string
	return &got, func(_ context.Context, head, body []byte) error {
		got = append(got, string(head)+string(body))
		return nil
	}
}

func TestRunPlaysTheFilesInOrderAsOftenAsAsked(t *testing.T) {
	got, emit := collect()
	require.Nil(t, runOf(context.Background(), Config{Repeat: 2}, []string{"a", "b"}, play, emit))
	require.Equal(t, []string{"a1", "a2", "b1", "b2", "a1", "a2", "b1", "b2"}, *got)
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
	require.Nil(t, runOf(ctx, Config{}, []string{"a"}, play, emit))
	require.Equal(t, 1001, n)
	empty := func(context.Context, Part, Emit) error { return nil }
	require.Nil(t, runOf(context.Background(), Config{}, []string{"a"}, empty, emit))
}

func TestEachFileStandsForItself(t *testing.T) {
	got, emit := collect()
	broken := func(ctx context.Context, p Part, emit Emit) error {
		path := p.Path
		switch path {
		case "gone":
			return &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
		case "half":
			return errors.Join(emit(ctx, []byte(path), nil), errors.New("disk is gone"))
		}
		return play(ctx, p, emit)
	}
	unread := runOf(context.Background(), Config{Repeat: 2}, []string{"a", "gone", "b", "half", "c"}, broken, emit)
	require.Equal(t, []string{"a1", "a2", "b1", "b2", "half", "c1", "c2", "a1", "a2", "b1", "b2", "half", "c1", "c2"}, *got)
	require.EqualError(t, unread, "replay.path: 2 of 5 files could not be read in full: open gone: file does not exist; half: disk is gone")
}

func TestAFileThatGrowsWhileItIsReadIsNamed(t *testing.T) {
	_, emit := collect()
	files := filesOf(t, 10, 10)
	growing := func(ctx context.Context, p Part, emit Emit) error {
		path := p.Path
		if path == files[1] {
			require.NoError(t, os.WriteFile(path, make([]byte, 25), 0o600))
		}
		return play(ctx, p, emit)
	}
	unread := runOf(context.Background(), Config{Repeat: 2}, files, growing, emit)
	require.Len(t, unread.Files, 1)
	require.EqualError(t, unread.Files[0].Err, "it has grown from 10 to 25 bytes while it was read, and what came last may be missing; replay it when it is finished, or with follow: true")
}

func TestARunThatIsStoppedIsCompleteOnlyWhenItsFilesHadEnded(t *testing.T) {
	for stopAfter, want := range map[int]bool{1: false, 2: false, 3: false, 4: true, 5: true} {
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		emit := func(context.Context, []byte, []byte) error {
			if n++; n == stopAfter {
				cancel()
			}
			return nil
		}
		heeding := func(ctx context.Context, p Part, emit Emit) error {
			for range 2 {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err := emit(ctx, nil, nil); err != nil {
					return err
				}
			}
			return nil
		}
		c := Config{Repeat: 2}
		unread, complete := run(ctx, c, []string{"a"}, heeding, emit, newProgress(c, []string{"a"}))
		require.Nil(t, unread)
		require.Equal(t, want, complete, "stopped after event %d of 4", stopAfter)
		cancel()
	}
}

func TestManyUnreadFilesAreNamedInShort(t *testing.T) {
	var files []string
	for i := range 1000 {
		files = append(files, fmt.Sprintf("dns_%d.etl", i))
	}
	unread := runOf(context.Background(), Config{Repeat: 1}, files, func(context.Context, Part, Emit) error { return errors.New("gone") }, nil)
	require.Len(t, unread.Files, 1000)
	require.ErrorContains(t, unread, "1000 of 1000 files could not be read in full: dns_0.etl: gone; ")
	require.ErrorContains(t, unread, "dns_9.etl: gone; and 990 more")
}

func TestRateHoldsTheEventsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := func(rate float64) (all []time.Duration) {
			begun := time.Now()
			emit := func(context.Context, []byte, []byte) error { all = append(all, time.Since(begun)); return nil }
			require.Nil(t, runOf(t.Context(), Config{Repeat: 2, Rate: rate}, []string{"a"}, play, emit))
			return all
		}
		const ms = time.Millisecond
		require.Equal(t, []time.Duration{0, 2 * ms, 4 * ms, 6 * ms}, at(500))
		require.Equal(t, []time.Duration{0, 0, 1 * ms, 1 * ms}, at(2000), "half a millisecond is not worth a sleep")

		begun := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		stopping := func(context.Context, []byte, []byte) error { cancel(); return nil }
		require.Nil(t, runOf(ctx, Config{Repeat: 1, Rate: 1e-6}, []string{"a"}, play, stopping))
		require.Zero(t, time.Since(begun), "a long wait ends with the context")

		ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		n := 0
		counting := func(context.Context, []byte, []byte) error { n++; return nil }
		require.Nil(t, runOf(ctx, Config{Repeat: 1, Rate: 1e-300}, []string{"a"}, play, counting))
		require.Equal(t, 1, n, "a wait beyond what a duration holds is a wait")
	})
}
