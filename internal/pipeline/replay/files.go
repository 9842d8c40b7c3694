// SPDX-License-Identifier: Apache-2.0

// The files that a configuration names, and their order.

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
	named bool // the configuration has its name, not only a pattern that it matches
}

// files lists the files that the paths name: the paths in their order, the files of a pattern by name, with numbers in names compared as
// numbers. A file that is named more than once, also through links, is listed once, at its first place. A path that exists is taken
// literally, even with glob characters in it, and so is the folder of a pattern. A path that names no file is an error; with Follow it is
// itself in the list, because the file may come later. A folder that a pattern looks into and that cannot be listed is itself in the list.
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
			if c.Follow {
				add(file{path: path})
				continue
			}
			wd, _ := os.Getwd()
			return nil, fmt.Errorf("replay.path: %q: %w (looked from %s)", path, ErrNoFile, wd)
		}
		slices.SortFunc(files, CompareNames)
		for _, path := range files {
			add(file{path: path})
		}
	}
	return all, nil
}

// glob lists the files that match a pattern.
func glob(pattern string) (paths []string, err error) {
	dir, names := filepath.Split(pattern)
	if !isPattern(dir) || !isThere(dir) {
		return filepath.Glob(pattern)
	}
	entries, err := os.ReadDir(dir)
	if err != nil { // it is reported as a folder that cannot be listed
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

// names reports whether a path of the configuration names a file, which need not be there: by its name, or by a pattern that matches it.
func names(path, file string) bool {
	if targetOf(path) == targetOf(file) {
		return true
	}
	dir := filepath.Dir(path)
	if isPattern(dir) && !isThere(dir) {
		return matches(placeOf(path), placeOf(file))
	}
	if targetOf(dir) != targetOf(filepath.Dir(file)) {
		return false
	}
	name, fileName := filepath.Base(placeOf(path)), filepath.Base(placeOf(file))
	return name == fileName || isPattern(name) && !isThere(path) && matches(name, fileName)
}

func matches(pattern, name string) bool {
	is, err := filepath.Match(pattern, name)
	return is && err == nil
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }

// unlisted returns the folders that a pattern looks into and that cannot be listed. filepath.Glob skips them silently.
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

// listable returns the operating system's error for a folder that cannot be listed, and nil for anything that is not a folder or not there.
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

// placeOf returns the same value for two spellings of the same path.
func placeOf(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if runtime.GOOS == "windows" {
		path = strings.ToLower(path)
	}
	return path
}

// Check lists the files and calls check for each, so that a receiver fails at its start and not later. It returns an error when a path
// names no file, a file given by name cannot be read, or no file can be read. A pattern's file that cannot be read is listed if others
// can be; the replay reports it at its end. With Follow a file may be absent or empty, or end within its header; a path that names no file is listed as it is. Without
// a configured replay Check lists none.
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
		if err != nil && c.Follow && awaited(f.path, err) {
			err = nil
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

// BegunError is the error of a file that ends within its header, so that its writer may only have begun it.
type BegunError struct{ Err error }

func (e *BegunError) Error() string { return e.Err.Error() }

func (e *BegunError) Unwrap() error { return e.Err }

// awaited reports whether a file that is followed may only come: it is absent, its writer has written nothing yet, or it has the given error and
// ends within its header.
func awaited(path string, failure error) bool {
	if begun := (*BegunError)(nil); errors.As(failure, &begun) {
		return true
	}
	info, err := os.Stat(path)
	if err != nil {
		return errors.Is(err, os.ErrNotExist) || isPattern(path) // to Windows the name of a file that a pattern is to find is invalid
	}
	return info.Mode().IsRegular() && info.Size() == 0
}

// Name derives a host's name from the name of its file: without directory and extension, and as valid UTF-8, which a file's name need not
// be. It is not empty.
func Name(path string) string {
	base := filepath.Base(path)
	name := strings.TrimSuffix(base, filepath.Ext(base))
	if name == "" { // ".etl"
		name = base
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}

// CompareNames compares file names with their numbers as numbers: dns_2.etl comes before dns_10.etl.
func CompareNames(a, b string) int {
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

// compareNumbers compares decimal numbers of any length.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if d := len(a) - len(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// cutNumbers splits a name into its numbers and the text between them. No part is empty.
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

// Follows reports whether a file is the next of a series by its name. Either its name equals the name of the file before except for one
// number, which is one more (dns_9.etl, dns_10.etl), or the file before has the name of a recording's earlier file (dns.1.etl, dns.etl). The
// spelling of the paths does not matter. For links, both their own names and those of their targets count.
func Follows(before, path string) bool {
	return before != "" && (follows(placeOf(before), placeOf(path)) || follows(targetOf(before), targetOf(path)))
}

// targetOf resolves links and, on Windows, short names, and returns placeOf of the result. If the path does not resolve, it returns placeOf of
// the path itself.
func targetOf(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return placeOf(path)
}

// follows reports whether path continues before. It compares the names only, as Follows does after resolving them.
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
