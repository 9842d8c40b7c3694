// SPDX-License-Identifier: Apache-2.0

// Which files a configuration names, and in which order.

package replay

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// ErrNoFile is returned when a path names no file.
var ErrNoFile = errors.New("no such file")

// file is one file to play.
type file struct {
	path  string
	named bool // the configuration has its name, and not only a pattern
}

// files lists the files that the paths name, each once, also through links, at its first place: the paths in their order, a pattern's files by name, with
// the numbers in it as numbers. A path that exists is taken as it is, even with glob characters in it, and so is
// the folder of a pattern. A path that names no file is an
// error. A folder that a pattern looks into and that cannot be listed stands in the list itself.
func (c *Config) files() ([]file, error) {
	var all []file
	places := map[string]int{}
	add := func(f file) {
		key := targetOf(f.path)
		if at, ok := places[key]; ok {
			all[at].named = all[at].named || f.named
			return
		}
		places[key] = len(all)
		all = append(all, f)
	}
	for _, path := range c.Path {
		_, statErr := os.Stat(path)
		if statErr == nil {
			add(file{path: path, named: true})
			continue
		}
		files, err := glob(path)
		switch {
		case err != nil:
			return nil, fmt.Errorf("replay.path: %q: %w", path, err)
		case len(files) == 0 && !errors.Is(statErr, os.ErrNotExist) && !isPattern(path):
			return nil, fmt.Errorf("replay.path: %w", statErr)
		}
		if files = append(files, unlisted(path)...); len(files) == 0 {
			wd, _ := os.Getwd()
			return nil, fmt.Errorf("replay.path: %q: %w (looked from %s)", path, ErrNoFile, wd)
		}
		slices.SortFunc(files, compareNames)
		for _, path := range files {
			add(file{path: path})
		}
	}
	return all, nil
}

// glob lists what a pattern names.
func glob(pattern string) (paths []string, err error) {
	dir, names := filepath.Split(pattern)
	if !isPattern(dir) || !isThere(dir) {
		return filepath.Glob(pattern)
	}
	entries, err := os.ReadDir(dir)
	if err != nil { // it is told as a folder that cannot be listed
		return nil, nil
	}
	for _, entry := range entries {
		is, err := filepath.Match(names, entry.Name())
		if err != nil {
			return nil, err
		}
		if is {
			paths = append(paths, dir+entry.Name())
		}
	}
	return paths, nil
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// unlisted gives the folders that a pattern looks into and that cannot be listed: filepath.Glob passes over them without a word.
func unlisted(pattern string) (folders []string) {
	if !isPattern(pattern) {
		return nil
	}
	dir := filepath.Dir(pattern)
	looked := []string{dir}
	if isPattern(dir) && !isThere(dir) {
		folders = unlisted(dir)
		looked, _ = filepath.Glob(dir)
	}
	for _, folder := range looked {
		if listable(folder) != nil {
			folders = append(folders, folder)
		}
	}
	return folders
}

// listable returns the operating system's error for a folder that cannot be listed. What is no folder, or not there, passes.
func listable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = folder.Readdirnames(1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, folder.Close())
}

// placeOf is equal for two ways to write the same path.
func placeOf(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if runtime.GOOS == "windows" {
		path = strings.ToLower(path)
	}
	return path
}

// Check lists the files and has check look at each, so that a receiver fails at its start and not later: where a path names no file,
// a file that is named cannot be read, or none can. A file of a pattern that cannot be read is listed beside others that can; the
// replay tells of it at its end. Without a replay configured it lists none.
func (c *Config) Check(check func(path string) error) ([]string, error) {
	files, err := c.files()
	if err != nil {
		return nil, err
	}
	var paths []string
	var bad []error
	for _, f := range files {
		paths = append(paths, f.path)
		err := listable(f.path)
		if err == nil {
			err = check(f.path)
		}
		switch {
		case err == nil:
		case f.named:
			return nil, fmt.Errorf("replay.path: %w", err)
		default:
			bad = append(bad, err)
		}
	}
	if n := len(bad); n > 0 && n == len(files) {
		return nil, fmt.Errorf("replay.path: none of %d files can be read: %w", n, errors.Join(bad...))
	}
	return paths, nil
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

// compareNames orders file names as a person does: dns_2.etl comes before dns_10.etl.
func compareNames(a, b string) int {
	partsA, partsB := cutNumbers(a), cutNumbers(b)
	for i := range min(len(partsA), len(partsB)) {
		x, y := partsA[i], partsB[i]
		order := strings.Compare(x, y)
		if isDigit(x[0]) && isDigit(y[0]) {
			order = compareNumbers(x, y)
		}
		if order != 0 {
			return order
		}
	}
	if d := len(partsA) - len(partsB); d != 0 {
		return d
	}
	return strings.Compare(a, b) // 1 and 01
}

// compareNumbers orders decimal numbers of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if d := len(a) - len(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// cutNumbers cuts a name into its numbers and what stands between them; no part is empty.
func cutNumbers(name string) (parts []string) {
	for begin := 0; begin < len(name); {
		end := begin + 1
		for end < len(name) && isDigit(name[end]) == isDigit(name[begin]) {
			end++
		}
		parts = append(parts, name[begin:end])
		begin = end
	}
	return parts
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// Follows reports whether the name of a file says that it is the next of a series: it is the name of the file before but for one
// number, which is one more (dns_9.etl, dns_10.etl), or that file is what a recording calls its earlier one (dns.1.etl, dns.etl). How the
// paths are written does not matter. Of links their own names count, and those of the files that they lead to.
func Follows(before, path string) bool {
	return before != "" && (follows(placeOf(before), placeOf(path)) || follows(targetOf(before), targetOf(path)))
}

// targetOf is placeOf the file that a path leads to through links and, on Windows, short names. Of one that is not there it is the path's.
func targetOf(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return placeOf(path)
}

// follows is Follows for two names as they stand.
func follows(before, path string) bool {
	ext := filepath.Ext(path)
	if before == strings.TrimSuffix(path, ext)+".1"+ext {
		return true
	}
	a, b := cutNumbers(before), cutNumbers(path)
	if len(a) != len(b) {
		return false
	}
	next := false
	for i := range a {
		switch {
		case a[i] == b[i]:
		case !next && isDigit(a[i][0]) && isDigit(b[i][0]) && compareNumbers(increment(a[i]), b[i]) == 0:
			next = true
		default:
			return false
		}
	}
	return next
}

// increment adds one to a decimal number.
func increment(number string) string {
	digits := []byte("0" + number)
	for i := len(digits) - 1; ; i-- {
		if digits[i] != '9' {
			digits[i]++
			return string(digits)
		}
		digits[i] = '0'
	}
}
