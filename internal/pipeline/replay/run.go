// SPDX-License-Identifier: Apache-2.0

// Playing files: one after the other, each for itself.

package replay

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"time"
)

// Emit takes one event on, in up to two parts. It may wait. Its error ends the replay.
type Emit func(ctx context.Context, head, body []byte) error

// Play plays one file from its beginning to its end. An error says what of it could not be read; what could has been emitted.
type Play func(ctx context.Context, path string, emit Emit) error

// UnreadError names the files that could not be read, or not in full.
type UnreadError struct {
	Of    int // files that there were to read
	Files []UnreadFile
}

// UnreadFile is a file and why it, or a part of it, could not be read.
type UnreadFile struct {
	Path string
	Err  error
}

func (f UnreadFile) String() string {
	text := f.Err.Error()
	if strings.Contains(text, f.Path) {
		return text
	}
	return f.Path + ": " + text
}

// Error names the first files; the log has all.
func (e *UnreadError) Error() string {
	const most = 10
	texts := e.texts()
	if more := len(texts) - most; more > 0 {
		texts = append(texts[:most], fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("replay.path: %d of %d files could not be read in full: %s", len(e.Files), e.Of, strings.Join(texts, "; "))
}

func (e *UnreadError) texts() []string {
	texts := make([]string, len(e.Files))
	for i, f := range e.Files {
		texts[i] = f.String()
	}
	return texts
}

// add takes note of a file once, however often it is played.
func (e *UnreadError) add(path string, err error) {
	for _, f := range e.Files {
		if f.Path == path {
			return
		}
	}
	e.Files = append(e.Files, UnreadFile{path, err})
}

// run plays the files in order, Repeat times, at Rate, until ctx ends. A file that cannot be read is noted, and the next one is played;
// unread names them, nil where there is none. complete is false when ctx ended before the files did. Files without an event are not
// played without end.
func run(ctx context.Context, c Config, files []string, play Play, emit Emit, p *Progress) (unread *UnreadError, complete bool) {
	paced := pacer{rate: c.Rate, emit: emit, progress: p}
	bad := &UnreadError{Of: len(files)}
	defer func() {
		if len(bad.Files) > 0 {
			unread = bad
		}
	}()
	for round := 0; c.Repeat == 0 || round < c.Repeat; round++ {
		before := paced.n
		for i, path := range files {
			if ctx.Err() != nil {
				return nil, false
			}
			p.begin(i)
			err := playWhole(ctx, path, play, paced.pass)
			if err != nil && ctx.Err() != nil {
				return nil, false
			}
			if err != nil {
				bad.add(path, err)
				p.unread.Store(int64(len(bad.Files)))
			}
			p.end(i)
		}
		if paced.n == before {
			break
		}
	}
	return nil, true
}

// playWhole plays one file. A folder that cannot be listed and a file that somebody still writes are errors beside those of play.
func playWhole(ctx context.Context, path string, play Play, emit Emit) error {
	if err := listable(path); err != nil {
		return err
	}
	before, beforeErr := os.Stat(path)
	if err := play(ctx, path, emit); err != nil {
		return err
	}
	after, err := os.Stat(path)
	if beforeErr == nil && err == nil && os.SameFile(before, after) && after.Size() > before.Size() {
		return fmt.Errorf("it has grown from %d to %d bytes while it was read, and what came last may be missing; replay it when it is finished", before.Size(), after.Size())
	}
	return nil
}

// pacer counts events and holds them to rate a second, measured from the first; a rate of 0 is no limit.
type pacer struct {
	rate     float64
	emit     Emit
	progress *Progress
	begun    time.Time
	n        int64
}

func (p *pacer) pass(ctx context.Context, head, body []byte) error {
	if p.n == 0 {
		p.begun = time.Now()
	}
	n := p.n
	p.n++
	if p.rate > 0 {
		const worthASleep = time.Millisecond
		due := p.begun.Add(time.Duration(min(float64(n)/p.rate*float64(time.Second), math.MaxInt64/2)))
		if ahead := time.Until(due); ahead >= worthASleep {
			select {
			case <-time.After(ahead):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	if err := p.emit(ctx, head, body); err != nil {
		return err
	}
	p.progress.passed(len(head) + len(body))
	return nil
}
