// SPDX-License-Identifier: Apache-2.0

//go:build unix

package capture_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
)

// Opening a pipe would wait silently for a writer, and the beginning of the pipe would be read twice.
func TestANamedPipeIsRefusedAndNotWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe.pcapng")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	opened := make(chan error, 1)
	go func() {
		_, err := capture.Open(path)
		opened <- err
	}()
	select {
	case err := <-opened:
		if !hasReason(err, capture.ReasonFormat) || !strings.Contains(err.Error(), path+": it is not a regular file (p---------)") {
			t.Errorf("%v; want that it is not a regular file", err)
		}
	case <-time.After(time.Minute):
		t.Error("it is waited for")
	}
}
