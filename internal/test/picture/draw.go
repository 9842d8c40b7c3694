// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// The picture, in pixels.
const (
	columnWidth = 275 // a box and the gap behind it
	boxWidth    = 190
	rowHeight   = 84 // a box and the gap below it
	rowGap      = 16
	margin      = 16
	lineHeight  = 16
)

// left, top, height and middle are a box's place.
func (b box) left() int   { return margin + (b.column-1)*columnWidth }
func (b box) top() int    { return margin + (b.first-1)*rowHeight }
func (b box) height() int { return (b.last-b.first+1)*rowHeight - rowGap }
func (b box) middle() int { return b.top() + b.height()/2 }

// write writes the SVG. Where a reader's system is dark, so is the picture.
func (d *drawing) write(w io.Writer) error {
	columns, rows := 0, 0
	for _, b := range d.boxes {
		columns, rows = max(columns, b.column), max(rows, b.last)
	}
	width, height := 2*margin+(columns-1)*columnWidth+boxWidth, 2*margin+rows*rowHeight-rowGap
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="13" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&out, "<title>%s</title>\n", escape(d.title))
	out.WriteString(`<style>
.paper { fill: #ffffff } .box { fill: #eef4fb; stroke: #4a6fa5 } text { fill: #1c2733 } .way { fill: none; stroke: #4a6fa5 } .head { fill: #4a6fa5 }
@media (prefers-color-scheme: dark) { .paper { fill: #14191f } .box { fill: #1f2c3a; stroke: #7fa3d1 } text { fill: #e4ebf2 } .way { stroke: #7fa3d1 } .head { fill: #7fa3d1 } }
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>
<rect class="paper" width="100%" height="100%"/>
`)
	for _, a := range d.arrows {
		a.write(&out)
	}
	for _, b := range d.boxes {
		b.write(&out)
	}
	out.WriteString("</svg>\n")
	_, err := w.Write(out.Bytes())
	return err
}

// write draws an arrow: level where one box's middle is beside the other box, else a curve from middle to middle.
func (a arrow) write(out *bytes.Buffer) {
	from, to := a.from.left()+boxWidth, a.to.left()
	beside := func(y int, b box) bool { return y > b.top() && y < b.top()+b.height() }
	start, end := a.from.middle(), a.to.middle()
	switch {
	case beside(start, a.to):
		end = start
	case beside(end, a.from):
		start = end
	}
	middle := (from + to) / 2
	fmt.Fprintf(out, `<path class="way" d="M%d %dC%d %d %d %d %d %d" marker-end="url(#head)"/>`+"\n", from, start, middle, start, middle, end, to, end)
	if a.text != "" {
		fmt.Fprintf(out, `<text x="%d" y="%d" text-anchor="middle" font-size="11">%s</text>`+"\n", middle, min(start, end)-6, escape(a.text))
	}
}

func (b box) write(out *bytes.Buffer) {
	fmt.Fprintf(out, `<rect class="box" x="%d" y="%d" width="%d" height="%d" rx="6"/>`+"\n", b.left(), b.top(), boxWidth, b.height())
	y := b.middle() - (len(b.lines)-1)*lineHeight/2 + 4
	for i, line := range b.lines {
		weight := ""
		if i == 0 {
			weight = ` font-weight="bold"`
		}
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintf(out, `<text x="%d" y="%d" text-anchor="middle"%s>%s</text>`+"\n", b.left()+boxWidth/2, y, weight, escape(line))
		}
		y += lineHeight
	}
}

// escape writes a text as XML has it.
func escape(text string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(text)) // a buffer takes everything
	return out.String()
}
