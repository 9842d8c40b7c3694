// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"
	"math"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/host"
	"github.com/otelcol-winnet/otelcol-winnet/internal/queue"
	"github.com/otelcol-winnet/otelcol-winnet/internal/record"
)

// recordBuffer is the buffer size of a recorded file in bytes: any event fits. What the last one holds comes with Close.
const recordBuffer = 128 << 10

// openRecord begins the recording of the `record` section; without one it gives nil.
func (r *dnsReceiver) openRecord(replayed []string) (*record.Recorder, error) {
	if !r.cfg.Record.Enabled() {
		return nil, nil
	}
	options := etl.Options{LoggerName: r.cfg.session(r.provider).Name, LogFileName: r.cfg.Record.Path, BufferSize: recordBuffer}
	if v := (etl.OSVersion{}); !r.cfg.Replay.Enabled() {
		if _, err := fmt.Sscanf(host.OSVersion(), "%d.%d.%d", &v.Major, &v.Minor, &v.Build); err == nil {
			options.OS = v
		}
	}
	return record.Open(record.Settings{
		Config: r.cfg.Record, QueueMiB: r.cfg.Queue.MaxSizeMiB, Replayed: replayed, Logger: r.log,
		Create: func(to record.Destination) (record.Writer, error) {
			w, err := etl.Create(to, options)
			if err != nil {
				return nil, err
			}
			return &etlWriter{Writer: w}, nil
		},
	})
}

// etlWriter records events in an .etl file, whose header says how many are missing.
type etlWriter struct {
	*etl.Writer
	lost int64
}

var _ record.Writer = (*etlWriter)(nil)

func (w *etlWriter) Write(ev queue.Event) error { return w.Writer.Write(ev.Data) }

func (w *etlWriter) Lost(n int64) error {
	w.lost += n
	w.SetLost(uint32(min(w.lost, math.MaxUint32)), 0)
	return nil
}
