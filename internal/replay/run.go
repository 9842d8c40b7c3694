// SPDX-License-Identifier: Apache-2.0

// Playing files: one after the other, each for itself.

package replay

import (
	"context"
	"fmt"
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
// the result names them, nil where there is none. Files without an event are not played without end.
func run(ctx context.Context, c Config, files []string, play Play, emit Emit, p *Progress) *UnreadError {
	paced := pacer{rate: c.Rate, emit: emit, progress: p}
	unread := &UnreadError{Of: len(files)}
	for round := 0; (c.Repeat == 0 || round < c.Repeat) && ctx.Err() == nil; round++ {
		before := paced.n
		for i, path := range files {
			p.begin(i)
			if err := play(ctx, path, paced.pass); err != nil && ctx.Err() == nil {
				unread.add(path, err)
				p.unread.Store(int64(len(unread.Files)))
			}
			if ctx.Err() != nil {
				break
			}
			p.end(i)
		}
		if paced.n == before {
			break
		}
	}
	if len(unread.Files) == 0 {
		return nil
	}
	return unread
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
		due := p.begun.Add(time.Duration(float64(n) / p.rate * float64(time.Second)))
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
