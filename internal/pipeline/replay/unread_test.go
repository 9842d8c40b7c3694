// SPDX-License-Identifier: Apache-2.0

// Files that cannot be read in full while they are followed: each counts once, whatever its name is and whatever has its name later.

package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/counter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// surveyLines and playLines read files of lines. The first line identifies a file, "end" completes it, "what" is no line but garbage, and "lost" is
// a line that cannot be played.
func surveyLines(src io.ReaderAt, size int64, q span.Query) (x span.Extent, err error) {
	raw := make([]byte, size)
	if _, err := src.ReadAt(raw, 0); err != nil && err != io.EOF {
		return x, err
	}
	if bytes.Contains(raw, []byte("what")) {
		return x, errors.New("it is garbage")
	}
	first, _, _ := bytes.Cut(raw, []byte("\n"))
	copy(x.ID[:], first)
	whole := int64(bytes.LastIndexByte(raw, '\n') + 1)
	x.Span, x.Rest = span.Span{From: q.From, To: span.Place{At: whole}}, size-whole
	if q.To != (span.Place{}) {
		x.To = q.To
	}
	x.Closed = bytes.HasSuffix(raw, []byte("end\n"))
	return x, nil
}

func playLines(ctx context.Context, p Part, emit Emit) error {
	raw := make([]byte, p.To.At-p.From.At)
	if _, err := p.Source.ReadAt(raw, p.From.At); err != nil {
		return err
	}
	for line := range bytes.Lines(raw) {
		if bytes.Equal(line, []byte("lost\n")) {
			return errors.New("a line is lost")
		}
		if err := emit(ctx, line, nil); err != nil {
			return err
		}
	}
	return nil
}

// followerOfLines returns a follower of files of lines, and its log. The caller sets emit.
func followerOfLines(path string) (*follower, *observer.ObservedLogs) {
	core, logs := observer.New(zap.DebugLevel)
	settings := &Settings{
		Config: Config{Path: Paths{path}, Follow: true}, Logger: zap.New(core), Problems: new(counter.Counts),
		Survey: surveyLines, Play: playLines, Into: new(pipeline.Pipeline),
	}
	return &follower{parts: parts{settings}, progress: newProgress(settings.Config, []string{path})}, logs
}

// followLines follows the files that match a pattern in a new folder, in virtual time. do gets the folder, a function that gives the follower time
// to look at the files, and the progress; a file that is moved to no name is removed. It returns what the follower has reported in the end, and the lines that it has read.
func followLines(t *testing.T, pattern string, do func(write func(name, text string), move func(from, to string), looks func(), progress *Progress)) (unread *UnreadError, read string, problems map[string]int64) {
	return followLinesIn(t, t.TempDir(), pattern, do)
}

// followLinesIn is followLines in a folder.
func followLinesIn(t *testing.T, dir, pattern string, do func(write func(name, text string), move func(from, to string), looks func(), progress *Progress)) (unread *UnreadError, read string, problems map[string]int64) {
	synctest.Test(t, func(t *testing.T) {
		removed := 0
		f, _ := followerOfLines(filepath.Join(dir, pattern))
		f.emit = func(_ context.Context, head, _ []byte) error { read += string(head); return nil }
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer f.close()
			unread = f.follow(ctx)
		}()
		do(func(name, text string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		},
			func(from, to string) {
				from = filepath.Join(dir, from)
				if to == "" { // Windows keeps the name of a file that is removed until nobody has it open
					removed++
					to = fmt.Sprint("removed", removed)
					defer func() { require.NoError(t, os.Remove(filepath.Join(dir, to))) }()
				}
				require.NoError(t, os.Rename(from, filepath.Join(dir, to)))
			},
			// It wakes up between two looks, so that none sees a part of what is done to the files.
			func() { time.Sleep(2*patience*pollInterval + time.Millisecond) }, f.progress)
		cancel()
		<-done
		problems = f.Problems.Snapshot()
	})
	return unread, read, problems
}

func TestFilesThatHadTheSameNameAreUnreadEachByItself(t *testing.T) {
	unread, read, _ := followLines(t, "dns.etl", func(write func(string, string), move func(string, string), looks func(), progress *Progress) {
		write("dns.etl", "A\nlost\n")
		looks()
		require.EqualValues(t, 1, progress.Unread())
		move("dns.etl", "dns.1.etl")
		write("dns.etl", "what\n")
		looks()
		require.EqualValues(t, 2, progress.Unread(), "another file has the name now")
		write("dns.etl", "B\n")
		looks()
		require.EqualValues(t, 1, progress.Unread(), "what can be read now is the second file")
	})
	require.Equal(t, "A\nB\n", read)
	require.Len(t, unread.Files, 1)
	require.ErrorContains(t, unread.Files[0].Err, "a line is lost")
	require.Equal(t, 2, unread.Of)
}

func TestAFileIsUnreadOnceUnderAllItsNames(t *testing.T) {
	unread, _, _ := followLines(t, "dns*.etl", func(write func(string, string), move func(string, string), looks func(), progress *Progress) {
		write("dns.etl", "A\nlo")
		looks()
		require.EqualValues(t, 1, progress.Unread(), "a line is not whole")
		move("dns.etl", "dns.1.etl")
		looks()
		write("dns.1.etl", "A\nlost\nand")
		looks()
		require.EqualValues(t, 1, progress.Unread(), "it lacks something else now")
	})
	require.Len(t, unread.Files, 1)
	require.ErrorContains(t, unread.Files[0].Err, "a line is lost")
	require.Equal(t, 1, unread.Of)
}

func TestAFileThatIsCompleteAndGivesWayToAnotherHasLostNothing(t *testing.T) {
	_, read, problems := followLines(t, "dns*.etl", func(write func(string, string), move func(string, string), looks func(), _ *Progress) {
		write("dns.etl", "A\nend\n")
		looks()
		move("dns.etl", "dns.1.etl")
		write("dns.etl", "B\nend\n")
		looks()
		move("dns.etl", "dns.1.etl") // the system may give the number of the replaced file to the next one
		write("dns.etl", "C\n")
		looks()
	})
	require.Equal(t, "A\nend\nB\nend\nC\n", read)
	require.Empty(t, problems)
}

// A system may give the number of a file that was read to its end and removed to the next one. A file that is overwritten and renamed has it for certain.
func TestAFileWithTheNumberOfOneThatWasReadIsAnotherOne(t *testing.T) {
	for _, the := range []struct{ file, between, last string }{{"earlier file", "old", "new"}, {"file that is written", "new", "old"}} {
		t.Run(the.file, func(t *testing.T) {
			unread, read, problems := followLines(t, "dns.etl", func(write func(string, string), move func(string, string), looks func(), _ *Progress) {
				write("dns.etl", "A\nend\n")
				looks()
				move("dns.etl", "old") // two files are begun before the next look
				write(the.between, "B is longer\nend\n")
				move(the.between, "dns.1.etl")
				write(the.last, "C is the longest\nend\n")
				move(the.last, "dns.etl")
				looks()
			})
			require.Equal(t, "A\nend\nB is longer\nend\nC is the longest\nend\n", read)
			require.Empty(t, problems)
			require.Nil(t, unread)
		})
	}
}

func TestAFileWithTheNumberOfOneThatWasReadComesAfterTheRestOfTheFileBefore(t *testing.T) {
	_, read, problems := followLines(t, "dns*.etl", func(write func(string, string), move func(string, string), looks func(), _ *Progress) {
		write("dns.etl", "A is longer\nend\n")
		looks()
		move("dns.etl", "dns.1.etl")
		write("dns.etl", "B\n")
		looks()
		move("dns.1.etl", "old")
		write("dns.etl", "B\nthe rest\nend\n")
		move("dns.etl", "dns.1.etl")
		write("old", "C\nend\n")
		move("old", "dns.etl")
		looks()
	})
	require.Equal(t, "A is longer\nend\nB\nthe rest\nend\nC\nend\n", read)
	require.Empty(t, problems)
}

// Wine does not know the number of an open file by its handle while no file has the name that it had when it was opened.
func TestAFileThatIsRenamedAndThenCompleteIsReadOnce(t *testing.T) {
	_, read, problems := followLines(t, "dns*.etl", func(write func(string, string), move func(string, string), looks func(), _ *Progress) {
		write("dns.etl", "A\n")
		looks()
		write("dns.etl", "A\nend\n")
		move("dns.etl", "dns.1.etl")
		looks()
	})
	require.Equal(t, "A\nend\n", read)
	require.Empty(t, problems)
}

func TestAFileThatWasReadToItsEndGoesOnWhenItGrowsAndBeginsAnewWhenItIsOverwritten(t *testing.T) {
	for want, text := range map[string]string{"A\nend\nmore\n": "A\nend\nmore\n", "A\nend\nB\n": "B\n", "A\nend\nA\n": "A\n"} {
		unread, read, problems := followLines(t, "dns.etl", func(write func(string, string), _ func(string, string), looks func(), _ *Progress) {
			write("dns.etl", "A\nend\n")
			looks()
			write("dns.etl", text)
			looks()
		})
		require.Equal(t, want, read)
		require.Empty(t, problems)
		require.Nil(t, unread)
	}
}

func TestAFileThatCanBeOpenedAtLastIsNotUnreadWhateverItsNameIsThen(t *testing.T) {
	dir := folder(t, "dns.etl", "other.etl")
	f := follower{parts: parts{&Settings{Logger: zap.NewNop()}}, progress: new(Progress)}
	defer f.close()
	before, after := filepath.Join(dir, "dns.etl"), filepath.Join(dir, "dns.1.etl")
	info, err := os.Stat(before)
	require.NoError(t, err)
	f.bar(before, info, errors.New("its writer does not share it"))
	f.bar(before, info, errors.New("its writer does not share it yet"))
	require.EqualValues(t, 1, f.progress.Unread())
	require.NoError(t, os.Rename(before, after))
	require.NoError(t, os.Rename(filepath.Join(dir, "other.etl"), before))
	other, err := os.Stat(before)
	require.NoError(t, err)
	f.add(before, other, true, false)
	require.EqualValues(t, 1, f.progress.Unread(), "another file has its name")
	f.add(after, info, true, false)
	require.Zero(t, f.progress.Unread())

	file := f.files[1]
	file.done, file.path = true, filepath.Join(dir, "none")
	require.NoError(t, file.file.Close())
	f.reopen(file, info)
	f.note(file, nil)
	require.EqualValues(t, 1, f.progress.Unread(), "what was added to it cannot be read")
	file.path = after
	f.reopen(file, info)
	f.note(file, nil)
	require.Zero(t, f.progress.Unread())
}

func TestAFileThatGivesItsPathAwayBeforeItIsOpenedIsLeftToTheNextLook(t *testing.T) {
	dir := folder(t, "dns.etl", "other.etl")
	path := filepath.Join(dir, "dns.etl")
	f := follower{parts: parts{&Settings{Logger: zap.NewNop()}}, progress: new(Progress)}
	defer f.close()
	other, err := os.Stat(filepath.Join(dir, "other.etl"))
	require.NoError(t, err)
	f.add(path, other, true, false)
	file := f.files[0]
	f.add(path, other, true, false)
	require.Len(t, f.files, 1, "what was opened is followed")
	file.done = true
	require.NoError(t, file.file.Close())
	f.reopen(file, other)
	require.True(t, file.done, "what was opened is another file")
	f.add(filepath.Join(dir, "gone.etl"), other, true, false)
	require.Len(t, f.files, 1)
	require.Zero(t, f.progress.Unread(), "a file that was renamed is no file that cannot be read")
}

func TestAFolderThatCanBeListedAtLastIsNotUnread(t *testing.T) {
	dir := folder(t, "dns.etl")
	f := follower{parts: parts{&Settings{Logger: zap.NewNop()}}, progress: new(Progress)}
	defer f.close()
	info, err := os.Stat(dir)
	require.NoError(t, err)
	f.bar(dir, info, os.ErrPermission)
	gone := filepath.Join(dir, "gone")
	f.bar(gone, nil, os.ErrPermission)
	require.EqualValues(t, 2, f.progress.Unread())
	f.look()
	require.EqualValues(t, 1, f.progress.Unread())
	require.Equal(t, gone, f.unread[0].Path)
}

// Windows does not give the number of a file that its user may see but not open for anything.
type withoutNumber struct{ os.FileInfo }

func TestAFileWithoutANumberIsUnreadOnceUntilItCanBeOpened(t *testing.T) {
	dir := folder(t, "dns.etl")
	f := follower{parts: parts{&Settings{Logger: zap.NewNop()}}, progress: new(Progress)}
	defer f.close()
	path := filepath.Join(dir, "dns.etl")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.False(t, os.SameFile(withoutNumber{info}, withoutNumber{info}))
	for range 3 { // looks
		f.bar(path, withoutNumber{info}, os.ErrPermission)
	}
	require.EqualValues(t, 1, f.progress.Unread())
	f.add(path, info, true, false)
	require.Zero(t, f.progress.Unread())
}

func TestAClosedFileThatIsOpenAgainIsNotUnread(t *testing.T) {
	dir := folder(t, "dns.etl")
	f := follower{parts: parts{&Settings{Logger: zap.NewNop()}}, progress: new(Progress)}
	defer f.close()
	path := filepath.Join(dir, "dns.etl")
	info, err := os.Stat(path)
	require.NoError(t, err)
	f.add(path, info, true, false)
	file := f.files[0]
	file.shut()
	file.closed, file.path = true, filepath.Join(dir, "none")
	f.reopen(file, info)
	require.EqualValues(t, 1, f.progress.Unread(), "the look cannot open it")
	file.path = path
	require.NoError(t, f.openAgain(file), "the poll after the look can")
	f.note(file, nil)
	require.Zero(t, f.progress.Unread())
}

// The open file of a share that was away stays dead when the share is back.
func TestAFileWhoseOpenFileIsDeadIsOpenedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dns.etl")
	f, _ := followerOfLines(path)
	defer f.close()
	read := ""
	f.emit = func(_ context.Context, head, _ []byte) error { read += string(head); return nil }
	looks := func(text string) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		for range 4 {
			f.look()
			f.read(t.Context(), true)
			f.forget()
		}
	}
	looks("A\n")
	require.NoError(t, f.files[0].file.Close())
	looks("A\nmore\n")
	require.Equal(t, "A\nmore\n", read)
	require.Len(t, f.files, 1)
	require.Zero(t, f.progress.Unread())
}

// A look may come between the renaming of a file and the beginning of the next one. If that is renamed, too, before the next look, it is found nevertheless.
func TestAFileBetweenTwoOthersIsMetWhenALookFoundNone(t *testing.T) {
	for _, done := range []bool{false, true} {
		dir := folder(t, "dns.etl")
		path := filepath.Join(dir, "dns.etl")
		f := follower{parts: parts{&Settings{Config: Config{Path: Paths{path}}, Logger: zap.NewNop()}}, progress: new(Progress)}
		defer f.close()
		f.look()
		first := f.files[0]
		first.idle = true
		if done {
			first.done = true
			require.NoError(t, first.file.Close())
		}
		require.NoError(t, os.Rename(path, earlierOf(path)))
		f.look()
		f.forget()
		require.NoError(t, os.Rename(earlierOf(path), filepath.Join(dir, "gone"))) // Windows replaces no file that is open
		require.NoError(t, os.WriteFile(path, []byte("between"), 0o600))
		require.NoError(t, os.Rename(path, earlierOf(path)))
		require.NoError(t, os.WriteFile(path, []byte("last"), 0o600))
		f.look()
		var paths []string
		for _, file := range f.files[1:] {
			paths = append(paths, file.path)
		}
		require.Equal(t, []string{earlierOf(path), path}, paths)
	}
}

func TestAnEarlierFileIsMetUnlessItIsOlderThanTheReplacedOne(t *testing.T) {
	for after, met := range map[time.Duration]bool{-time.Hour: false, 0: true, time.Hour: true} {
		dir := folder(t, "dns.etl", "dns.1.etl")
		path := filepath.Join(dir, "dns.etl")
		f := follower{parts: parts{&Settings{Config: Config{Path: Paths{path}}, Logger: zap.NewNop()}}, progress: new(Progress)}
		defer f.close()
		f.look()
		written := f.files[0].written.Add(after)
		require.NoError(t, os.Chtimes(earlierOf(path), written, written))
		require.NoError(t, os.Rename(path, filepath.Join(dir, "away")))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		f.look()
		require.Equal(t, met, slices.ContainsFunc(f.files, func(file *followed) bool { return file.path == earlierOf(path) }), after)
	}
}

func TestAFileThatIsRenamedIsForgotten(t *testing.T) {
	path := filepath.Join(folder(t, "dns.etl"), "dns.etl")
	f := follower{parts: parts{&Settings{Config: Config{Path: Paths{path}}, Logger: zap.NewNop()}}, progress: new(Progress)}
	defer f.close()
	f.look()
	f.files[0].idle = true
	require.NoError(t, os.Rename(path, path+".old"))
	for range patience {
		require.Len(t, f.files, 1)
		f.look()
		f.forget()
	}
	require.Empty(t, f.files)
}
