// SPDX-License-Identifier: Apache-2.0

// Package recording makes recordings of any length from the test data, for benchmarks. It repeats the events of the
// test data, each time with later times.
package recording

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// later is the time added in each repetition: longer than either recording.
const later = time.Hour

// DNS writes n events of the .etl file `from` to the file `to`.
func DNS(from, to string, n int) error {
	const timeStamp = 16 // offset in EVENT_HEADER; in units of 100 ns
	return write(to, func(f io.Writer) error {
		var w *etl.Writer
		for left, round := n, uint64(0); left > 0; round++ {
			r, err := etl.Open(from)
			if err != nil {
				return err
			}
			if w == nil {
				if w, err = etl.Create(f, etl.Options{StartTime: r.Header().StartTime, OS: r.Header().OS, BufferSize: r.Header().BufferSize}); err != nil {
					return errors.Join(err, r.Close())
				}
			}
			before := left
			var event []byte
			for ; err == nil && left > 0; left-- {
				var raw []byte
				if raw, err = r.Next(); err != nil {
					break
				}
				event = append(event[:0], raw...)
				stamp := binary.LittleEndian.Uint64(event[timeStamp:]) + round*uint64(later/100)
				binary.LittleEndian.PutUint64(event[timeStamp:], stamp)
				err = w.Write(event)
			}
			if err == io.EOF {
				err = nil
			}
			if left == before {
				err = errors.Join(err, fmt.Errorf("%s: no event", from))
			}
			if err = errors.Join(err, r.Close()); err != nil {
				return err
			}
		}
		return w.Close()
	})
}

// Cilium writes n events of the .pcapng file `from` to the file `to`.
func Cilium(from, to string, n int) error {
	return write(to, func(f io.Writer) error {
		w, err := capture.NewWriter(f)
		if err != nil {
			return err
		}
		enough := errors.New("enough")
		for left, round := n, int64(0); left > 0; round++ {
			before := left
			_, err := capture.Replay(context.Background(), from, func(_ context.Context, head, body []byte) error {
				if left == 0 {
					return enough
				}
				left--
				r, err := events.Parse(append(append([]byte(nil), head...), body...))
				if err != nil {
					return err
				}
				r.Time += round * int64(later)
				return w.Write(r)
			})
			if err != nil && !errors.Is(err, enough) {
				return err
			}
			if left == before {
				return fmt.Errorf("%s: no event", from)
			}
		}
		return w.Flush()
	})
}

// write creates the file path with the output of fill.
func write(path string, fill func(io.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return fill(f)
}
