// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// subfolders are the folders of the data folder that the installation makes.
var subfolders = [...]string{"storage", "logs", "records"}

// files are the files of a data folder.
type files struct{ folder string }

func (f files) config() string      { return filepath.Join(f.folder, "config.yaml") }
func (f files) environment() string { return filepath.Join(f.folder, EnvironmentFile) }
func (f files) saved() string       { return filepath.Join(f.folder, "before-setup.json") }

// before is what an apply found.
type before struct {
	Environment *string           `json:"environment"` // nil if there was no file
	AutoLoggers []string          `json:"autologgers"`
	Access      map[string]string `json:"access"`    // the DACLs of the folder and what was in it, in SDDL, by path
	Written     string            `json:"written"`   // the SHA-256 of the environment file that apply wrote
	Made        string            `json:"made"`      // the SHA-256 of the config.yaml that apply made; "" if there was one
	Restarted   bool              `json:"restarted"` // whether a restart has stopped the service since that apply
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// read returns a file's content; nil if there is none.
func read(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return content, err
}

// readEnvironment reads the environment file; one that is not there is a new one.
func (f files) readEnvironment() (environment, error) {
	content, err := read(f.environment())
	if err != nil {
		return environment{}, err
	}
	if content == nil {
		content = []byte(header)
	}
	e, err := parseEnvironment(content)
	if err != nil {
		return environment{}, fmt.Errorf("%s: %w", f.environment(), err)
	}
	return e, nil
}

// load returns what an apply wrote down; nil if it wrote nothing down.
func (f files) load() (*before, error) {
	content, err := read(f.saved())
	if err != nil || content == nil {
		return nil, err
	}
	b := &before{}
	if err := json.Unmarshal(content, b); err != nil {
		return nil, fmt.Errorf("%s: %w", f.saved(), err)
	}
	return b, nil
}

// newConfig returns the content of the config.yaml that is to be made from the file of the defaults; nil if there is one already.
func (f files) newConfig(defaults string) ([]byte, error) {
	if defaults == "" {
		return nil, nil
	}
	if _, err := os.Stat(f.config()); !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.ReadFile(defaults)
}

// save writes down what is there now, before the environment file becomes next. What an earlier apply wrote down, which was neither committed
// nor undone, stays, because it is older, unless the environment file was changed since: a rollback would undo that change too.
func (f files) save(access map[string]string, autoLoggers []source, next, config []byte) error {
	now, err := read(f.environment())
	if err != nil {
		return err
	}
	b, err := f.load()
	if err != nil {
		return err
	}
	if b == nil || b.Written != hash(now) {
		b = &before{Access: access}
		if now != nil {
			text := string(now)
			b.Environment = &text
		}
		for _, s := range autoLoggers {
			b.AutoLoggers = append(b.AutoLoggers, s.name)
		}
	}
	b.Written, b.Restarted = hash(next), false
	if config != nil {
		b.Made = hash(config)
	}
	return f.write(b)
}

// write writes down what load returns.
func (f files) write(b *before) error {
	content, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return replace(f.saved(), content)
}

// restore puts the environment file back, and removes the config.yaml that was made, unless they were changed after the apply.
func (f files) restore(b *before) error {
	if b.Made != "" {
		if err := restoreFile(f.config(), b.Made, nil); err != nil {
			return err
		}
	}
	return restoreFile(f.environment(), b.Written, b.Environment)
}

// restoreFile puts the content back that a file had, nil for no file, if its hash is still that of what was written.
func restoreFile(path, written string, content *string) error {
	now, err := read(path)
	if err != nil || now == nil || hash(now) != written {
		return err
	}
	if content == nil {
		return os.Remove(path)
	}
	return replace(path, []byte(*content))
}

// sources are the sources that had AutoLogger keys.
func (b *before) sources() (found []source) {
	for _, name := range b.AutoLoggers {
		for _, s := range sources {
			if s.name == name {
				found = append(found, s)
			}
		}
	}
	return found
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
