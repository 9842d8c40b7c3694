// SPDX-License-Identifier: Apache-2.0

// Playing files, one after the other.

package replay

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// Emit passes on one event, in up to two parts. It may wait. Its error ends the replay.
type Emit func(ctx context.Context, head, body []byte) error

// Play plays a file, or a part of one, from beginning to end. It emits all events that can be read; the error says what could not be read.
type Play func(ctx context.Context, p Part, emit Emit) error

// Part is what is played: all of a file, or a part of it.
type Part struct {
	Path string
	// Source has the first Size bytes of the file, of which Span is played. If it is nil, Play opens the file and plays all of it.
	Source io.ReaderAt
	Size   int64
	span.Span
	// GoesOn says that the part follows the one that was played before, in the same file.
	GoesOn bool
	// Growing says that more of the file may come.
	Growing bool
}

// UnreadError names the files that could not be read, or not in full.
type UnreadError struct {
	Of    int // number of files that were to be read
	Files []UnreadFile
}

// UnreadFile is a file and the reason why it, or a part of it, could not be read.
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

// Error names the first files; the log names all.
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

// add adds a file, once, however often it is played. The last reason counts.
func (e *UnreadError) add(path string, err error) {
	for i := range e.Files {
		if e.Files[i].Path == path {
			e.Files[i].Err = err
			return
		}
	}
	e.Files = append(e.Files, UnreadFile{path, err})
}

// run plays the files in order, Repeat times, at Rate, until ctx ends. When a file cannot be read, run plays the next one; unread names
// these files, and is nil if there are none. complete is false when ctx ended before the files did. A round without an event is the
// last one, so files without events are not played forever.
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
			err := listable(path)
			if err == nil {
				err = play(ctx, Part{Path: path}, paced.pass)
			}
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

// finished plays finished files: it returns an error for a file that grew while it was read.
func finished(play Play) Play {
	return func(ctx context.Context, p Part, emit Emit) error {
		before, beforeErr := os.Stat(p.Path)
		if err := play(ctx, p, emit); err != nil {
			return err
		}
		after, err := os.Stat(p.Path)
		if beforeErr == nil && err == nil && os.SameFile(before, after) && after.Size() > before.Size() {
			return fmt.Errorf("it has grown from %d to %d bytes while it was read, and what came last may be missing; replay it when it is finished, or with follow: true",
				before.Size(), after.Size())
		}
		return nil
	}
}

// pacer counts events and limits them to rate per second, measured from the first event. A rate of 0 is no limit.
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
