// SPDX-License-Identifier: Apache-2.0

// Package replay plays recorded files into a pipeline. In come a configuration (which files, how often, how fast) and a function that
// reads one file; out come calls of that function, file by file, and the files that could not be read in full. It does not know the
// files' formats.
package replay

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
)

// Config is the receivers' `replay` section.
type Config struct {
	// Path are files and glob patterns, one as text or several as a list. The receiver reads them instead of
	// its live source. Without the section it reads the live source; a section without a path is refused.
	Path Paths `mapstructure:"path"`
	// Repeat is how many times the files are played; 0 is without end. Default 1.
	Repeat int `mapstructure:"repeat"`
	// Rate is the number of events a second; 0 is as fast as the pipeline takes them. Default 0.
	Rate float64 `mapstructure:"rate"`
	// ExitWhenDone ends the collector when the files have been played, by every receiver that has it. Default false: the collector
	// goes on.
	ExitWhenDone bool `mapstructure:"exit_when_done"`
	// Follow reads on as the files grow, and reads new files that match, until the receiver is stopped. Default false.
	Follow bool `mapstructure:"follow"`

	configyaml.Optional `mapstructure:",squash"`
}

// Paths are files and glob patterns. In the configuration a single one needs no list.
type Paths []string

// UnmarshalText takes a single path, which may hold commas; an empty one is none.
func (p *Paths) UnmarshalText(text []byte) error {
	*p = nil
	if len(text) > 0 {
		*p = Paths{string(text)}
	}
	return nil
}

// minRate is an event in twelve days, maxRate above what any machine replays.
const minRate, maxRate = 1e-6, 1e9

// DefaultConfig plays nothing; with a path, once and as fast as possible.
func DefaultConfig() Config { return Config{Repeat: 1} }

// Enabled reports whether a replay is configured.
func (c *Config) Enabled() bool { return len(c.Path) > 0 }

// Validate returns an error that names the key, the value and what is allowed. A file need not exist yet.
func (c *Config) Validate() error {
	if (c.There() || c.ExitWhenDone || c.Follow) && !c.Enabled() {
		return errors.New("path: it is missing or empty, for example because a variable is not set; want a file or a glob pattern, or a list of them; to read the live source, " +
			"leave the section replay out")
	}
	var errs []error
	for i, path := range c.Path {
		if err := checkPath(path); err != nil {
			key := "path"
			if len(c.Path) > 1 {
				key = fmt.Sprintf("path[%d]", i)
			}
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	if c.Repeat < 0 {
		errs = append(errs, fmt.Errorf("repeat: %d is not allowed; want the number of times to play the files, 0 for without end", c.Repeat))
	}
	if c.Rate != 0 && !(c.Rate >= minRate && c.Rate <= maxRate) {
		errs = append(errs, fmt.Errorf("rate: %v is not allowed; want events a second, %.0e to %.0e, or 0 (no limit)", c.Rate, minRate, maxRate))
	}
	if c.ExitWhenDone && c.Repeat == 0 {
		errs = append(errs, errors.New("exit_when_done: true is not allowed with repeat: 0, which never ends; want repeat: 1 or more"))
	}
	if c.Follow && c.ExitWhenDone {
		errs = append(errs, errors.New("exit_when_done: true is not allowed with follow: true, which never ends"))
	}
	if c.Follow && c.Repeat != 1 {
		errs = append(errs, fmt.Errorf("repeat: %d is not allowed with follow: true, which reads a file once; want repeat: 1", c.Repeat))
	}
	return errors.Join(errs...)
}

// CheckStorage checks the key storage. It returns an error for a live source and for files that are played again, because neither has a
// place in a file to go on from.
func (c *Config) CheckStorage(storage string) error {
	var id component.ID
	switch {
	case storage == "":
		return nil
	case id.UnmarshalText([]byte(storage)) != nil || id.String() != storage:
		return fmt.Errorf("%q is not allowed; want the name of a storage extension, such as file_storage or file_storage/replay", storage)
	case !c.Enabled():
		return fmt.Errorf("%q is not allowed without replay.path: it keeps the place in the files of a replay, and a live source has none", storage)
	case c.Repeat != 1:
		return fmt.Errorf("%q is not allowed with replay.repeat: %d: files that are read again have no place to go on; want repeat: 1", storage, c.Repeat)
	}
	return nil
}

// CheckRecorded returns an error if the replay would read one of the files that the receiver records to, now or after a restart: with Follow it
// would read its own recording without end.
func (c *Config) CheckRecorded(files []string) error {
	for _, file := range files {
		for _, path := range c.Path {
			if names(path, file) {
				return fmt.Errorf("%s is a file of replay.path, %q: the replay would read what it has recorded itself; choose a file that replay.path does not name",
					file, path)
			}
		}
	}
	return nil
}

// checkPath returns an error for a text that is no path or pattern. An existing file may have any name.
func checkPath(path string) error {
	if strings.TrimSpace(path) == "" && !isThere(path) {
		return fmt.Errorf("%q is not allowed; want a file or a glob pattern", path)
	}
	if err := configyaml.CheckPath(path); err != nil {
		return err
	}
	pattern := path
	if isThere(filepath.Dir(path)) {
		pattern = filepath.Base(path)
	}
	if _, err := filepath.Match(pattern, ""); err != nil && !isThere(path) {
		return fmt.Errorf("%q is not a file name or a glob pattern: %w", path, err)
	}
	return nil
}
