// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"fmt"
	"os"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/host"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline"
	"github.com/otelcol-winnet/otelcol-winnet/internal/record"
)

// recordBuffer is the buffer size of a recorded file in bytes: any event fits. What the last one holds comes with Close.
const recordBuffer = 128 << 10

// recorder is a handler that writes every event to a file before it deals with it. It does so on the pipeline's worker: the
// callback of a live session must not wait for a disk.
type recorder struct {
	*handler
	to *record.File
}

var _ pipeline.Holder = (*recorder)(nil)

func (r *recorder) Handle(ev pipeline.Event, records plog.LogRecordSlice) pipeline.Outcome {
	r.to.Write(ev.Data)
	return r.handler.Handle(ev, records)
}

// openRecord begins the file of the `record` section; without one it gives nil.
func (r *dnsReceiver) openRecord() (*record.File, error) {
	if !r.cfg.Record.Enabled() {
		return nil, nil
	}
	options := etl.Options{LoggerName: r.cfg.session(r.provider).Name, LogFileName: r.cfg.Record.Path, BufferSize: recordBuffer}
	if v := (etl.OSVersion{}); r.cfg.Replay.Path == "" {
		if _, err := fmt.Sscanf(host.OSVersion(), "%d.%d.%d", &v.Major, &v.Minor, &v.Build); err == nil {
			options.OS = v
		}
	}
	return record.Open(r.cfg.Record, func(file *os.File) (record.Writer, error) {
		w, err := etl.Create(file, options)
		if err != nil {
			return nil, err
		}
		return w, nil
	}, r.log)
}

// closeRecord completes the recorded file.
func (r *dnsReceiver) closeRecord() error {
	if r.recorded == nil {
		return nil
	}
	if err := r.recorded.Close(); err != nil {
		return fmt.Errorf("record.path: %w", err)
	}
	return nil
}
