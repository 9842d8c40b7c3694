// SPDX-License-Identifier: Apache-2.0

package resilientfilestorageextension

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The name of a file that was set aside is the file's name, this infix, and the time in UTC.
const asideInfix = ".damaged-"

// maxAsideBase is the longest file name to which file systems let the infix, the time and a number be added.
const maxAsideBase = 200

// renameAside renames a file within its folder, to a new name. If more than keep files were set aside, it removes the
// oldest; keep 0 means to remove none. The file that was just renamed stays, even if the clock was set back since.
// aside is empty if the file could not be renamed. The error may also report an old file that could not be removed.
func renameAside(path string, keep int) (aside string, removed []string, err error) {
	base := filepath.Base(path)
	if len(base) > maxAsideBase {
		base = hashed(base)
	}
	prefix := filepath.Join(filepath.Dir(path), base) + asideInfix
	name := prefix + time.Now().UTC().Format("20060102T150405.000Z")
	for aside, n := name, 1; ; aside, n = fmt.Sprintf("%s-%d", name, n), n+1 {
		if _, err := os.Lstat(aside); err == nil {
			continue
		} else if !errors.Is(err, os.ErrNotExist) {
			return "", nil, err
		}
		if err := os.Rename(path, aside); err != nil {
			return "", nil, err
		}
		removed, err := removeOldest(prefix, aside, keep)
		return aside, removed, err
	}
}

func removeOldest(prefix, newest string, keep int) (removed []string, err error) {
	if keep == 0 {
		return nil, nil
	}
	entries, err := os.ReadDir(filepath.Dir(prefix))
	var all []string // all but the newest, sorted by name and thus by time
	for _, entry := range entries {
		if name := filepath.Join(filepath.Dir(prefix), entry.Name()); strings.HasPrefix(name, prefix) && name != newest {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	for len(all) >= keep {
		if removeErr := os.Remove(all[0]); removeErr != nil {
			return removed, errors.Join(err, removeErr)
		}
		removed, all = append(removed, all[0]), all[1:]
	}
	return removed, err
}
