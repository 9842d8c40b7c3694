// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/configyaml"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// Config is the receivers' `record` section.
type Config struct {
	// Path is the file that raw events are written to. Without the section nothing is recorded. A section without a path is refused.
	Path string `mapstructure:"path"`
	// MaxSizeMiB is the size at which a file is full. Default 100. The full file before it is kept, so the files take at most
	// twice this size.
	MaxSizeMiB int `mapstructure:"max_size_mib"`

	configyaml.Optional `mapstructure:",squash"`
}

const maxSizeMiB = 1 << 20 // 1 TiB

// DefaultConfig records nothing.
func DefaultConfig() Config { return Config{MaxSizeMiB: 100} }

// Enabled reports whether events are recorded.
func (c *Config) Enabled() bool { return c.Path != "" }

// Files returns the files that are written, which need not be there; nil if nothing is recorded.
func (c *Config) Files() []string {
	if !c.Enabled() {
		return nil
	}
	return []string{c.Path, c.earlier()}
}

// Validate names the key, the value and what is allowed.
func (c *Config) Validate() error {
	if c.MaxSizeMiB < 1 || c.MaxSizeMiB > maxSizeMiB {
		return fmt.Errorf("max_size_mib: %d is not allowed; want 1 to %d", c.MaxSizeMiB, maxSizeMiB)
	}
	switch {
	case c.There() && !c.Enabled():
		return errors.New("path: it is missing or empty, for example because a variable is not set; want the name of a file to write; to record nothing, leave the section record out")
	case !c.Enabled():
		return nil
	}
	if err := configyaml.NewFile(c.Path); err != nil {
		return fmt.Errorf("path: %w", err)
	}
	return nil
}

// earlier is what a full file is called: dns.etl becomes dns.1.etl, so that a glob finds both, the earlier one first.
func (c *Config) earlier() string {
	ext := filepath.Ext(c.Path)
	return strings.TrimSuffix(c.Path, ext) + ".1" + ext
}

// check reports why the files of the recording could not be written, without changing what is there. replayed are files that
// must not be overwritten.
func (c *Config) check(replayed []string) error {
	missing := false // c.Path is
	for _, path := range []string{c.earlier(), c.Path} {
		if slices.ContainsFunc(replayed, func(source string) bool { return samePath(source, path) }) {
			return fmt.Errorf("%s is replayed and would be overwritten; choose another file", path)
		}
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = path == c.Path
			continue
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a regular file; want the name of a file to write", path)
		}
		for _, source := range replayed {
			if other, err := os.Stat(source); err == nil && os.SameFile(info, other) {
				return fmt.Errorf("%s is replayed and would be overwritten; choose another file", path)
			}
		}
		if err := writable(path); err != nil {
			return err
		}
	}
	if !missing {
		return nil
	}
	file, err := create(c.Path)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(c.Path))
}

// samePath reports whether two paths are spellings of one, whether a file is there or not.
func samePath(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}

// writable reports why this recorder could not write a file that is there.
func writable(path string) error {
	file, err := open(path)
	if err != nil {
		return err
	}
	return file.Close()
}

// create makes a new file that only this account reads: events name who asked for what.
func create(path string) (*os.File, error) { return private.Create(path) }

// open opens a file that is there.
func open(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR, 0) }
