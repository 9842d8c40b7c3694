// SPDX-License-Identifier: Apache-2.0

// Playing a capture file: what Deliver gets from the live map, a replay gets from the file.

package events

import (
	"context"
	"errors"
	"io"
)

// Replay hands every record of the capture file at path to emit, in wire form, in two parts that are valid until emit
// returns. It ends at the file's end, at the first error of emit, and with ctx. The stats are of what was read, whatever
// the error; a *CaptureError says why the file, or the rest of it, could not be read.
func Replay(ctx context.Context, path string, emit func(ctx context.Context, head, body []byte) error) (stats CaptureStats, err error) {
	c, err := OpenCapture(path)
	if err != nil {
		return CaptureStats{}, err
	}
	defer func() {
		stats = c.Stats()
		err = errors.Join(err, c.Close())
	}()
	head := make([]byte, 0, HeadSize)
	for ctx.Err() == nil {
		r, err := c.Next()
		if err == io.EOF {
			return stats, nil
		}
		if err != nil {
			return stats, err
		}
		if err := emit(ctx, r.AppendHead(head), r.Data); err != nil {
			return stats, err
		}
	}
	return stats, ctx.Err()
}
