// SPDX-License-Identifier: Apache-2.0

// Playing a capture file. A replay gets from the file what events.Deliver gets from the live map.

package capture

import (
	"context"
	"errors"
	"io"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

// Replay plays the capture file at path, see Play, and returns the counts of what was read.
func Replay(ctx context.Context, path string, emit func(ctx context.Context, head, body []byte) error) (Stats, error) {
	c, err := Open(path)
	if err != nil {
		return Stats{}, err
	}
	err = c.Play(ctx, emit)
	return c.Stats(), errors.Join(err, c.Close())
}

// Play passes every record to emit, in wire form, in two parts that are valid until emit returns. It ends at the end of the file, at
// the first error of emit, or with ctx. An *Error says why the file, or the rest of it, could not be read.
func (c *Reader) Play(ctx context.Context, emit func(ctx context.Context, head, body []byte) error) error {
	head := make([]byte, 0, events.HeadSize)
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
