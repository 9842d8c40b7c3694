// SPDX-License-Identifier: Apache-2.0

// The order of files. Those of one host should follow each other, in the order of time: what belongs together is then found together.

package input

import (
	"path/filepath"
	"strings"
)

// group is what the files of one recording have in common: the folder, and the name without numbers.
func (f *File) group() string {
	name := strings.TrimSuffix(filepath.Base(f.Path), filepath.Ext(f.Path))
	return filepath.Dir(f.Path) + "/" + strings.TrimRight(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, name), "-_.")
}
