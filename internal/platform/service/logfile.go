// SPDX-License-Identifier: Apache-2.0

package service

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// logFile is a file of lines with a bounded size.
type logFile struct {
	path string
	max  int64
	file *os.File
	size int64
}

// openLog opens the file for appending, and makes its folder, which others cannot read. A file of most bytes is full.
func openLog(path string, most int64) (*logFile, error) {
	if err := private.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	l := &logFile{path: path, max: most}
	return l, l.open()
}

func (l *logFile) open() (err error) {
	if l.file, err = private.Open(l.path); err != nil {
		return err
	}
	if l.size, err = l.file.Seek(0, io.SeekEnd); err != nil {
		return errors.Join(err, l.file.Close())
	}
	return nil
}

// line writes one line. What cannot be written is left out: a log must not stop the collector.
func (l *logFile) line(text []byte) {
	if l.size > 0 && l.size+int64(len(text)) > l.max {
		_ = l.file.Close()
		_ = os.Rename(l.path, l.path+".1")
		if l.open() != nil {
			l.size = 0
			return
		}
	}
	n, _ := l.file.Write(text)
	l.size += int64(n)
}

// copy writes lines until from ends. A line longer than 64 KiB is written in parts.
func (l *logFile) copy(from io.Reader) {
	lines := bufio.NewReaderSize(from, 64<<10)
	for {
		text, err := lines.ReadSlice('\n')
		if len(text) > 0 {
			l.line(text)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			_ = l.file.Close()
			return
		}
	}
}

// crashTo makes a file take what Go's runtime writes when it ends this process: a panic or a fatal error, with the stacks of its goroutines. The
// runtime writes that to a handle of its own, past os.Stderr. A file of most bytes is kept until the next one is full.
func crashTo(path string, most int64) error {
	l, err := openLog(path, most)
	if err != nil {
		return err
	}
	if l.size >= most {
		_ = l.file.Close()
		_ = os.Rename(path, path+".1")
		if err := l.open(); err != nil {
			return err
		}
	}
	return errors.Join(debug.SetCrashOutput(l.file, debug.CrashOptions{}), l.file.Close()) // the runtime has a handle of its own
}
