// SPDX-License-Identifier: Apache-2.0

// Playing parts of files: the rest after a checkpoint, and what has been added to a file.

package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/checkpoint"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// Survey finds what can be read of the file in the first size bytes of src.
type Survey func(src io.ReaderAt, size int64, q span.Query) (span.Extent, error)

// parts plays files part by part.
type parts struct{ *Settings }

// survey is Survey. It ends early with ctx, and then returns the error of ctx.
func (s *parts) survey(ctx context.Context, src io.ReaderAt, size int64, q span.Query) (span.Extent, error) {
	x, err := s.Survey(interruptible{ctx, src}, size, q)
	if ctx.Err() != nil {
		return x, ctx.Err()
	}
	return x, err
}

// interruptible is a source whose reading ends with ctx.
type interruptible struct {
	ctx context.Context
	src io.ReaderAt
}

func (i interruptible) ReadAt(b []byte, offset int64) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.src.ReadAt(b, offset)
}

// content is an open file.
type content struct {
	path    string
	file    *os.File
	size    int64
	written time.Time   // the time of its last writing, measured with size
	info    os.FileInfo // as it was opened, to know it by another name
}

// openFile opens a regular file, in a way that lets its writer rename and delete it. It asks for the file's number by what it has opened: Windows finds the
// number of what os.Stat has named when it is first compared, and another file may have the path by then.
func openFile(path string) (content, error) {
	if info, err := os.Stat(path); err != nil {
		return content{}, err
	} else if !info.Mode().IsRegular() { // opening a named pipe waits for its writer
		return content{}, fmt.Errorf("%s is not a regular file (%s)", path, info.Mode().Type())
	}
	f, err := openShared(path)
	if err != nil {
		return content{}, err
	}
	c := content{path: path, file: f}
	if c.info, err = f.Stat(); err != nil {
		return c, errors.Join(err, f.Close())
	}
	c.size, c.written = c.info.Size(), c.info.ModTime()
	return c, nil
}

// measure notes the file's present size and time.
func (c *content) measure() error {
	info, err := c.file.Stat()
	if err == nil {
		c.size, c.written = info.Size(), info.ModTime()
	}
	return err
}

// playRest is a Play. It plays a file from its checkpoint on, or from its beginning without one, and what is added to the file meanwhile.
func (s *parts) playRest(ctx context.Context, p Part, emit Emit) error {
	c, err := openFile(p.Path)
	if err != nil {
		return err
	}
	defer func() { _ = c.file.Close() }()
	at, known, err := s.resume(ctx, &c)
	if err != nil {
		return err
	}
	if !at.Empty() {
		if err := s.playPart(ctx, &c, at, known, false, emit); err != nil {
			return err
		}
	}
	for first := true; ; first = false {
		if err := c.measure(); err != nil {
			return err
		}
		x, err := s.survey(ctx, c.file, c.size, span.Query{From: at.To, Digest: s.Track != nil})
		switch {
		case err != nil:
			return err
		case x.ID == (span.ID{}):
			return s.Play(ctx, Part{Path: p.Path}, emit) // it has no event, so that there is no place to keep
		case x.Empty() && first && known != (span.ID{}) && at.Empty():
			s.Logger.Info("the file was read before, and nothing has been added to it", zap.String("file", p.Path))
		}
		if x.Empty() {
			if err := x.Lacking(); err != nil {
				return fmt.Errorf("%w: the file is cut off, or is being written or copied; replay.follow: true waits for the rest", err)
			}
			return nil
		}
		goesOn := !first || !at.Empty()
		at = checkpoint.Position{Span: x.Span}
		if err := s.playPart(ctx, &c, at, x.ID, goesOn, emit); err != nil {
			return err
		}
	}
}

// resume returns the position from which a file is played, and the file's identifier if the position is from a checkpoint. A checkpoint that does not
// fit the file is refused.
func (s *parts) resume(ctx context.Context, c *content) (at checkpoint.Position, known span.ID, err error) {
	if s.Store == nil {
		return at, known, nil
	}
	x, err := s.survey(ctx, c.file, c.size, span.Query{To: span.Place{In: 1}})
	if err != nil || x.ID == (span.ID{}) {
		return at, known, err
	}
	at, ok := s.Store.Read(ctx, x.ID, c.path)
	if !ok {
		return checkpoint.Position{}, known, nil
	}
	if at.To.At > c.size || at.To.At == c.size && at.To.In > 0 {
		s.Store.Refuse(checkpoint.Truncated, c.path, fmt.Errorf("the file has %d bytes and was read up to byte %d", c.size, at.To.At+at.To.In))
		return checkpoint.Position{}, known, nil
	}
	if !at.Empty() {
		again, err := s.survey(ctx, c.file, c.size, span.Query{From: at.From, To: at.To, Digest: true})
		if err != nil {
			return checkpoint.Position{}, known, err
		}
		if again.Digest != at.Digest {
			s.Store.Refuse(checkpoint.Changed, c.path, fmt.Errorf("the part from byte %d to byte %d has changed since it was read", at.From.At, at.To.At+at.To.In))
			return checkpoint.Position{}, known, nil
		}
		s.Logger.Info("the replay goes on where it was", zap.String("file", c.path), zap.Int64("byte", at.From.At+at.From.In), zap.Int64("events_read_before", at.Events))
	} else if at.To != (span.Place{}) {
		s.Logger.Info("the replay goes on where it was", zap.String("file", c.path), zap.Int64("byte", at.To.At+at.To.In))
	}
	return at, x.ID, nil
}

// playPart plays a part of a file. It skips the first at.Events events, which left the pipeline in an earlier run.
func (s *parts) playPart(ctx context.Context, c *content, at checkpoint.Position, id span.ID, goesOn bool, emit Emit) error {
	into, seen := s.Into, int64(0)
	if s.Track != nil {
		s.Track.Begin(id, c.path, at.Span, at.Events, into.Taken())
	}
	err := s.Play(ctx, Part{Path: c.path, Source: c.file, Size: c.size, Span: at.Span, GoesOn: goesOn, Growing: s.Follow}, func(ctx context.Context, head, body []byte) error {
		if seen++; seen <= at.Events {
			return nil
		}
		taken := into.Taken()
		if err := emit(ctx, head, body); err != nil {
			return err
		}
		if s.Track != nil && into.Taken() == taken {
			s.Track.Skip(seen, taken)
		}
		return nil
	})
	if s.Track != nil && ctx.Err() == nil {
		s.Track.End(into.Taken(), err == nil)
	}
	return err
}
