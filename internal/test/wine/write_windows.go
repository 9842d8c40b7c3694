// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package wine

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/etl"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/provider"
)

// Write makes this process the providers of the recorded files, named relative to the repository's root: it writes their events in their order to
// each session that has enabled them, by EventWrite. So a test runs on a real Windows with events of known number. They have the time of the
// writing, this process's number and, where the session asks for it, this account; their order, descriptions and user data are those of the files.
// What a session has no room for is counted as lost by it.
func Write(t testing.TB, files ...string) {
	t.Helper()
	for _, file := range files {
		writeFile(t, file)
	}
}

func writeFile(t testing.TB, file string) {
	t.Helper()
	reader, err := etl.Open(filepath.Join(Root(t), file))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	// One that is registered when the session has enabled it is enabled from its first event on.
	writers := map[etw.GUID]provider.Writer{}
	for {
		raw, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var r etw.Record
		if err := r.Parse(raw); err != nil {
			t.Fatal(err)
		}
		w := writers[r.Provider]
		if w == nil {
			if w, err = provider.Register(r.Provider); err != nil {
				t.Fatal(err)
			}
			writers[r.Provider] = w
			defer func() { _ = w.Close() }()
		}
		// An error says that a session had no room; it counts the event.
		_ = w.Write(provider.Event{
			ID: r.ID, Version: r.Version, Channel: r.Channel, Level: r.Level, Opcode: r.Opcode, Task: r.Task, Keyword: r.Keyword, Data: r.UserData,
		})
	}
}

// Own reports whether an event, of which this is the header, is of this process. On a real Windows other processes write events, too.
func Own(header []byte) bool {
	const offProcessID = 12 // in EVENT_HEADER
	return binary.LittleEndian.Uint32(header[offProcessID:]) == uint32(os.Getpid())
}
