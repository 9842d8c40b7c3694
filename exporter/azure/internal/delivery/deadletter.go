// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// DeadLetters is a file of data that the far end refused permanently, one JSON object on each line. It is open only
// while a line is written, so it may be moved away at any time. It is safe for concurrent use within a process, also if
// several DeadLetters use the same file.
type DeadLetters struct {
	path    string
	maxSize int64
}

// writing is locked while a line is written to any file: two exporters may reach the same file by different paths.
var writing sync.Mutex

// Letter is one line of the file.
type Letter struct {
	Time      string          `json:"time"` // when the far end refused it
	Stream    string          `json:"stream,omitempty"`
	Rule      string          `json:"rule_id,omitempty"`
	Status    int             `json:"status"`
	Code      string          `json:"code,omitempty"`
	Message   string          `json:"message"`
	RequestID string          `json:"request_id"`
	Row       json.RawMessage `json:"row"`
}

// ErrDeadLettersFull is the error of a file that has reached its maximum size.
var ErrDeadLettersFull = errors.New("the file has reached its size: move it away")

// OpenDeadLetters creates the file, or checks that it can be written. Other users cannot read a file that it creates. It leaves the access to
// one that is there as it is.
func OpenDeadLetters(path string, maxSize int64) (*DeadLetters, error) {
	d := &DeadLetters{path: path, maxSize: maxSize}
	file, _, err := d.open()
	if err != nil {
		return nil, err
	}
	return d, file.Close()
}

// Keep writes a line if there is a file. It returns the outcome for a metric, and logs an error if the line could not
// be written.
func (d *DeadLetters) Keep(l Letter, log *RateLimitedLogger) (outcome string) {
	if d == nil {
		return ""
	}
	if err := d.Write(l); err != nil {
		log.Again("letters", func(z *zap.Logger) {
			z.Error("dropped data could not be written to dead_letter::path", zap.String("path", d.path), zap.Error(err))
		})
		return "not_written"
	}
	return "written"
}

// Write appends a line. If it cannot write the whole line, it removes what it wrote. It first ends a line that an
// earlier process left incomplete.
func (d *DeadLetters) Write(l Letter) (err error) {
	line, err := json.Marshal(l)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	writing.Lock()
	defer writing.Unlock()
	file, size, err := d.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	last := []byte{'\n'}
	if size > 0 {
		if _, err := file.ReadAt(last, size-1); err != nil {
			return err
		}
	}
	if last[0] != '\n' {
		line = append([]byte{'\n'}, line...)
	}
	if size+int64(len(line)) > d.maxSize {
		return ErrDeadLettersFull
	}
	if _, err := file.WriteAt(line, size); err != nil {
		if cut := file.Truncate(size); cut != nil {
			err = fmt.Errorf("%w; the beginning of the line is still in the file: %w", err, cut)
		}
		return err
	}
	return nil
}

func (d *DeadLetters) open() (*os.File, int64, error) {
	file, err := private.Open(d.path)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}
