// SPDX-License-Identifier: Apache-2.0

// The progress that a person sees while the program runs.

package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/input"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/page"
	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/playback"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// sayer writes lines. On a terminal a line takes the place of the one before; elsewhere there is one in ten seconds.
type sayer struct {
	guard    sync.Mutex
	to       io.Writer
	terminal bool
	width    int // of the line that stands
	last     time.Time
}

func newSayer(to io.Writer) *sayer {
	s := &sayer{to: to}
	if file, ok := to.(*os.File); ok {
		info, err := file.Stat()
		s.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return s
}

// pause is the time between two lines where they stay.
const pause = 10 * time.Second

// line says where the hunt is.
func (s *sayer) line(now bool, format string, a ...any) {
	s.guard.Lock()
	defer s.guard.Unlock()
	text := printable.String(fmt.Sprintf(format, a...))
	if !s.terminal {
		if now || time.Since(s.last) >= pause {
			s.last = time.Now()
			fmt.Fprintln(s.to, text)
		}
		return
	}
	const most = 110
	if letters := []rune(text); len(letters) > most {
		text = string(letters[:most])
	}
	fmt.Fprintf(s.to, "\r%-*s", s.width, text)
	s.width = len([]rune(text))
}

// end leaves the terminal with an empty line.
func (s *sayer) end() {
	if s.terminal && s.width > 0 {
		fmt.Fprintf(s.to, "\r%-*s\r", s.width, "")
	}
	s.width = 0
}

// reading returns a function that says how far the reading of files is.
func (s *sayer) reading(kind input.Kind, files []input.File) func(playback.Progress) {
	var size int64
	for _, f := range files {
		size += f.Size
	}
	begun := time.Now()
	return func(p playback.Progress) {
		rate := float64(p.Events) / max(time.Since(begun).Seconds(), 0.001)
		at := files[min(p.Files, len(files)-1)]
		s.line(p.Ended, "reading %s: %s events, %.0f/s, %.0f %% of %.1f MB, file %d of %d: %s",
			kind, page.Number(p.Events), rate, 100*p.Share, float64(size)/1e6, min(p.Files+1, len(files)), len(files), at.Path)
	}
}

// asked says that a question has its answer.
func (s *sayer) asked(n, of int, id string) {
	s.line(false, "asked %d of %d questions, the last one: %s", n, of, id)
}
