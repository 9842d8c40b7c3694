// SPDX-License-Identifier: Apache-2.0

package ciliumwindowsreceiver

import (
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

// newWriter returns the function that opens a recording.
func newWriter([]string) func(record.Destination, recording.File) (record.Writer, error) {
	return func(to record.Destination, of recording.File) (record.Writer, error) {
		w, err := capture.NewRecordingWriter(to, of)
		if err != nil {
			return nil, err
		}
		return &captureRecord{Writer: w}, nil
	}
}

// captureRecord records events in a .pcapng file.
type captureRecord struct {
	*capture.Writer
	last int64 // time of the last event
}

var _ record.Writer = (*captureRecord)(nil)

func (f *captureRecord) Write(ev queue.Event) error {
	r, err := events.Parse(ev.Data)
	if err != nil {
		return err
	}
	f.last = r.Time
	return f.Writer.Write(r)
}

// Lost writes a loss record like the kernel's, so that a replay reports the loss.
func (f *captureRecord) Lost(n int64) error {
	return f.Writer.Write(events.Record{Time: f.last, CPU: events.UnknownCPU, Lost: uint64(n)})
}

func (f *captureRecord) Close() error { return f.Flush() }
