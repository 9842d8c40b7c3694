// SPDX-License-Identifier: Apache-2.0

// What a file is, by its content.

package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// headSize is how much of the beginning is compared before two files of one size are compared whole, in bytes.
const headSize = 4 << 10

// section is the type of the block that a pcapng begins with. It is the same in either byte order.
var section = []byte{0x0a, 0x0d, 0x0d, 0x0a}

// compressed has the kinds of compressed files by their first bytes.
var compressed = map[string]string{
	"\x1f\x8b": "gzip", "BZh": "bzip2", "\xfd7zXZ\x00": "xz", "\x28\xb5\x2f\xfd": "zstd", "PK\x03\x04": "zip", "7z\xbc\xaf\x27\x1c": "7z", "MSCF": "cab",
}

// look reads the beginning of the file. It returns an error if it is no recording.
func (f *File) look() error {
	src, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	f.head = make([]byte, headSize)
	n, err := io.ReadFull(src, f.head)
	f.head = f.head[:n]
	if err = errors.Join(src.Close(), unless(ended(err), err)); err != nil {
		return err
	}
	if n == 0 {
		return errors.New("the file is empty")
	}
	if bytes.HasPrefix(f.head, section) {
		return f.lookCapture()
	}
	for begin, kind := range compressed {
		if bytes.HasPrefix(f.head, []byte(begin)) {
			return fmt.Errorf("it is compressed (%s): unpack it first", kind)
		}
	}
	reader, err := etl.Open(f.Path)
	switch {
	case err == nil:
		f.Kind, f.Begin = DNS, reader.Header().StartTime
		return reader.Close()
	case strings.EqualFold(filepath.Ext(f.Path), ".etl") && !errors.Is(err, etl.ErrNotETL):
		return err
	case strings.HasPrefix(strings.ToLower(filepath.Ext(f.Path)), ".pcap"):
		_, err := capture.Open(f.Path)
		return err
	case errors.Is(err, etl.ErrNotETL):
		return fmt.Errorf("it is no recording: neither an event trace log (.etl) nor a pcapng; it begins with % x", f.head[:min(n, 8)])
	}
	return err
}

// lookCapture reads a capture up to its first packet.
func (f *File) lookCapture() error {
	reader, err := capture.Open(f.Path)
	if err != nil {
		return err
	}
	f.Kind = Cilium
	if first, err := reader.Next(); err == nil && first.Time > 0 {
		f.Begin = time.Unix(0, first.Time).UTC()
	}
	return reader.Close()
}

func unless(is bool, err error) error {
	if is {
		return nil
	}
	return err
}
