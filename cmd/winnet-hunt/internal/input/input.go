// SPDX-License-Identifier: Apache-2.0

// Package input finds the recordings that a user means. In come the arguments of a command: files, folders and patterns. Out come the
// recordings, each once, in the order in which they are read, and what cannot be read, with the reason.
package input

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/replay"
)

// Kind is a kind of recording.
type Kind string

// The kinds.
const (
	DNS    Kind = "DNS events (.etl)"
	Cilium Kind = "Cilium events (.pcapng)"
)

// File is a recording.
type File struct {
	Path  string
	Kind  Kind
	Size  int64     // bytes
	Begin time.Time // of the recording, UTC; zero if its beginning does not say
	// Also are the other paths of the same file, and the paths of its copies, whole or of its beginning. They are not read.
	Also []string

	info os.FileInfo
	head []byte
}

// Unread is what cannot be read, and why.
type Unread struct {
	Path   string
	Reason string
}

// Found is what the arguments name.
type Found struct {
	Files   []File
	Unread  []Unread
	Skipped int // files of folders that are no recordings, neither by name nor by content
}

// Find finds the recordings. A folder is looked into with all that is below it. What an argument or a pattern names and cannot be read is in
// Unread; of the files of a folder, only those that should be recordings by their name.
func Find(arguments []string) Found {
	var f finder
	for _, argument := range arguments {
		f.argument(argument)
	}
	slices.SortStableFunc(f.found.Files, func(a, b File) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.group(), b.group()), a.Begin.Compare(b.Begin), replay.CompareNames(a.Path, b.Path))
	})
	return f.found
}

type finder struct{ found Found }

func (f *finder) argument(path string) {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		f.folder(path)
		return
	case err == nil:
		f.add(path, info, true)
		return
	case !strings.ContainsAny(path, "*?["):
		f.unread(path, err)
		return
	}
	matches, err := filepath.Glob(path)
	switch {
	case err != nil:
		f.unread(path, fmt.Errorf("it is no file and no pattern: %w", err))
	case len(matches) == 0:
		f.unread(path, errors.New("no file matches"))
	}
	for _, match := range matches {
		f.argument(match)
	}
}

func (f *finder) folder(path string) {
	files, before := 0, len(f.found.Unread)
	err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			f.unread(path, err)
			return nil
		}
		info, err := os.Stat(path)
		switch {
		case entry.IsDir():
		case err != nil:
			f.unread(path, err)
		case info.IsDir(): // a link to a folder, which may lead back
			f.found.Skipped++
		default:
			files++
			f.add(path, info, false)
		}
		return nil
	})
	if err != nil {
		f.unread(path, err)
	} else if files == 0 && len(f.found.Unread) == before {
		f.unread(path, errors.New("the folder has no file"))
	}
}

func (f *finder) unread(path string, err error) {
	f.found.Unread = append(f.found.Unread, Unread{path, Reason(path, err)})
}

// Reason is an error's text without the path, which stands beside it.
func Reason(path string, err error) string {
	var named *fs.PathError
	if errors.As(err, &named) && named.Path == path {
		return named.Err.Error()
	}
	return strings.TrimPrefix(err.Error(), path+": ")
}

// add adds a file. named is whether the user has named it, in place of a folder that it is in.
func (f *finder) add(path string, info os.FileInfo, named bool) {
	one := File{Path: path, Size: info.Size(), info: info}
	for i := range f.found.Files {
		if other := &f.found.Files[i]; os.SameFile(other.info, info) {
			if filepath.Clean(other.Path) != filepath.Clean(path) && !slices.Contains(other.Also, path) {
				other.Also = append(other.Also, path)
			}
			return
		}
	}
	if !info.Mode().IsRegular() {
		f.unread(path, fmt.Errorf("it is not a regular file (%s)", info.Mode().Type()))
		return
	}
	err := one.look()
	if err != nil {
		if named || isRecordingsName(path) {
			f.unread(path, err)
		} else {
			f.found.Skipped++
		}
		return
	}
	// A copy of a recording that was not whole yet has only events that the whole one has, too.
	f.found.Files = slices.DeleteFunc(f.found.Files, func(other File) bool {
		if !other.beginOf(&one) || other.Size == one.Size {
			return false
		}
		one.Also = append(append(one.Also, other.Path), other.Also...)
		return true
	})
	for i := range f.found.Files {
		if other := &f.found.Files[i]; one.beginOf(other) {
			other.Also = append(append(other.Also, path), one.Also...)
			return
		}
	}
	f.found.Files = append(f.found.Files, one)
}

// beginOf reports whether another file begins with all bytes of this one.
func (f *File) beginOf(other *File) bool {
	if f.Size > other.Size || !bytes.HasPrefix(other.head, f.head) {
		return false
	}
	is, err := begins(f.Path, other.Path)
	return err == nil && is
}

// isRecordingsName reports whether a file should be a recording, or one that was compressed.
func isRecordingsName(path string) bool {
	name := strings.ToLower(path)
	if ext := filepath.Ext(name); slices.Contains([]string{".gz", ".bz2", ".xz", ".zst", ".zip", ".7z"}, ext) {
		name = strings.TrimSuffix(name, ext)
	}
	return slices.Contains([]string{".etl", ".pcapng", ".pcap"}, filepath.Ext(name))
}

// begins reports whether the bytes of a file are those with which another one begins. Both may be equal.
func begins(a, b string) (bool, error) {
	x, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer x.Close()
	y, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer y.Close()
	const part = 1 << 20
	p, q := make([]byte, part), make([]byte, part)
	for {
		n, errX := io.ReadFull(x, p)
		m, errY := io.ReadFull(y, q)
		if !bytes.HasPrefix(q[:m], p[:n]) {
			return false, nil
		}
		switch {
		case ended(errX):
			return true, nil
		case errX != nil || errY != nil:
			return false, errors.Join(errX, errY)
		}
	}
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
