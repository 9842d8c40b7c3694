// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"
)

const (
	// aliveInterval is the time between two notes that the collector runs.
	aliveInterval = 5 * time.Second
	// runSize is the size of the file of a run, in bytes. It stays the same, so that one write replaces all.
	runSize = 256
	// idNotEnded is the id of the event in the Windows Event Log, see docs/event-log.md.
	idNotEnded = 105
)

// lastRun is what the file of a run says.
type lastRun struct {
	Started time.Time `json:"started"`
	Alive   time.Time `json:"alive"`
	// Delivered is the time before which all events had left the receivers; zero if none has said that.
	Delivered time.Time `json:"delivered,omitzero"`
}

// run notes in a file that the collector runs. The file is removed when it stops, so a file that is there at the start says that the last run
// did not end, and since when events are at risk. A nil run notes nothing.
type run struct {
	file   *os.File
	log    *zap.Logger
	stop   chan struct{}
	ended  sync.WaitGroup
	failed bool

	mu        sync.Mutex
	now       lastRun
	delivered map[component.ID]time.Time
}

// runPath is the path of the file. No client's file has such a name: those begin with the kind of a component.
func runPath(folder string, id component.ID) string {
	return filepath.Join(folder, "run_"+sanitize(id.String()))
}

// beginRun reports whether the last run ended, and begins to note this one. It returns nil if the file cannot be used.
func beginRun(path string, log *zap.Logger) *run {
	file, err := openAlone(path)
	if err != nil {
		log.Warn("cannot note that the collector runs; if this run does not end, the next one will not report it", zap.String("file", path), zap.Error(err))
		return nil
	}
	r := &run{file: file, log: log, stop: make(chan struct{}), delivered: map[component.ID]time.Time{}}
	r.now.Started = time.Now().UTC()
	r.report()
	r.note()
	r.ended.Go(r.work)
	return r
}

// report logs that the last run did not end, if there was one.
func (r *run) report() {
	raw := make([]byte, runSize)
	n, _ := r.file.ReadAt(raw, 0)
	if n == 0 {
		return
	}
	log := r.log.With(zap.Time("at_risk_until", r.now.Started))
	const message = "the last run did not end: the collector was killed, or the host stopped. Events between at_risk_from and at_risk_until may be missing, or delivered twice"
	var last lastRun
	if err := json.Unmarshal(bytes.TrimRight(raw[:n], " \n"), &last); err != nil {
		log.Warn(message+". at_risk_from is not known", zap.NamedError("file_damaged", err), zap.Int("event_log_id", idNotEnded))
		return
	}
	from := last.Alive
	if !last.Delivered.IsZero() {
		from = last.Delivered
	}
	log.Warn(message, zap.Time("at_risk_from", from), zap.Time("last_run_started", last.Started), zap.Time("last_run_seen", last.Alive),
		zap.Int("event_log_id", idNotEnded))
}

func (r *run) work() {
	tick := time.NewTicker(aliveInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.note()
		case <-r.stop:
			return
		}
	}
}

// note writes that the collector runs.
func (r *run) note() {
	r.mu.Lock()
	r.now.Alive, r.now.Delivered = time.Now().UTC(), time.Time{}
	for _, at := range r.delivered {
		if r.now.Delivered.IsZero() || at.Before(r.now.Delivered) {
			r.now.Delivered = at.UTC()
		}
	}
	text, err := json.Marshal(r.now)
	r.mu.Unlock()
	if err == nil {
		_, err = r.file.WriteAt([]byte(fmt.Sprintf("%-*s\n", runSize-1, text)), 0)
	}
	if err != nil && !r.failed {
		r.log.Warn("cannot note that the collector runs; if this run does not end, the time at risk will be wrong", zap.Error(err))
	}
	r.failed = err != nil
}

// end removes the file. That it is gone already is no error.
func (r *run) end() {
	if r == nil {
		return
	}
	close(r.stop)
	r.ended.Wait()
	emptied := r.file.Truncate(0) // says the same as no file, if it cannot be removed
	_ = r.file.Close()
	if err := os.Remove(r.file.Name()); emptied != nil && err != nil && !errors.Is(err, os.ErrNotExist) {
		r.log.Warn("cannot note that the collector has stopped; the next start will report that this run did not end", zap.Error(err))
	}
}

// Delivered notes that all events that a receiver got before through have left it. Receivers call it every few seconds; it writes nothing
// itself.
func (e *fileStorage) Delivered(receiver component.ID, through time.Time) {
	if e.run == nil {
		return
	}
	e.run.mu.Lock()
	defer e.run.mu.Unlock()
	e.run.delivered[receiver] = through
}
