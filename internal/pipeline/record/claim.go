// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// claim keeps other recorders, of this process and of others, off the files of a recorder, by a locked file beside each of them. It lasts
// from the recorder's start to its end, also while there is no recorded file yet, or a full one is being renamed. A collector that was
// killed leaves its lock files behind, unlocked.
type claim []*os.File

// claimSuffix is appended to a recorded file's name to get the name of its lock file.
const claimSuffix = ".lock"

// take claims files. Its error names a file that another recorder has claimed. The paths must be resolved.
func take(paths ...string) (claim, error) {
	var c claim
	for _, path := range paths {
		f, err := lockBeside(path)
		if err != nil {
			c.release()
			return nil, err
		}
		c = append(c, f)
	}
	return c, nil
}

// lockBeside creates and locks the lock file of path.
func lockBeside(path string) (*os.File, error) {
	for {
		f, err := private.Open(path + claimSuffix)
		if err != nil {
			return nil, err
		}
		free, err := lock(f)
		switch {
		case err != nil: // a file system without locks is no reason not to record
			return f, nil
		case !free:
			return nil, errors.Join(fmt.Errorf("another receiver records to %s; choose another file", path), f.Close())
		}
		mine, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if there, err := os.Stat(f.Name()); err == nil && os.SameFile(mine, there) {
			return f, nil
		}
		_ = f.Close() // its recorder removed it while it was being opened
	}
}

// release removes the lock files.
func (c claim) release() {
	for _, f := range c {
		if runtime.GOOS == "windows" { // an open file cannot be removed
			_ = f.Close()
			_ = os.Remove(f.Name()) // fails when the next recorder has it
			continue
		}
		_ = os.Remove(f.Name()) // while it is still locked, so that the next recorder's lock file is not removed
		_ = f.Close()
	}
}

// resolve returns the canonical spelling of a path: absolute, without links, and on Windows with long names in the disk's spelling. For a
// file that is not there it resolves the folder; a missing folder is an error.
func resolve(path string) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		folder, err := filepath.EvalSymlinks(filepath.Dir(path))
		if errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if err == nil {
			return filepath.Abs(filepath.Join(folder, filepath.Base(path)))
		}
	}
	if err != nil { // not every volume of Windows can be resolved
		resolved = path
	}
	return filepath.Abs(resolved)
}
