// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(otherProcess); path != "" {
		recordAlone(path)
		return
	}
	goleak.VerifyTestMain(m)
}

// lines is a format with a line for each event, written three at a time, and a last line. It cannot hold an empty event.
type lines struct {
	to   Destination
	buf  []byte
	held int
	size int64
}

func (l *lines) add(format string, args ...any) error {
	l.buf = fmt.Appendf(l.buf, format+"\n", args...)
	if l.held++; l.held < 3 {
		return nil
	}
	return l.flush()
}

func (l *lines) flush() error {
	n, err := l.to.Write(l.buf)
	l.size += int64(n)
	l.buf, l.held = l.buf[:0], 0
	return err
}

func (l *lines) Write(ev queue.Event) error {
	switch string(ev.Data) {
	case "":
		return errors.New("an empty event")
	case "panic":
		panic("bad event")
	}
	return l.add("%s", ev.Data)
}

func (l *lines) Lost(n int64) error { return l.add("lost %d", n) }
func (l *lines) Flush() error       { return nil }
func (l *lines) Size() int64        { return l.size + int64(len(l.buf)) }
func (l *lines) Close() error {
	return errors.Join(l.flush(), func() error { _, err := l.to.Write([]byte("end\n")); return err }())
}

// rig is a recorder with its log, and a disk that fails as the test wants.
type rig struct {
	*Recorder
	t    *testing.T
	path string
	logs *observer.ObservedLogs

	mu    sync.Mutex
	fail  func() error // what every access to the file does first
	tries chan struct{}
}

// faulty is a file that fails as the rig wants.
type faulty struct {
	file
	r *rig
}

func (f faulty) WriteAt(b []byte, at int64) (int, error) {
	if err := f.r.access(); err != nil {
		n, _ := f.file.WriteAt(b[:len(b)/2], at) // the half of it
		return n, err
	}
	return f.file.WriteAt(b, at)
}

func (r *rig) access() error {
	select {
	case r.tries <- struct{}{}:
	default:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail == nil {
		return nil
	}
	return r.fail()
}

// set makes the disk call fail first from now on.
func (r *rig) set(fail func() error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = fail
}

func prepare(t *testing.T, change func(*Settings)) *rig {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	path := filepath.Join(t.TempDir(), "dns.etl")
	s := Settings{
		Config: Config{Path: path, MaxSizeMiB: 1}, QueueMiB: 1, Logger: zap.New(core),
		Create: func(to Destination) (Writer, error) { return &lines{to: to}, nil },
	}
	if change != nil {
		change(&s)
	}
	c, err := s.claim()
	require.NoError(t, err)
	r := &rig{Recorder: newRecorder(s), t: t, path: path, logs: logs, tries: make(chan struct{}, 1)}
	r.claim = c
	t.Cleanup(c.release)
	wrap := func(open func(string) (file, error)) func(string) (file, error) {
		return func(path string) (file, error) {
			f, err := open(path)
			if err != nil {
				return nil, err
			}
			return faulty{f, r}, nil
		}
	}
	r.newFile, r.reopen = wrap(r.newFile), wrap(r.reopen)
	r.every = time.Millisecond
	r.wait.InitialInterval, r.wait.MaxInterval = time.Millisecond, time.Millisecond
	return r
}

func start(t *testing.T, change func(*Settings)) *rig {
	t.Helper()
	r := prepare(t, change)
	go r.run()
	return r
}

func (r *rig) offer(events ...string) {
	for _, event := range events {
		r.Offer(1, []byte(event), nil)
	}
}

func (r *rig) close() {
	r.t.Helper()
	require.NoError(r.t, r.Close(context.Background(), 0))
	r.requireBalanced()
}

// requireBalanced asserts that every event is accounted for.
func (r *rig) requireBalanced() {
	r.t.Helper()
	require.Equal(r.t, r.Stats.Received.Load(), r.Stats.Recorded.Load()+r.Stats.Lost.Total(), "%v", &r.Stats.Lost)
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestAFullFileIsKeptUntilTheNextOneIsFull(t *testing.T) {
	r := start(t, func(s *Settings) { s.QueueMiB = 8 })
	const half = queue.ChunkSize / 2
	fill := func(c string) []string { // more than a MiB
		return strings.Split(strings.Repeat(strings.Repeat(c, half)+"\n", 9), "\n")[:9]
	}
	for _, c := range "abc" {
		for _, event := range fill(string(c)) {
			require.NoError(t, r.Put(context.Background(), 1, []byte(event[:10]), []byte(event[10:])))
		}
	}
	require.NoError(t, r.Put(context.Background(), 1, []byte("the rest"), nil))
	r.close()
	require.Empty(t, r.Stats.Lost.Snapshot())

	names, err := filepath.Glob(filepath.Join(filepath.Dir(r.path), "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(filepath.Dir(r.path), "dns.1.etl"), r.path}, names)
	require.True(t, strings.HasSuffix(read(t, r.path), "\nthe rest\nend\n"))
	earlier, last := read(t, names[0]), read(t, r.path)
	require.Greater(t, len(earlier), 1<<20)
	require.True(t, strings.HasSuffix(earlier, "\nend\n"))
	require.Equal(t, "b", earlier[:1], "what came before is gone")
	require.Equal(t, "c", last[:1])
}

func TestWhatIsThereStaysUntilTheFirstEvent(t *testing.T) {
	first := start(t, nil)
	first.offer("one")
	first.close()
	again := func(events ...string) {
		r := start(t, func(s *Settings) { s.Path = first.path })
		r.offer(events...)
		r.close()
	}
	earlier := strings.Replace(first.path, "dns", "dns.1", 1)
	again()
	again()
	require.Equal(t, "one\nend\n", read(t, first.path), "a start that fails, again and again, costs nothing")
	require.NoFileExists(t, earlier)
	again("two")
	require.Equal(t, "two\nend\n", read(t, first.path))
	require.Equal(t, "one\nend\n", read(t, earlier))
}

// prompt is lines that can flush.
type prompt struct{ *lines }

func (p prompt) Flush() error { return p.flush() }

func TestWhatTheWriterBuffersIsOnTheDiskSoon(t *testing.T) {
	r := start(t, func(s *Settings) {
		s.Create = func(to Destination) (Writer, error) { return prompt{&lines{to: to}}, nil }
	})
	for i, want := range []string{"a\n", "a\nb\n"} {
		r.offer(want[2*i : 2*i+1])
		require.Eventually(t, func() bool { return r.Stats.Recorded.Load() == int64(i+1) }, time.Minute, time.Millisecond)
		require.Equal(t, want, read(t, r.path))
	}
	full := errors.New("no space left on device")
	r.set(func() error { return full })
	r.offer("c")
	require.Eventually(t, func() bool { return r.logs.FilterMessageSnippet("cannot write").Len() > 0 }, time.Minute, time.Millisecond)
	require.ErrorIs(t, r.Close(context.Background(), 0), full)
	r.requireBalanced()
	require.Equal(t, map[string]int64{LostWrite: 1}, r.Stats.Lost.Snapshot())
}

func TestADiskThatIsFullForAMomentCostsNothing(t *testing.T) {
	r := prepare(t, nil)
	failures, again := 5, make(chan struct{})
	works := sync.OnceFunc(func() { close(again) })
	r.fail = func() error {
		if failures > 0 {
			failures--
			return errors.New("no space left on device")
		}
		works()
		return nil
	}
	go r.run()
	r.offer("1", "2", "3", "4")
	<-again
	r.close()
	require.Equal(t, "1\n2\n3\n4\nend\n", read(t, r.path))
	require.Empty(t, r.Stats.Lost.Snapshot())
	require.Equal(t, 1, r.logs.FilterMessageSnippet("cannot write the recorded file").Len(), "said once")
	require.Equal(t, 1, r.logs.FilterMessage("recording again").Len())
}

func TestASlowDiskCostsTheEventsForWhichThereIsNoRoomAndTheFileSaysSo(t *testing.T) {
	r := start(t, func(s *Settings) { s.MaxSizeMiB = 10 })
	slow := make(chan struct{})
	r.set(func() error { <-slow; return nil })
	event := strings.Repeat("x", 1000)
	const offered = 5000 // 5 MB against a queue of 1 MiB
	for range offered {
		r.offer(event) // does not block, or the test hangs
	}
	lost := r.Stats.Lost.Snapshot()[queue.Full]
	require.Positive(t, lost)
	require.Equal(t, map[string]int64{queue.Full: lost}, r.Stats.Lost.Snapshot())
	close(slow)
	r.close()
	require.Equal(t, offered-lost, r.Stats.Recorded.Load())
	text := read(t, r.path)
	require.Equal(t, int(offered-lost), strings.Count(text, event))
	require.Contains(t, text, "lost ")
	require.Equal(t, 1, r.logs.FilterMessage("the recording has ended").FilterLevelExact(zap.WarnLevel).Len())
}

func TestPutWaitsForTheDiskAndEndsWithItsContext(t *testing.T) {
	r := start(t, nil)
	slow := make(chan struct{})
	r.set(func() error { <-slow; return nil })
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int)
	go func() {
		event := make([]byte, 1000)
		n := 0
		for r.Put(ctx, 1, event, nil) == nil {
			n++
		}
		ended <- n
	}()
	<-r.tries
	cancel()
	put := <-ended
	close(slow)
	r.close()
	require.Equal(t, int64(put), r.Stats.Recorded.Load())
}

func TestCloseDoesNotWaitForADiskThatHangs(t *testing.T) {
	r := start(t, nil)
	hangs := make(chan struct{})
	r.set(func() error { <-hangs; return nil })
	for range 3 * 5000 {
		r.offer("x")
	}
	<-r.tries
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := r.Close(ctx, time.Millisecond)
	require.ErrorContains(t, err, "the disk did not take what was written to it")
	require.ErrorContains(t, err, "15000 events are not accounted for")
	close(hangs)
	<-r.done
	r.requireBalanced()
	require.Positive(t, r.Stats.Lost.Snapshot()[LostShutdown])
}

func TestWhatThereIsNoTimeForIsCountedAndTheFileIsComplete(t *testing.T) {
	r := start(t, nil)
	slow := make(chan struct{})
	r.set(func() error { <-slow; return nil })
	r.offer("1", "2", "3", "4", "5")
	<-r.tries
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	go func() {
		for !r.hurry.Load() {
			runtime.Gosched()
		}
		close(slow)
	}()
	require.NoError(t, r.Close(ctx, time.Minute))
	r.requireBalanced()
	require.Equal(t, map[string]int64{LostShutdown: 2}, r.Stats.Lost.Snapshot())
	require.Equal(t, "1\n2\n3\nlost 2\nend\n", read(t, r.path))
}

func TestWhatComesAfterCloseIsLostAndCounted(t *testing.T) {
	r := start(t, nil)
	r.offer("1")
	r.close()
	r.offer("2")
	require.NoError(t, r.Put(context.Background(), 1, []byte("3"), nil))
	r.requireBalanced()
	require.Equal(t, map[string]int64{LostShutdown: 2}, r.Stats.Lost.Snapshot())
	require.Equal(t, "1\nend\n", read(t, r.path))
}

func TestADiskThatFailsUntilTheEndIsAnErrorAndTheEventsAreCounted(t *testing.T) {
	r := start(t, nil)
	full := errors.New("no space left on device")
	r.offer("1", "2", "3", "3.5")
	require.Eventually(t, func() bool { return r.Stats.Recorded.Load() == 2 }, time.Minute, time.Millisecond)
	r.set(func() error { return full })
	r.offer("4", "5", "6", "7")
	require.ErrorIs(t, r.Close(context.Background(), 0), full)
	r.requireBalanced()
	require.Equal(t, map[string]int64{LostWrite: 6}, r.Stats.Lost.Snapshot())
	require.Equal(t, "1\n2\n3\n", read(t, r.path), "no half of an event")
}

func TestWhatStandsInAFileThatCannotBeCompletedIsRecorded(t *testing.T) {
	r := prepare(t, nil)
	full, accesses := errors.New("no space left on device"), 0
	r.fail = func() error {
		if accesses++; accesses > 2 { // the third is the end
			return full
		}
		return nil
	}
	go r.run()
	r.offer("1", "2", "3", "4")
	require.ErrorIs(t, r.Close(context.Background(), 0), full)
	r.requireBalanced()
	require.Equal(t, "1\n2\n3\n4\n", read(t, r.path))
	require.Empty(t, r.Stats.Lost.Snapshot())
}

func TestAFileThatIsDeletedWhileTheDiskFailsIsFollowedByANewOne(t *testing.T) {
	r := prepare(t, nil)
	first := true
	r.fail = func() error {
		if !first {
			return nil
		}
		first = false
		return errors.New("the share is gone")
	}
	reopen := r.reopen
	r.reopen = func(path string) (file, error) {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
		return reopen(path)
	}
	go r.run()
	r.offer("1", "2", "3", "4")
	require.Eventually(t, func() bool { return r.logs.FilterMessage("the recording is not complete").Len() > 0 }, time.Minute, time.Millisecond)
	r.close()
	require.Equal(t, "lost 3\n4\nend\n", read(t, r.path))
	require.Equal(t, map[string]int64{LostWrite: 3}, r.Stats.Lost.Snapshot())
}

func TestAFileThatCannotBeBegunIsTriedAgain(t *testing.T) {
	r := prepare(t, nil)
	earlier := strings.Replace(r.path, "dns", "dns.1", 1)
	require.NoError(t, os.WriteFile(r.path, []byte("before"), 0o600))
	require.NoError(t, os.Mkdir(earlier, 0o700)) // in the way
	go r.run()
	r.offer("1")
	require.Eventually(t, func() bool { return r.logs.FilterMessageSnippet("cannot write").Len() > 0 }, time.Minute, time.Millisecond)
	require.NoError(t, os.Remove(earlier))
	require.Eventually(t, func() bool { _, err := os.Stat(earlier); return err == nil }, time.Minute, time.Millisecond)
	r.close()
	require.Equal(t, "1\nend\n", read(t, r.path))
	require.Equal(t, "before", read(t, earlier))
}

func TestAnEventThatTheFormatCannotHoldIsCountedAndTheOthersGoOn(t *testing.T) {
	r := start(t, nil)
	r.offer("1", "", "panic", "2")
	r.Offer(1, make([]byte, queue.MaxEventSize), []byte("x"))
	require.NoError(t, r.Put(context.Background(), 1, make([]byte, queue.MaxEventSize+1), nil))
	r.close()
	require.Equal(t, map[string]int64{LostRefused: 2, queue.TooLarge: 2}, r.Stats.Lost.Snapshot())
	require.Regexp(t, `(?s)^(lost \d\n)*1\n(lost \d\n)*2\n(lost \d\n)*end\n$`, read(t, r.path))
	require.Equal(t, 1, r.logs.FilterMessageSnippet("an event cannot be recorded").Len())
}

func TestAFileThatCannotBeWrittenFailsTheStartAndNothingIsChanged(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there.etl")
	taken := filepath.Join(dir, "taken.etl")
	require.NoError(t, os.WriteFile(there, []byte("there"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "taken.1.etl"), 0o700))
	for path, says := range map[string]string{
		filepath.Join(dir, "no", "such", "dir.etl"): "no",
		dir:   "is not a regular file; want the name of a file to write",
		taken: "taken.1.etl is not a regular file",
		there: "there.etl is replayed and would be overwritten; choose another file",
		filepath.Join(dir, "x", "..", "there.etl"):    "there.etl",
		strings.Replace(there, "there.1", "there", 1): "would be overwritten",
	} {
		_, err := Open(Settings{Config: Config{Path: path, MaxSizeMiB: 1}, QueueMiB: 1, Logger: zap.NewNop(), Replayed: []string{there}})
		require.ErrorContains(t, err, "record.path: ", path)
		require.ErrorContains(t, err, says)
	}
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, names, 2)
	require.Equal(t, "there", read(t, there))

	earlier := filepath.Join(dir, "there.1.etl")
	require.NoError(t, os.Rename(there, earlier))
	_, err = Open(Settings{Config: Config{Path: there, MaxSizeMiB: 1}, QueueMiB: 1, Logger: zap.NewNop(), Replayed: []string{earlier}})
	require.ErrorContains(t, err, "there.1.etl is replayed", "the file that a full one becomes")
	awaited := filepath.Join(dir, "awaited.etl")
	_, err = Open(Settings{Config: Config{Path: awaited, MaxSizeMiB: 1}, QueueMiB: 1, Logger: zap.NewNop(), Replayed: []string{awaited}})
	require.ErrorContains(t, err, "awaited.etl is replayed", "a follower waits for it, and would read what it records")
}

func TestAFormatThatCannotBeginLeavesNoFile(t *testing.T) {
	r := start(t, func(s *Settings) {
		s.Create = func(Destination) (Writer, error) { return nil, errors.New("bad options") }
	})
	r.offer("1")
	require.Eventually(t, func() bool { return r.logs.FilterMessageSnippet("cannot write").Len() > 0 }, time.Minute, time.Millisecond)
	require.ErrorContains(t, r.Close(context.Background(), 0), "bad options")
	r.requireBalanced()
	require.NoFileExists(t, r.path)
	require.Equal(t, map[string]int64{LostWrite: 1}, r.Stats.Lost.Snapshot())
}

func TestOfferAllocatesNothing(t *testing.T) {
	r := prepare(t, nil)
	event := bytes.Repeat([]byte("x"), 300)
	require.Zero(t, testing.AllocsPerRun(10_000, func() { r.Offer(1, event[:80], event[80:]) }), "also when the queue is full")
	require.Positive(t, r.Stats.Lost.Snapshot()[queue.Full])
}

func TestValidate(t *testing.T) {
	cfg := DefaultConfig()
	require.NoError(t, cfg.Validate())
	require.False(t, cfg.Enabled())
	for _, n := range []int{0, -1, maxSizeMiB + 1} {
		cfg.MaxSizeMiB = n
		require.ErrorContains(t, cfg.Validate(), "max_size_mib: ")
	}
}
