// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"
	"math"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/queue"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/record"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
	"github.com/otelcol-winnet/otelcol-winnet/internal/platform/host"
)

// recordBuffer is the buffer size of a recorded file in bytes. Any event fits into it.
const recordBuffer = 128 << 10

// newWriter returns the function that opens a recording of the replayed files, or of a live session.
func (r *dnsReceiver) newWriter(replayed []string) func(record.Destination, recording.File) (record.Writer, error) {
	options := etl.Options{
		LoggerName: r.cfg.session(r.providers).Name, LogFileName: r.cfg.Record.Path, BufferSize: recordBuffer, OS: recordedOS(replayed),
	}
	if len(replayed) == 0 {
		options.StartTime = time.Now()
	}
	var before losses // losses that earlier files account for; used by the recorder's goroutine only
	return func(to record.Destination, of recording.File) (record.Writer, error) {
		options.Recording = of
		w, err := etl.Create(to, options)
		if err != nil {
			return nil, err
		}
		return &etlWriter{Writer: w, losses: func() losses {
			now := r.lost()
			since := losses{now.events - before.events, now.buffers - before.buffers}
			before = now
			return since
		}}, nil
	}
}

// recordedOS returns the Windows version that the events come from: this host's, or in a replay the files' if they all
// have the same. It is zero if unknown.
func recordedOS(replayed []string) (v etl.OSVersion) {
	if len(replayed) == 0 {
		if _, err := fmt.Sscanf(host.OSVersion(), "%d.%d.%d", &v.Major, &v.Minor, &v.Build); err != nil {
			return etl.OSVersion{}
		}
		return v
	}
	for i, path := range replayed {
		reader, err := etl.Open(path)
		if err != nil { // it was removed after the check; the replay reports that
			return etl.OSVersion{}
		}
		of := reader.Header().OS
		_ = reader.Close()
		if i > 0 && of != v {
			return etl.OSVersion{}
		}
		v = of
	}
	return v
}

// losses are the events and buffers lost before the receiver could see them, as an .etl file's header counts them.
type losses struct{ events, buffers int64 }

// lost returns the losses so far.
func (r *dnsReceiver) lost() losses {
	by := r.Losses()
	return losses{by["etw_events"] + by["etl_events"], by["etw_buffers"] + by["etl_buffers"]}
}

// etlWriter records events in an .etl file. The file's header has the number of events that are missing.
type etlWriter struct {
	*etl.Writer
	losses func() losses // since the previous file
	lost   int64         // by the recorder
}

var _ record.Writer = (*etlWriter)(nil)

func (w *etlWriter) Write(ev queue.Event) error { return w.Writer.Write(ev.Data) }

func (w *etlWriter) Flush() error { return w.Sync() }

func (w *etlWriter) Lost(n int64) error {
	w.lost += n
	return nil
}

func (w *etlWriter) Close() error {
	l := w.losses()
	w.SetLost(uint32(min(w.lost+l.events, math.MaxUint32)), uint32(min(l.buffers, math.MaxUint32)))
	return w.Writer.Close()
}
