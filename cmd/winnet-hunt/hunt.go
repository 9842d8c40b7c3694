// SPDX-License-Identifier: Apache-2.0

// A hunt from files to a page.

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/input"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/page"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/playback"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/rows"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/summary"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// hunt is one run.
type hunt struct {
	options
	say *sayer

	store   *rows.Store
	summary *summary.Summary
	report  page.Report
	missing []string // why the page is incomplete
	// Of the questions: those with an answer, those of them with findings, and those that the recordings cannot answer.
	asked, found, unaskable int
}

// run hunts. An error means that there is no page.
func (h *hunt) run(reading, asking context.Context) (err error) {
	out, err := h.openPage()
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = out.Close()
			_ = os.Remove(out.Name())
		}
	}()
	dir, err := h.openTemp()
	if err != nil {
		return fmt.Errorf("the folder for the database: %w; name another one with -temp", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if h.store, err = rows.Open(filepath.Join(dir, "rows.db")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.store.Close()) }()
	h.report = page.Report{Program: program(), Made: time.Now(), Volume: string(h.volume)}
	h.summary = summary.New()
	h.store.Seen = h.summary.Add
	if err := h.read(reading); err != nil {
		return err
	}
	debug.FreeOSMemory() // what the receivers had; the questions need other memory
	h.ask(asking)
	h.describe()
	if err := h.write(out); err != nil {
		return err
	}
	return os.Rename(out.Name(), h.page)
}

// reserved is the size that the page's file has from the beginning, in bytes, so that a disk that gets full has room for a page that says so.
const reserved = 512 << 10

// write writes the page into its file, and closes it.
func (h *hunt) write(out *os.File) error {
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	if err := errors.Join(page.Write(w, &h.report), w.Flush()); err != nil {
		return err
	}
	size, err := out.Seek(0, io.SeekCurrent)
	return errors.Join(err, out.Truncate(size), out.Close())
}

// openPage creates the file that becomes the page, and the folder for the CSV files, so that a run of minutes does not end without a place for what it
// has found.
func (h *hunt) openPage() (*os.File, error) {
	if !h.replace {
		for _, path := range []string{h.page, h.folder()} {
			if _, err := os.Lstat(path); err == nil {
				return nil, fmt.Errorf("%s is there already: name another file with -out, or replace it with -replace", path)
			} else if !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	} else if err := h.replaceable(); err != nil {
		return nil, err
	}
	folder := filepath.Dir(h.page)
	out, err := private.CreateTemp(folder, ".winnet-hunt-")
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err // without the name of the file, which is there for the time of the run only
		}
		return nil, fmt.Errorf("the folder of the page, %s: %w; create it, or name another file with -out", folder, err)
	}
	_, err = out.Write(make([]byte, reserved))
	if err = errors.Join(err, h.openFolder()); err != nil {
		return nil, errors.Join(err, out.Close(), os.Remove(out.Name()))
	}
	return out, nil
}

// openTemp creates the folder for the database.
func (h *hunt) openTemp() (string, error) {
	dir, err := os.MkdirTemp(h.temp, "winnet-hunt-")
	if err != nil {
		return "", err
	}
	if err := private.Protect(dir); err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	return dir, nil
}

// openFolder creates the folder for the CSV files, and removes those of an earlier run. Other files in it stay.
func (h *hunt) openFolder() error {
	err := private.MkdirAll(h.folder(), 0o700)
	if errors.Is(err, fs.ErrExist) {
		err = errors.New("it is no folder")
	}
	if err != nil {
		return fmt.Errorf("the folder for the CSV files, %s: %w; name another file with -out", h.folder(), err)
	}
	for _, name := range tableNames() {
		if gone := os.Remove(h.path(name)); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

// replaceable returns an error for a file that is there and is no page of this program: it may be a recording.
func (h *hunt) replaceable() error {
	file, err := os.Open(h.page)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	const head = 1 << 10
	begin, err := io.ReadAll(io.LimitReader(file, head))
	if err == nil && !bytes.Contains(begin, []byte(`<meta name="generator" content="winnet-hunt `)) {
		err = errors.New("it is no page of winnet-hunt")
	}
	if err != nil {
		return fmt.Errorf("%s is not replaced: %w; name another file with -out", h.page, err)
	}
	return nil
}

// read reads all files into the store.
func (h *hunt) read(ctx context.Context) error {
	found := input.Find(h.files)
	h.unread(found.Unread)
	h.report.Skipped = int64(found.Skipped)
	var failure error
	for _, kind := range []input.Kind{input.DNS, input.Cilium} {
		var files []input.File
		for _, f := range found.Files {
			if f.Kind == kind {
				files = append(files, f)
			}
		}
		switch {
		case len(files) == 0:
		case ctx.Err() != nil || failure != nil:
			for _, f := range files {
				h.addFile(f, nil)
			}
		default:
			var err error
			if failure, err = h.play(ctx, kind, files); err != nil {
				return err
			}
		}
	}
	if failure != nil {
		h.miss("reading ended early, and the answers are only of the rows that were stored: %s", textOf(failure))
	} else if ctx.Err() != nil {
		h.miss("reading was %s", textOf(context.Cause(ctx)))
	}
	if err := h.store.Finish(); err != nil {
		h.miss("the last rows could not be stored: %s", textOf(err))
	}
	return nil
}

// play plays the files of a kind. failure is why the rows could not be stored.
func (h *hunt) play(ctx context.Context, kind input.Kind, files []input.File) (failure, err error) {
	to := playback.NewStorer(h.store.AddLogs)
	res, err := playback.Play(ctx, playback.Settings{
		Files: files, Volume: string(h.volume), HostName: h.hostName, HostIP: h.hostIP, Progress: h.say.reading(kind, files), Next: to.Consume,
	})
	failure = to.Close()
	if err != nil {
		h.unread([]input.Unread{{Path: string(kind), Reason: err.Error()}})
	}
	h.unread(res.Unread)
	for _, f := range files {
		h.addFile(f, res.Notes)
	}
	a := res.Account
	account := page.Account{
		Kind: string(kind), Received: a.Received, Emitted: a.Emitted, Filtered: a.Filtered, Aggregated: a.Aggregated, Undecodable: a.Undecodable.Total(), Dropped: a.Dropped.Total(),
	}
	for _, of := range []struct {
		what    string
		reasons playback.Reasons
	}{{"undecodable, ", a.Undecodable}, {"dropped, ", a.Dropped}, {"lost before the file was written, ", a.Lost}} {
		for _, name := range of.reasons.Names() {
			account.Reasons = append(account.Reasons, page.Count{Name: of.what + strings.ReplaceAll(name, "_", " "), Count: of.reasons[name]})
		}
	}
	h.report.Accounts = append(h.report.Accounts, account)
	if n := a.Missing(); n != 0 {
		h.miss("%d events of %s are in no term of the account", n, kind)
	}
	return failure, nil
}

// addFile adds a file to the page, with what the receiver said of it.
func (h *hunt) addFile(f input.File, notes []playback.Note) {
	file := page.File{Path: f.Path, Kind: string(f.Kind), Size: f.Size, Events: -1}
	for _, also := range f.Also {
		file.Notes = append(file.Notes, "also named, or the same bytes or the first of them, and read once: "+also)
	}
	for _, n := range notes {
		if n.File != printable.String(f.Path) {
			continue
		}
		if n.Events >= 0 {
			file.Events = n.Events
		}
		if n.Warning {
			file.Notes = append(file.Notes, n.Text)
		}
	}
	h.report.Files = append(h.report.Files, file)
}

// unread notes what could not be read.
func (h *hunt) unread(all []input.Unread) {
	for _, u := range all {
		h.report.Unread = append(h.report.Unread, page.Unread{Path: u.Path, Reason: u.Reason})
		h.miss("%s: %s", u.Path, u.Reason)
	}
}

// miss notes why the page is incomplete.
func (h *hunt) miss(format string, a ...any) {
	h.missing = append(h.missing, printable.String(fmt.Sprintf(format, a...)))
}

// askers is how many questions are asked at once. Each takes memory for its cache.
const askers = 2

// ask asks the questions.
func (h *hunt) ask(ctx context.Context) {
	questions := question.All()
	h.report.Questions = make([]page.Question, len(questions))
	failures := make([]error, len(questions))
	var next, done atomic.Int64
	var workers sync.WaitGroup
	for range askers {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(questions) {
					return
				}
				h.report.Questions[i], failures[i] = h.answer(ctx, questions[i])
				h.say.asked(int(done.Add(1)), len(questions), questions[i].ID)
			}
		})
	}
	workers.Wait()
	for i, q := range questions {
		asked := &h.report.Questions[i]
		if failures[i] != nil {
			h.miss("the table of %s: %s", q.ID, textOf(failures[i]))
		}
		switch {
		case asked.Unasked != "":
			h.unaskable++
		case asked.Error != "":
			h.miss("no answer to %s: %s", q.ID, asked.Error)
		case asked.Total > 0:
			h.found++
			fallthrough
		default:
			h.asked++
		}
	}
}

// describe completes the report.
func (h *hunt) describe() {
	for _, n := range h.store.Counts {
		h.report.Rows += n
	}
	first, _, last := h.store.Span()
	h.report.Span = page.Span{From: first, To: last}
	h.report.Timeline.Buckets, h.report.Timeline.Step = h.summary.Timeline()
	h.report.Timeline.CSV = h.writeTimeline(h.report.Timeline)
	for _, list := range h.summary.Lists() {
		h.report.Tops = append(h.report.Tops, h.writeTop(list))
	}
	h.report.FilesCSV, h.report.AccountsCSV = h.writeFiles(), h.writeAccounts()
	if len(h.report.Files) == 0 {
		h.miss("no file was read")
	}
	h.report.Missing = h.missing
}

// mostTop is how many lines of a list of what came most often are on the page. The CSV file has all.
const mostTop = 15

// textOf is the text of an error, in one line.
func textOf(err error) string { return printable.Error(err).Error() }
