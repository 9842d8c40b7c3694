// SPDX-License-Identifier: Apache-2.0

// Package replay plays recorded files into a pipeline: which files, how often and how fast. What a file holds is its
// reader's business.
package replay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config is the receivers' `replay` section.
type Config struct {
	// Path is a file or a glob pattern. Set, the receiver reads it instead of its live source.
	Path string `mapstructure:"path"`
	// Repeat is how many times the files are played; 0 is without end. Default 1.
	Repeat int `mapstructure:"repeat"`
	// Rate is the number of events a second; 0 is as fast as the pipeline takes them. Default 0.
	Rate float64 `mapstructure:"rate"`
}

// maxRate is above what any machine replays, and small enough for the arithmetic.
const maxRate = 1e9

// DefaultConfig plays nothing; with a path, once and as fast as possible.
func DefaultConfig() Config { return Config{Repeat: 1} }

// Enabled tells whether a replay is configured.
func (c *Config) Enabled() bool { return c.Path != "" }

// Validate names the key, the value and what is allowed.
func (c *Config) Validate() error {
	if c.Repeat < 0 {
		return fmt.Errorf("repeat: %d is not allowed; want the number of times to play the files, 0 for without end", c.Repeat)
	}
	if !(c.Rate >= 0 && c.Rate <= maxRate) {
		return fmt.Errorf("rate: %v is not allowed; want events a second, 0 (no limit) to %.0e", c.Rate, maxRate)
	}
	if _, err := filepath.Match(c.Path, ""); err != nil {
		return fmt.Errorf("path: %q is not a file name or a glob pattern: %w", c.Path, err)
	}
	return nil
}

// ErrNoFile is returned when the path names no file.
var ErrNoFile = errors.New("no such file")

// Files lists the files that the path names, sorted. A path that exists is taken as it is, even with glob characters in it.
func (c *Config) Files() ([]string, error) {
	_, statErr := os.Stat(c.Path)
	if statErr == nil {
		return []string{c.Path}, nil
	}
	files, err := filepath.Glob(c.Path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("replay.path: %q: %w", c.Path, err)
	case len(files) == 0 && errors.Is(statErr, os.ErrPermission):
		return nil, fmt.Errorf("replay.path: %w", statErr)
	case len(files) == 0:
		wd, _ := os.Getwd()
		return nil, fmt.Errorf("replay.path: %q: %w (looked from %s)", c.Path, ErrNoFile, wd)
	}
	slices.Sort(files)
	return files, nil
}

// Check lists the files and has check look at each, so that a receiver fails at its start and not later. Without a replay
// configured it lists none.
func (c *Config) Check(check func(path string) error) ([]string, error) {
	if !c.Enabled() {
		return nil, nil
	}
	files, err := c.Files()
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		if err := check(path); err != nil {
			return nil, fmt.Errorf("replay.path: %w", err)
		}
	}
	return files, nil
}

// Name is what a host is called whose file nobody named: the file's name without directory and extension, as UTF-8, which a name
// need not be. It is not empty.
func Name(path string) string {
	base := filepath.Base(path)
	name := strings.TrimSuffix(base, filepath.Ext(base))
	if name == "" { // ".etl"
		name = base
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}

// Emit takes one event on, in up to two parts. It may wait. Its error ends the replay.
type Emit func(ctx context.Context, head, body []byte) error

// Play plays one file from its beginning to its end.
type Play func(ctx context.Context, path string, emit Emit) error

// Run plays the files in order, Repeat times, at Rate. Damage within a file is play's to count; an error of play ends the
// run, as does the end of ctx, which is not an error. Files without an event are not played without end.
func Run(ctx context.Context, c Config, files []string, play Play, emit Emit) error {
	p := pacer{rate: c.Rate, emit: emit}
	for round := 0; c.Repeat == 0 || round < c.Repeat; round++ {
		before := p.n
		for _, path := range files {
			if err := play(ctx, path, p.pass); err != nil && ctx.Err() == nil {
				return fmt.Errorf("replay of %s: %w", path, err)
			}
			if ctx.Err() != nil {
				return nil
			}
		}
		if p.n == before {
			return nil
		}
	}
	return nil
}

// pacer counts events and holds them to rate a second, measured from the first; a rate of 0 is no limit.
type pacer struct {
	rate  float64
	emit  Emit
	begun time.Time
	n     int64
}

func (p *pacer) pass(ctx context.Context, head, body []byte) error {
	if p.n == 0 {
		p.begun = time.Now()
	}
	n := p.n
	p.n++
	if p.rate > 0 {
		const worthASleep = time.Millisecond
		due := p.begun.Add(time.Duration(float64(n) / p.rate * float64(time.Second)))
		if ahead := time.Until(due); ahead >= worthASleep {
			select {
			case <-time.After(ahead):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return p.emit(ctx, head, body)
}
