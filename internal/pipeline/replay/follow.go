// SPDX-License-Identifier: Apache-2.0

// Following files that are being written.

package replay

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/checkpoint"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// pollInterval is how often files are looked at. What is added to a file is read at the second look, so that no write is read in its middle.
const pollInterval = 250 * time.Millisecond

// patience is after how many looks an unchanged file that cannot be read is reported.
const patience = 8

// maxOpen is how many of the followed files stay open: those that were added to last. Each other one is open only while it is looked at.
const maxOpen = 64

// idleShare is how much longer than a look the pause after it is, up to maxPause.
const idleShare = 20

// maxPause is the longest pause, unless a look takes longer than it. A file that comes is read after two pauses at most, and one that comes and goes
// within a pause is never seen. A pause as long as the look still leaves a slow folder alone for half of the time.
const maxPause = 10 * time.Second

// pauseAfter returns the pause after a look that took so long.
func pauseAfter(took time.Duration) time.Duration {
	return max(pollInterval, min(idleShare*took, maxPause), took)
}

// followed is a file that is followed.
type followed struct {
	content
	listed bool // the paths name it, as far as can be seen; otherwise it was renamed or deleted, and its writer adds nothing more

	id      span.ID
	of      recording.File      // its place in a recording
	after   bool                // another file that was followed had its path before
	begun   bool                // its checkpoint was read
	at      checkpoint.Position // the part to be played next, or where it begins
	seen    span.Place          // the end of what the last look found
	counted span.Count          // what the last look counted
	idle    bool                // the last look found nothing to play
	away    int                 // number of looks in a row that did not list it and found nothing to play
	closed  bool                // it is not open now
	quiet   int                 // number of looks in a row that found nothing to play, now or at the next look
	done    bool                // completed by its writer, read, and closed here
	gone    bool                // it was deleted, and the system has given its number to another file
	over    bool                // nothing was read of it since it was done
	failed  int                 // number of failed looks in a row
	failure string
	lacking bool        // the last look found that its end is not there yet
	entry   *UnreadFile // what is reported of it; nil for nothing
	partial bool        // a part of it could not be read, and will not be
	lost    span.ID     // of the content that has this part
	barred  bool        // it has changed since it was closed and cannot be opened
}

// unopened is a file, or a folder, that cannot be opened and is therefore not followed.
type unopened struct {
	path  string
	info  os.FileInfo
	entry *UnreadFile
}

// follower follows the files of a configuration.
type follower struct {
	parts
	emit     Emit
	progress *Progress

	files  []*followed
	byPath map[string]*followed // the last file that had the path, as the last look began
	awake  []*followed          // the files that the paths name and that stay open
	last   *followed            // whose part was played last
	barred []*unopened
	unread []*UnreadFile // by file, not by path: after a rotation several may have had the same path
	of     int           // number of files that were followed
	// known is the last part of each recording that was met.
	known map[[16]byte]uint32
}

// follow plays the files and what is added to them, until ctx ends. Files that match later are played when they come.
func (f *follower) follow(ctx context.Context) *UnreadError {
	f.await()
	next := f.look()
	f.meetFormer(ctx)
	for f.readUntil(ctx, next) {
		f.forget()
		next = f.look()
	}
	if len(f.unread) == 0 {
		return nil
	}
	all := &UnreadError{Of: max(f.of, len(f.unread))}
	for _, entry := range f.unread {
		all.Files = append(all.Files, *entry)
	}
	return all
}

// readUntil reads all files once, and then what is added to the open ones until the next look is due. It reports whether one is due, or ctx has ended.
func (f *follower) readUntil(ctx context.Context, next time.Time) (due bool) {
	for all := true; ; all = false {
		began := time.Now()
		pause := pollInterval
		if !f.read(ctx, all) {
			pause = pauseAfter(time.Since(began))
		}
		if ctx.Err() != nil {
			return false
		}
		left := time.Until(next)
		select {
		case <-time.After(min(pause, left)):
		case <-ctx.Done():
			return false
		}
		if left <= pause {
			return true
		}
	}
}

// read plays what can be read of the files now, or only of those that are open, and reports whether it has played anything.
func (f *follower) read(ctx context.Context, all bool) (played bool) {
	for _, file := range slices.Clone(f.files) {
		if file.closed && !all {
			continue
		}
		more := true
		// The rest of a file that was renamed comes before the file that has its name now.
		for again := true; again && ctx.Err() == nil; again = more && !file.listed {
			var err error
			more, err = f.poll(ctx, file)
			played, file.idle = played || more, !more
			if ctx.Err() == nil {
				f.note(file, err)
			}
		}
	}
	return played
}

// await says which paths name no file yet.
func (f *follower) await() {
	for _, path := range f.Path {
		one := Config{Path: Paths{path}}
		if _, err := one.files(); errors.Is(err, ErrNoFile) {
			f.Logger.Warn("no file is there yet; waiting for it", zap.String("path", path))
		}
	}
}

// look lists the files that the paths name now, and returns when the next look is due. A path that names none may get one later.
func (f *follower) look() (next time.Time) {
	began := time.Now()
	f.byPath = make(map[string]*followed, len(f.files))
	for _, file := range f.files {
		file.listed = false
		f.byPath[file.path] = file
	}
	f.admit(func(u *unopened) bool {
		info, err := os.Stat(u.path)
		return err == nil && info.IsDir() && listable(u.path) == nil
	})
	for _, path := range f.Path {
		one := Config{Path: Paths{path}}
		files, err := one.files()
		if err != nil && !errors.Is(err, ErrNoFile) { // its folder cannot be looked into
			f.bar(path, nil, err)
		}
		for _, named := range files {
			if err := listable(named.path); err != nil {
				info, _ := os.Stat(named.path)
				f.bar(named.path, info, err)
				continue
			}
			f.meet(named)
		}
	}
	for _, file := range f.files {
		file.listed = file.listed || f.hidden(file)
	}
	return time.Now().Add(pauseAfter(time.Since(began)))
}

// hidden reports whether a file that was not listed may have its path still: its folder cannot be listed, or its share is away for a while.
func (f *follower) hidden(file *followed) bool {
	if file.gone || !f.names(file.path) {
		return false
	}
	info, err := os.Stat(file.path)
	switch {
	case err == nil:
		return os.SameFile(info, file.info)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission) && runtime.GOOS == "windows": // a deleted file that is open cannot be asked there
		return false
	}
	return listable(filepath.Dir(file.path)) != nil
}

// meet finds the file that has a path now among those that are followed, or begins to follow it.
func (f *follower) meet(named file) {
	info, err := os.Stat(named.path)
	if err != nil || info.IsDir() {
		return
	}
	if file := f.find(named.path, info); file != nil {
		file.path, file.listed = named.path, true
		f.admit(func(u *unopened) bool { return u.info == nil && u.path == named.path })
		if (file.done || file.closed) && file.changed(info) {
			f.reopen(file, info)
			file.quiet = 0
			f.spare(file)
		}
		return
	}
	var replaced *followed // the last file that had the path
	for _, file := range f.files {
		if file.path == named.path {
			replaced = file
		}
	}
	if replaced != nil && named.named {
		f.meetEarlier(named.path, replaced)
	}
	f.add(named.path, info, true, replaced != nil)
}

// meetEarlier follows the previous file of a recording. It is not followed yet if the recorder has begun two files since the last look. A file that was
// last written before the replaced one was is not that file.
func (f *follower) meetEarlier(path string, replaced *followed) {
	earlier := earlierOf(path)
	info, err := os.Stat(earlier)
	if err == nil && !info.IsDir() && !info.ModTime().Before(replaced.written) && f.find(earlier, info) == nil {
		f.add(earlier, info, false, true)
	}
}

// meetPart counts the files of a recording that were begun and are gone before they were read: those between the last part that was met and this
// one. Of a recording that is met with its first file under a path, all parts before are gone. Parts before the first file that is followed at all
// are none that were to be read.
func (f *follower) meetPart(file *followed) {
	last, met := f.known[file.of.ID]
	if f.known == nil {
		f.known = map[[16]byte]uint32{}
	}
	if file.of.Part <= last {
		return
	}
	f.known[file.of.ID] = file.of.Part
	if gone := file.of.Part - last - 1; gone > 0 && (met || file.after) {
		f.Problems.Add(checkpoint.Missing, int64(gone))
		f.Logger.Warn("files of a recording were replaced before they were read, because the recorder began more files than it keeps between two looks",
			zap.String("file", file.path), zap.String("reason", checkpoint.Missing), zap.Uint32("files", gone))
	}
}

// find returns the followed file that has a path now; nil if there is none.
func (f *follower) find(path string, info os.FileInfo) *followed {
	if file := f.byPath[path]; file != nil && f.is(file, path, info) { // with thousands of files it takes long to ask all
		return file
	}
	for _, file := range f.files {
		if f.is(file, path, info) {
			return file
		}
	}
	return nil
}

// is reports whether a followed file is the one that has a path now. The system may give the number by which it knows a file to the next one when the
// file is deleted and not open. So a file that is not open and has changed is known by its content, too.
func (f *follower) is(file *followed, path string, info os.FileInfo) bool {
	if file.gone || !os.SameFile(file.info, info) {
		return false
	}
	if !file.done && !file.closed || !file.changed(info) {
		return true
	}
	c, err := openFile(path)
	if err != nil { // reopen reports it
		return true
	}
	defer func() { _ = c.file.Close() }()
	return os.SameFile(c.info, info) && f.holds(&c, file) // if not the same, another file has the path by now
}

// holds reports whether a file that has the number of one that was closed has its content, as far as that can be told. One that is shorter than what was
// read holds it only if it begins in the same way, and its writer had not completed it.
func (f *follower) holds(c *content, file *followed) bool {
	if file.id == (span.ID{}) && !file.done { // nothing was read of it
		return true
	}
	x, err := f.Survey(c.file, c.size, span.Query{To: span.Place{In: 1}})
	if c.size < file.at.To.At {
		return err == nil && x.ID == file.id && !file.done
	}
	return err != nil || x.ID == file.id
}

// changed reports whether a file has another size or time than when it was measured.
func (file *followed) changed(info os.FileInfo) bool {
	return info.Size() != file.size || !info.ModTime().Equal(file.written)
}

func (f *follower) add(path string, info os.FileInfo, listed, after bool) {
	c, ok := f.open(path, info)
	if !ok {
		return
	}
	f.admit(func(u *unopened) bool {
		if u.info == nil || !u.info.Mode().IsRegular() { // nothing was to be read of what is no file
			return u.path == path
		}
		return os.SameFile(u.info, c.info)
	})
	next := &followed{content: c, listed: listed, after: after}
	f.insert(len(f.files), next)
	f.spare(next)
	f.Logger.Info("following a file", zap.String("file", path))
}

// insert adds a file to those that are followed. If the system knew another one by its number, that one is gone.
func (f *follower) insert(at int, next *followed) {
	for _, file := range f.files {
		file.gone = file.gone || os.SameFile(file.info, next.info)
	}
	f.files = slices.Insert(f.files, at, next)
	f.of++
}

// open opens the file that has a path now, unless it is followed. The one that info describes is not.
func (f *follower) open(path string, info os.FileInfo) (c content, ok bool) {
	c, err := openFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // it was renamed or deleted just now
	case err != nil:
		f.bar(path, info, err)
	case !os.SameFile(c.info, info) && f.find(path, c.info) != nil: // another file has the path by now
		_ = c.file.Close()
	default:
		return c, true
	}
	return c, false
}

// reopen continues with a file that was closed and has changed.
func (f *follower) reopen(file *followed, info os.FileInfo) {
	c, err := openFile(file.path)
	if err != nil {
		file.barred = true
		f.cannot(&file.entry, file.path, err)
		return
	}
	if !os.SameFile(c.info, info) { // another file has the path by now
		_ = c.file.Close()
		return
	}
	file.over = file.over || file.done
	file.content, file.done, file.closed, file.barred = c, false, false, false
}

// spare keeps a file open. If too many are open, it closes the one that was added to least lately.
func (f *follower) spare(file *followed) {
	f.awake = slices.DeleteFunc(f.awake, func(other *followed) bool {
		return other == file || other.done || other.closed || !other.listed // a file that the paths do not name is open until it is forgotten
	})
	if file.done || file.closed || !file.listed {
		return
	}
	if f.awake = append(f.awake, file); len(f.awake) <= maxOpen {
		return
	}
	least := slices.MaxFunc(f.awake, func(a, b *followed) int { return a.quiet - b.quiet })
	_ = least.file.Close()
	least.closed = true
}

// poll plays what can be read of a file now, and reports whether it has played anything. A closed file that has not changed for some looks is left
// closed.
func (f *follower) poll(ctx context.Context, file *followed) (played bool, err error) {
	if file.closed {
		if file.quiet >= patience && file.listed {
			return false, nil
		}
		err := f.openAgain(file)
		if err != nil && !file.listed && file.quiet >= patience { // it was read to its end
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	played, err = f.pollOpen(ctx, file)
	if file.quiet++; played || err != nil || file.at.To.Before(file.seen) {
		file.quiet = 0
	}
	if dead := (*fs.PathError)(nil); errors.As(err, &dead) && file.listed && !file.done { // so is a file on a share that was away, also when the share is back
		file.shut()
		file.closed = true
	}
	f.spare(file)
	return played, err
}

// openAgain opens a file that is closed. A file that has no path of the configuration any more may have the name of a recording's earlier file.
func (f *follower) openAgain(file *followed) error {
	path := file.path
	if !file.listed {
		path = earlierOf(path)
	}
	if file.gone {
		return errors.New("it was removed between two looks, and what was added to it is not read")
	}
	c, err := openFile(path)
	if err != nil {
		return fmt.Errorf("it was renamed or removed between two looks, and what was added to it is not read: %w", err)
	}
	if !os.SameFile(c.info, file.info) || file.changed(c.info) && !f.holds(&c, file) {
		return errors.Join(errors.New("another file has its name, and what was added to it between two looks is not read"), c.file.Close())
	}
	file.content, file.closed, file.barred = c, false, false
	return nil
}

// pollOpen is poll for a file that is open or done.
func (f *follower) pollOpen(ctx context.Context, file *followed) (played bool, err error) {
	if file.done {
		return false, nil
	}
	if err := file.measure(); err != nil {
		return false, err
	}
	if end := file.at.To; end.At > file.size || end.At == file.size && end.In > 0 {
		f.startAgain(file, checkpoint.Truncated, fmt.Errorf("the file has %d bytes and was read up to byte %d", file.size, end.At+end.In))
	}
	if !file.begun {
		at, id, err := f.resume(ctx, &file.content)
		if err != nil {
			return false, unfinished(file, err)
		}
		file.begun, file.at, file.id = true, at, id
		if !at.Empty() {
			return true, f.playNext(ctx, file, at)
		}
	}
	x, err := f.survey(ctx, file.file, file.size, span.Query{From: file.at.To, Growing: file.listed, Counted: file.counted})
	if err == nil {
		file.counted = x.Counted
	}
	if err == nil && x.Recording != file.of {
		file.of = x.Recording
		f.meetPart(file)
	}
	switch {
	case err != nil:
		return false, unfinished(file, err)
	case x.Overwritten && !x.Closed:
		return false, errors.New("its writer overwrites it (a circular file), so it cannot be followed; it is read when it is complete")
	case x.ID == (span.ID{}) && x.Closed && x.Lacking() == nil: // it has no event, and there is no place to keep
		f.last = nil // the next part of any file begins anew
		if err := f.Play(ctx, Part{Path: file.path, Source: file.file, Size: file.size, Span: span.Span{To: span.Place{At: file.size}}, Growing: true}, f.emit); err != nil && ctx.Err() == nil {
			f.loses(file, err)
		}
		return false, f.end(file)
	case x.ID == (span.ID{}):
		return false, f.atEnd(file, &x)
	case file.id != (span.ID{}) && x.ID != file.id:
		f.startAgain(file, checkpoint.Changed, errors.New("another file was written over it"))
		return true, nil
	}
	if file.id = x.ID; file.partial && file.id != file.lost { // another file, of which nothing is lost so far
		file.partial, file.entry = false, nil
	}
	file.lacking = x.Lacking() != nil
	// The last buffer may be on the disk in part. What the last look saw is complete by now.
	to, closed := x.To, x.Closed && !file.lacking
	if file.listed && !closed {
		to, file.seen = file.seen, x.To
		if x.To.Before(to) {
			to = x.To
		}
	}
	if file.at.To.Before(to) {
		if x, err = f.survey(ctx, file.file, file.size, span.Query{From: file.at.To, To: to, Digest: f.Track != nil}); err != nil {
			return false, err
		}
		return true, f.playNext(ctx, file, checkpoint.Position{Span: x.Span})
	}
	if closed && file.listed {
		return false, f.end(file)
	}
	return false, f.atEnd(file, &x)
}

// end closes a file that its writer has completed.
func (f *follower) end(file *followed) error {
	file.done = true
	f.complete(file)
	f.Logger.Info("a file is complete and was read to its end", zap.String("file", file.path))
	return file.file.Close()
}

// atEnd says what a file lacks that was read to its end. The error is for a file to which it may come.
func (f *follower) atEnd(file *followed, x *span.Extent) error {
	err := x.Lacking()
	if err != nil && !file.listed {
		f.loses(file, err)
		return nil
	}
	if err != nil {
		err = fmt.Errorf("%w: it is cut off, or its writer is not done; what comes is read", err)
	}
	return err
}

// playNext plays the next part of a file. A part that could not be read in full is not read again.
func (f *follower) playNext(ctx context.Context, file *followed, at checkpoint.Position) error {
	goesOn := f.last == file
	f.last, file.over = file, false
	f.progress.begin(0)
	err := f.playPart(ctx, &file.content, at, file.id, goesOn, f.emit)
	file.at = checkpoint.Position{Span: span.Span{From: at.To, To: at.To}}
	if err != nil && ctx.Err() == nil {
		f.loses(file, err)
	}
	return nil
}

// startAgain reads a file from its beginning, because its content was replaced. That is no problem if the content was complete and was read: the
// system may give the number by which it knows a file to the next one when the file is deleted.
func (f *follower) startAgain(file *followed, problem string, err error) {
	if file.over {
		f.Logger.Info("another file is in the place of one that was read to its end", zap.String("file", file.path))
	} else {
		f.Logger.Warn("a file that is followed has lost what was read of it; it is read from its beginning",
			zap.String("file", file.path), zap.String("reason", problem), zap.Error(err))
		f.Problems.Add(problem, 1)
	}
	file.at, file.seen, file.counted, file.id, file.of, file.after = checkpoint.Position{}, span.Place{}, span.Count{}, span.ID{}, recording.File{}, true
	if f.last == file {
		f.last = nil
	}
}

// unfinished returns the error of a file that cannot be read, unless its writer may only have begun it.
func unfinished(file *followed, err error) error {
	if file.listed && file.size == 0 {
		return nil
	}
	return err
}

// note counts the looks at a file that failed. It names a file that stays unreadable, with what the last look found, until it can be read to its end.
func (f *follower) note(file *followed, err error) {
	if err == nil {
		if file.entry != nil && !file.partial && !file.lacking && !file.barred {
			f.can(&file.entry)
		}
		file.failed, file.failure = 0, ""
		return
	}
	if file.failure != err.Error() {
		file.failed, file.failure = 0, err.Error()
	}
	if file.failed++; (file.failed == patience || !file.listed || file.entry != nil) && !file.partial {
		f.cannot(&file.entry, file.path, err)
	}
}

// loses notes that a part of a file could not be read, and will not be.
func (f *follower) loses(file *followed, err error) {
	file.partial, file.lost = true, file.id
	f.cannot(&file.entry, file.path, err)
}

// cannot notes why a file or a part of it could not be read, and reports it the first time.
func (f *follower) cannot(entry **UnreadFile, path string, err error) {
	if *entry != nil {
		(*entry).Err = err
		return
	}
	*entry = &UnreadFile{path, err}
	f.unread = append(f.unread, *entry)
	f.progress.unread.Store(int64(len(f.unread)))
	printable.Always(f.Logger).Error("a file cannot be read in full", zap.String("file", path), zap.Error(err))
}

// can takes a file off those that could not be read, because its writer has gone on.
func (f *follower) can(entry **UnreadFile) {
	f.unread = slices.DeleteFunc(f.unread, func(other *UnreadFile) bool { return other == *entry })
	f.progress.unread.Store(int64(len(f.unread)))
	f.Logger.Info("a file that could not be read can be read now", zap.String("file", (*entry).Path))
	*entry = nil
}

// bar notes why a file, or a folder, cannot be opened. info is nil if its folder does not show it either.
func (f *follower) bar(path string, info os.FileInfo, err error) {
	if !os.SameFile(info, info) { // Windows does not show its number, so it is known by its path
		info = nil
	}
	at := slices.IndexFunc(f.barred, func(u *unopened) bool {
		return os.SameFile(u.info, info) || u.info == nil && info == nil && u.path == path
	})
	if at < 0 {
		at = len(f.barred)
		f.barred = append(f.barred, &unopened{path: path, info: info})
	}
	f.cannot(&f.barred[at].entry, path, err)
}

// admit takes what can be opened now off what could not be.
func (f *follower) admit(can func(*unopened) bool) {
	f.barred = slices.DeleteFunc(f.barred, func(u *unopened) bool {
		is := can(u)
		if is {
			f.can(&u.entry)
		}
		return is
	})
}

// forget closes the files that were renamed or deleted. By now they have been read to their ends. They are known for some looks more: a look may have
// missed a file that was renamed while it listed, and meet must see that another one has a file's path.
func (f *follower) forget() {
	f.files = slices.DeleteFunc(f.files, func(file *followed) bool {
		if file.listed || !file.idle {
			file.away = 0
			return false
		}
		if file.away++; file.away < patience {
			_, err := os.Stat(file.path)
			if file.done || errors.Is(err, fs.ErrNotExist) { // an open file keeps Windows from replacing it, so it is only kept while no other has its path
				return false
			}
		}
		if !file.done {
			f.complete(file)
			file.shut()
		}
		return true
	})
}

// complete notes that nothing more is to be read of a file.
func (f *follower) complete(file *followed) {
	if f.Track != nil && file.id != (span.ID{}) && !file.partial && file.failure == "" {
		f.Track.Complete(file.id, file.path, file.at)
	}
}

// close closes all files.
func (f *follower) close() {
	for _, file := range f.files {
		if !file.done {
			file.shut()
		}
	}
}

// shut closes the file, if it is open.
func (file *followed) shut() {
	if !file.closed {
		_ = file.file.Close()
	}
}
