// SPDX-License-Identifier: Apache-2.0

// Package record writes raw events to a file that a replay reads, and begins a new file when one is full.
package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"go.uber.org/zap"
)

// Config is the receivers' `record` section.
type Config struct {
	// Path is the file that raw events are written to. Empty, the default: none.
	Path string `mapstructure:"path"`
	// MaxSizeMiB is the size at which a file is full. Default 100. The full one before it is kept, so that twice as much
	// is taken at most.
	MaxSizeMiB int `mapstructure:"max_size_mib"`
}

const maxSizeMiB = 1 << 20 // 1 TiB

// DefaultConfig records nothing.
func DefaultConfig() Config { return Config{MaxSizeMiB: 100} }

// Enabled tells whether events are recorded.
func (c *Config) Enabled() bool { return c.Path != "" }

// Validate names the key, the value and what is allowed.
func (c *Config) Validate() error {
	if c.MaxSizeMiB < 1 || c.MaxSizeMiB > maxSizeMiB {
		return fmt.Errorf("max_size_mib: %d is not allowed; want 1 to %d", c.MaxSizeMiB, maxSizeMiB)
	}
	return nil
}

// earlier is what a full file is called: dns.etl becomes dns.1.etl, so that a glob finds both, the earlier one first.
func (c *Config) earlier() string {
	ext := filepath.Ext(c.Path)
	return strings.TrimSuffix(c.Path, ext) + ".1" + ext
}

// Writer writes events in a file's format; Close completes the file and leaves it open.
type Writer interface {
	Write(raw []byte) error
	Size() int64 // of the file, if it were closed now, in bytes
	Close() error
}

// File is the file that events are recorded to. What goes wrong with it ends the recording and not the receiving: it is
// logged once, and Write does nothing from then on.
type File struct {
	cfg    Config
	create func(*os.File) (Writer, error)
	log    *zap.Logger

	mu     sync.Mutex
	file   *os.File // nil when the recording has ended
	writer Writer
}

// Open begins to record. A file that is there becomes the earlier one. create begins a file's format.
func Open(cfg Config, create func(*os.File) (Writer, error), log *zap.Logger) (*File, error) {
	f := &File{cfg: cfg, create: create, log: log}
	if err := f.begin(); err != nil {
		return nil, fmt.Errorf("record.path: %w", err)
	}
	log.Info("recording raw events", zap.String("file", cfg.Path), zap.Int("max_size_mib", cfg.MaxSizeMiB))
	return f, nil
}

// begin puts the file that is there aside and begins a new one.
func (f *File) begin() error {
	if err := os.Rename(f.cfg.Path, f.cfg.earlier()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(f.cfg.Path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) // events name who asked for what
	if err != nil {
		return err
	}
	writer, err := f.create(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.writer = file, writer
	return nil
}

// Write records one event. It does not keep raw.
func (f *File) Write(raw []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return
	}
	err := f.writer.Write(raw)
	if err == nil {
		if f.writer.Size() < int64(f.cfg.MaxSizeMiB)<<20 {
			return
		}
		if err = f.end(); err == nil {
			err = f.begin()
		}
	}
	if err != nil {
		f.log.Error("recording raw events has ended", zap.String("file", f.cfg.Path), zap.Error(err))
		_ = f.end()
	}
}

// end completes the file and closes it.
func (f *File) end() error {
	if f.file == nil {
		return nil
	}
	err := errors.Join(f.writer.Close(), f.file.Close())
	f.file, f.writer = nil, nil
	return err
}

// Close completes the file. Calls of Write that come later do nothing.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end()
}
