// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
)

// The dimensions of the picture, in pixels.
const (
	width     = 1200
	boxHeight = 17
	margin    = 10
	headline  = 40
	charWidth = 6.6  // of the font below
	thinnest  = 0.15 // a thinner box is left out
)

// picture writes an SVG.
type picture struct {
	w     io.Writer
	err   error // the first failure
	total int64
	top   int // y of the innermost functions' row
	depth int
}

// draw writes the tree as an SVG: the root at the bottom, the functions that it calls above it. A box shows its
// function and share under the mouse.
func draw(w io.Writer, title string, root *frame) error {
	if root.value == 0 {
		return fmt.Errorf("no sample is in %s", root.function)
	}
	p := &picture{w: w, total: root.value, top: headline, depth: root.depth()}
	height := headline + p.depth*boxHeight + margin
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="monospace" font-size="11">`+"\n",
		width, height, width, height)
	p.printf("<style>g:hover rect { stroke: black; stroke-width: 1 } text { pointer-events: none }</style>\n")
	p.printf(`<rect width="100%%" height="100%%" fill="#fffdf5"/>`+"\n"+`<text x="%d" y="%d" text-anchor="middle" font-size="15">%s</text>`+"\n",
		width/2, headline/2+5, escape(title))
	p.box(root, margin, 0)
	p.printf("</svg>\n")
	return p.err
}

func (p *picture) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// box draws a function and the functions that it calls.
func (p *picture) box(f *frame, x float64, level int) {
	wide := float64(f.value) / float64(p.total) * (width - 2*margin)
	if wide < thinnest {
		return
	}
	y := p.top + (p.depth-1-level)*boxHeight
	p.printf(`<g><title>%s: %.2f %%</title><rect x="%.2f" y="%d" width="%.2f" height="%d" fill="%s" rx="1"/>`,
		escape(f.function), 100*float64(f.value)/float64(p.total), x, y, wide, boxHeight-1, colour(f.function))
	if label := shorten(f.function, int((wide-4)/charWidth)); label != "" {
		p.printf(`<text x="%.2f" y="%d">%s</text>`, x+2, y+boxHeight-5, escape(label))
	}
	p.printf("</g>\n")
	for _, c := range f.calls {
		p.box(c, x, level+1)
		x += float64(c.value) / float64(p.total) * (width - 2*margin)
	}
}

// shorten removes a function's package path and what else does not fit. It returns "" if nothing useful fits.
func shorten(function string, chars int) string {
	const useful = 3
	name := function[strings.LastIndexByte(function, '/')+1:]
	switch {
	case chars < useful:
		return ""
	case len(name) <= chars:
		return name
	}
	return name[:chars-1] + "…"
}

// colour returns a colour by the owner of a function: green for this project, blue for pdata, warm colours for the Go
// runtime and library.
func colour(function string) string {
	h := fnv.New32a()
	_, _ = io.WriteString(h, function)
	shade := int(h.Sum32() % 30)
	switch {
	case strings.Contains(function, "otelcol-winnet"):
		return fmt.Sprintf("hsl(%d,55%%,68%%)", 95+shade)
	case strings.Contains(function, "go.opentelemetry.io"):
		return fmt.Sprintf("hsl(%d,60%%,75%%)", 195+shade)
	}
	return fmt.Sprintf("hsl(%d,85%%,72%%)", 20+shade)
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a write to a strings.Builder cannot fail
	return b.String()
}
