// SPDX-License-Identifier: Apache-2.0

// Playing a capture file: what Deliver gets from the live map, a replay gets from the file.

package events

import (
	"context"
	"errors"
	"io"
)

// Replay plays the capture file at path, see Play, and gives what was read of it.
func Replay(ctx context.Context, path string, emit func(ctx context.Context, head, body []byte) error) (CaptureStats, error) {
	c, err := OpenCapture(path)
	if err != nil {
		return CaptureStats{}, err
	}
	err = c.Play(ctx, emit)
	return c.Stats(), errors.Join(err, c.Close())
}

// Play hands every record to emit, in wire form, in two parts that are valid until emit returns. It ends at the file's end, at the
// first error of emit, and with ctx. A *CaptureError says why the file, or the rest of it, could not be read.
func (c *Capture) Play(ctx context.Context, emit func(ctx context.Context, head, body []byte) error) error {
	head := make([]byte, 0, HeadSize)
	for ctx.Err() == nil {
		r, err := c.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := emit(ctx, r.AppendHead(head), r.Data); err != nil {
			return err
		}
	}
	return ctx.Err()
}
