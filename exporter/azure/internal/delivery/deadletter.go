// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// DeadLetters is a file of what the far end refused for good: one JSON object a line. It is safe for concurrent use.
type DeadLetters struct {
	mu      sync.Mutex
	file    *os.File
	size    int64
	maxSize int64
}

// Letter is one line of the file.
type Letter struct {
	Time      string          `json:"time"` // when it was refused
	Stream    string          `json:"stream"`
	Rule      string          `json:"rule_id,omitempty"`
	Status    int             `json:"status"`
	Code      string          `json:"code,omitempty"`
	Message   string          `json:"message"`
	RequestID string          `json:"request_id"`
	Row       json.RawMessage `json:"row"`
}

// ErrDeadLettersFull is the error of a file that has reached its size.
var ErrDeadLettersFull = errors.New("the file has reached its size: move it away")

// OpenDeadLetters opens the file, or makes it, readable for its owner only. A line that an earlier process did not end is ended.
func OpenDeadLetters(path string, maxSize int64) (*DeadLetters, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	d := &DeadLetters{file: file, maxSize: maxSize}
	info, err := file.Stat()
	if err == nil {
		d.size = info.Size()
		last := []byte{'\n'}
		if d.size > 0 {
			_, err = file.ReadAt(last, d.size-1)
		}
		if err == nil && last[0] != '\n' {
			err = d.write([]byte{'\n'})
		}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return d, nil
}

// Write appends a line. When it cannot be written whole, nothing of it stays in the file.
func (d *DeadLetters) Write(l Letter) error {
	line, err := json.Marshal(l)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.size+int64(len(line))+1 > d.maxSize {
		return ErrDeadLettersFull
	}
	return d.write(append(line, '\n'))
}

func (d *DeadLetters) write(line []byte) error {
	if _, err := d.file.WriteAt(line, d.size); err != nil {
		if cut := d.file.Truncate(d.size); cut != nil {
			err = fmt.Errorf("%w, and the beginning of the line is still there: %w", err, cut)
		}
		return err
	}
	d.size += int64(len(line))
	return nil
}

// Close closes the file.
func (d *DeadLetters) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.file.Close()
}
