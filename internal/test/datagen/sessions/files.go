// SPDX-License-Identifier: Apache-2.0

// The forms of a session's files.

package sessions

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
)

// Session describes the session. The zero value has one processor and buffers of 1 KiB, each with room for three
// events.
type Session struct {
	BufferSize uint32 // bytes; 0: etl.MinBufferSize
	Processors int    // 0: 1
	Clock      etl.Clock
	Name       string // empty: "DNS"
}

// write returns a file's bytes. It writes the events in order, each to its processor's buffer.
func (s Session) write(mode uint32, path string, events []Event) ([]byte, error) {
	o := etl.Options{
		LoggerName: s.Name, LogFileName: `C:\Traces\` + filepath.Base(path), BufferSize: s.BufferSize, NumberOfProcessors: s.Processors,
		Clock: s.Clock, CPUSpeed: 2594, StartTime: Start(), BootTime: Start().Add(-time.Hour), EndTime: Start(), LogFileMode: mode,
		OS: etl.OSVersion{Major: 10, Build: 20348},
	}
	if o.LoggerName == "" {
		o.LoggerName = "DNS"
	}
	if o.BufferSize == 0 {
		o.BufferSize = etl.MinBufferSize
	}
	if o.Clock == 0 {
		o.Clock = etl.ClockQPC
	}
	for _, e := range events {
		if end := Start().Add(e.At); end.After(o.EndTime) {
			o.EndTime = end
		}
	}
	var file bytes.Buffer
	w, err := etl.Create(&file, o)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if err := w.WriteOn(e.CPU, e.Raw); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	b := file.Bytes()
	setBuffersWritten(b, uint32(len(b)/int(o.BufferSize)))
	return b, nil
}

// setBuffersWritten completes the header of a file that was written to a destination that cannot seek.
func setBuffersWritten(file []byte, n uint32) {
	const at = 72 + 32 + 36 // WMI_BUFFER_HEADER, SYSTEM_TRACE_HEADER, TRACE_LOGFILE_HEADER.BuffersWritten
	binary.LittleEndian.PutUint32(file[at:], n)
}

// buffers splits a file into its buffers. The header's comes first.
func buffers(file []byte) [][]byte {
	return slices.Collect(slices.Chunk(file, int(binary.LittleEndian.Uint32(file))))
}

// Sequential writes the events to one file, in order. The processors' buffers are in the order in which they became
// full.
func (s Session) Sequential(path string, events []Event) error {
	file, err := s.write(etl.ModeSequential, path, events)
	if err != nil {
		return err
	}
	return os.WriteFile(path, file, 0o600)
}

// Scattered is Sequential with the buffers in random order.
func (s Session) Scattered(path string, seed uint64, events []Event) error {
	file, err := s.write(etl.ModeSequential, path, events)
	if err != nil {
		return err
	}
	list := buffers(file)
	rng := rand.New(rand.NewPCG(seed, seed))
	rng.Shuffle(len(list)-1, func(i, j int) { list[1+i], list[1+j] = list[1+j], list[1+i] })
	return os.WriteFile(path, bytes.Join(list, nil), 0o600)
}

// Circular writes the events to a circular file (ModeCircular) with room for a number of buffers in addition to the
// header's. The newest buffers overwrite the oldest, so the file begins with the newest, and the oldest remaining
// buffer is in its middle. If the buffers fit, the file is like that of Sequential.
func (s Session) Circular(path string, room int, events []Event) error {
	file, err := s.write(etl.ModeCircular, path, events)
	if err != nil {
		return err
	}
	list := buffers(file)
	ring := list[:1]
	for i, b := range list[1:] {
		if i < room {
			ring = append(ring, b)
		} else {
			ring[1+i%room] = b
		}
	}
	return os.WriteFile(path, bytes.Join(ring, nil), 0o600)
}

// Chained writes the events to a series of files (ModeNewFile), name_1.etl and so on, with a maximum number of events
// each. It returns their paths in order. Exchanges that are open at the end of a file continue in the next.
func (s Session) Chained(dir, name string, most int, events []Event) (paths []string, err error) {
	for some := range slices.Chunk(events, most) {
		path := filepath.Join(dir, fmt.Sprintf("%s_%d.etl", name, len(paths)+1))
		file, err := s.write(etl.ModeNewFile, path, some)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, file, 0o600); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}
