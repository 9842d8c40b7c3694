// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// files are the files of a data folder.
type files struct{ folder string }

func (f files) config() string      { return filepath.Join(f.folder, "config.yaml") }
func (f files) environment() string { return filepath.Join(f.folder, EnvironmentFile) }
func (f files) saved() string       { return filepath.Join(f.folder, "before-setup.json") }

// before is what an apply found.
type before struct {
	Environment *string  `json:"environment"` // nil if there was no file
	AutoLoggers []string `json:"autologgers"`
}

// save writes down what is there now. What an earlier apply wrote down, which was neither committed nor undone, stays: it is older.
func (f files) save(autoLoggers []source) error {
	if _, err := os.Stat(f.saved()); err == nil {
		return nil
	}
	var b before
	switch content, err := os.ReadFile(f.environment()); {
	case err == nil:
		text := string(content)
		b.Environment = &text
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	for _, s := range autoLoggers {
		b.AutoLoggers = append(b.AutoLoggers, s.name)
	}
	content, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return replace(f.saved(), content)
}

// restore puts the environment file back, and returns the sources that had AutoLogger keys. found is false if nothing was written down.
func (f files) restore() (autoLoggers []source, found bool, _ error) {
	content, err := os.ReadFile(f.saved())
	if errors.Is(err, os.ErrNotExist) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, err
	}
	var b before
	if err := json.Unmarshal(content, &b); err != nil {
		return nil, false, fmt.Errorf("%s: %w", f.saved(), err)
	}
	if b.Environment == nil {
		err = os.Remove(f.environment())
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	} else {
		err = replace(f.environment(), []byte(*b.Environment))
	}
	for _, name := range b.AutoLoggers {
		for _, s := range sources {
			if s.name == name {
				autoLoggers = append(autoLoggers, s)
			}
		}
	}
	return autoLoggers, true, err
}

// forget removes what save wrote.
func (f files) forget() error {
	if err := os.Remove(f.saved()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// replace writes a file so that it has the old or the new content, whatever happens.
func replace(path string, content []byte) error {
	next := path + ".new"
	if err := os.WriteFile(next, content, 0o600); err != nil {
		return err
	}
	return os.Rename(next, path)
}
