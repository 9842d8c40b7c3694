// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"io"
	"io/fs"
)

// Destination is a file as the writer of a format sees it. Writer.Close may seek back to complete the header.
type Destination interface {
	io.Writer
	io.Seeker
}

// disk is the Destination of one file. When a write fails, disk opens the file again and retries until the write works. So a disk that is
// full for a moment, or a share that is unreachable for a moment, is only slow. An error of Write is final.
type disk struct {
	path     string
	reopen   func(path string) (file, error)
	tryAgain func(error) bool // waits before a retry; false when no time is left

	file     file // nil after an error
	at, size int64
	writes   int // number of successful writes
	err      error
}

// file is the part of *os.File that a disk uses.
type file interface {
	io.WriterAt
	io.Closer
	Truncate(size int64) error
}

// Write writes all of b, or gives up because the file is gone or no time is left.
func (d *disk) Write(b []byte) (int, error) {
	for d.err == nil {
		err := d.write(b)
		if err == nil {
			d.at += int64(len(b))
			d.size = max(d.size, d.at)
			d.writes++
			return len(b), nil
		}
		if errors.Is(err, fs.ErrNotExist) || !d.tryAgain(err) {
			d.err = err
		}
	}
	return 0, d.err
}

func (d *disk) write(b []byte) error {
	if d.file == nil {
		f, err := d.reopen(d.path)
		if err != nil {
			return err
		}
		d.file = f
	}
	_, err := d.file.WriteAt(b, d.at)
	if err != nil {
		_ = d.file.Truncate(d.size) // removes the part of b that was written
		_ = d.file.Close()
		d.file = nil
	}
	return err
}

// Seek sets the position of the next Write.
func (d *disk) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += d.at
	case io.SeekEnd:
		offset += d.size
	}
	d.at = offset
	return d.at, nil
}

// close closes the file.
func (d *disk) close() error {
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}
