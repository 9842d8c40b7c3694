// SPDX-License-Identifier: Apache-2.0

// The pictures: where each bar and each text stands. The template writes them as SVG.

package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/summary"
)

// Sizes in the units of the pictures, which are about a pixel.
const (
	width       = 1100
	chartHeight = 150
	labelWidth  = 300
	valueWidth  = 110
	lineHeight  = 20
	barHeight   = 13
	textRise    = 11 // from the top of a bar to the base of its text
)

// most are how many bars, lines and rows a picture and its table have.
const (
	mostBars  = 240
	mostLines = 12
	mostTable = 60
)

type tick struct {
	X, Y   float64
	Anchor string
	Text   string
}

type bar struct{ X, Y, W, H, BadY, BadH float64 }

type drawnTimeline struct {
	Span
	Step                string
	Width, Height, Base int
	Most                int64
	Bars                []bar
	Ticks               []tick
	Table               []summary.Bucket
	Cut                 bool
}

func total(b summary.Bucket) int64 { return b.DNS + b.Network + b.Audit }

// drawTimeline draws the events over time. It returns nil if there are none.
func drawTimeline(t Timeline, of Span) *drawnTimeline {
	if len(t.Buckets) == 0 || t.Step <= 0 {
		return nil
	}
	buckets, step := coarsen(t)
	first := buckets[0].At
	n := int(buckets[len(buckets)-1].At.Sub(first)/step) + 1
	d := &drawnTimeline{Span: of, Step: span(step), Width: width, Height: chartHeight + 22, Base: chartHeight}
	for i := range buckets {
		d.Most = max(d.Most, total(buckets[i]))
	}
	if d.Most == 0 {
		return nil
	}
	wide := float64(width) / float64(n)
	for i := range buckets {
		b := buckets[i]
		high := func(n int64) float64 {
			if n == 0 {
				return 0
			}
			return math.Max(round(float64(n)/float64(d.Most)*(chartHeight-20)), 1)
		}
		h, bad := high(total(b)), high(b.DNSFailed+b.NetworkDenied)
		d.Bars = append(d.Bars, bar{
			X: round(float64(b.At.Sub(first)/step) * wide), W: round(math.Min(math.Max(wide*0.9, 0.8), 60)), Y: round(chartHeight - h), H: h, BadY: round(chartHeight - bad), BadH: bad,
		})
	}
	d.Ticks = ticks(first, first.Add(time.Duration(n)*step), 0, width, chartHeight+16)
	d.Table = buckets
	if d.Cut = len(buckets) > mostTable; d.Cut {
		d.Table = slices.Clone(buckets)
		slices.SortStableFunc(d.Table, func(a, b summary.Bucket) int { return cmp.Compare(total(b), total(a)) })
		d.Table = d.Table[:mostTable]
		slices.SortFunc(d.Table, func(a, b summary.Bucket) int { return a.At.Compare(b.At) })
	}
	return d
}

// coarsen joins buckets until they fit into the picture.
func coarsen(t Timeline) ([]summary.Bucket, time.Duration) {
	first, last := t.Buckets[0].At, t.Buckets[len(t.Buckets)-1].At
	step := t.Step
	for _, wide := range summary.Steps() {
		if step = max(t.Step, wide); last.Sub(first)/step < mostBars {
			break
		}
	}
	var joined []summary.Bucket
	for _, b := range t.Buckets {
		at := b.At.UTC().Truncate(step)
		if n := len(joined); n == 0 || !joined[n-1].At.Equal(at) {
			joined = append(joined, summary.Bucket{At: at})
		}
		joined[len(joined)-1].Add(b)
	}
	return joined, step
}

// span is a duration in words.
func span(d time.Duration) string {
	for _, unit := range []struct {
		d    time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= unit.d && d%unit.d == 0 {
			if d == unit.d {
				return "1 " + unit.name
			}
			return fmt.Sprintf("%d %ss", d/unit.d, unit.name)
		}
	}
	return d.String()
}

// ticks are five times along an axis.
func ticks(from, to time.Time, left, wide, y float64) (all []tick) {
	form := "15:04:05"
	switch d := to.Sub(from); {
	case d > 3*24*time.Hour:
		form = "2006-01-02"
	case d > 12*time.Hour:
		form = "01-02 15:04"
	}
	const parts = 4
	for i := range parts + 1 {
		anchor := "middle"
		switch i {
		case 0:
			anchor = "start"
		case parts:
			anchor = "end"
		}
		at := from.Add(to.Sub(from) / parts * time.Duration(i))
		all = append(all, tick{round(left + wide*float64(i)/parts), y, anchor, at.UTC().Format(form)})
	}
	return all
}

type plotLine struct {
	Label, Class, Value      string
	TextX, TextY, X, Y, W, H float64
	ValueX                   float64
}

type drawnPlot struct {
	Label         string
	Width, Height int
	Lines         []plotLine
	Ticks         []tick
}

// drawPlot draws the picture of an answer. It returns nil for an answer without one.
func drawPlot(p Plot, title string, of Span) *drawnPlot {
	if len(p.Lines) == 0 {
		return nil
	}
	lines := p.Lines[:min(len(p.Lines), mostLines)]
	d := &drawnPlot{Label: title + " The table below has the numbers.", Width: width, Height: len(lines)*lineHeight + 24}
	from, to := of.From, of.To
	var most float64
	for _, l := range lines {
		most = math.Max(most, l.Value)
		if p.Times {
			from, to = earlier(from, l.From), later(to, l.To)
		}
	}
	room := float64(width - labelWidth - valueWidth)
	for i, l := range lines {
		y := float64(i * lineHeight)
		line := plotLine{Label: shown(l.Label, 42), TextX: labelWidth - 8, TextY: y + textRise, Y: y, H: barHeight, X: labelWidth}
		line.ValueX = labelWidth + room + 8
		if p.Times {
			line.Class = "mark"
			whole := float64(max(to.Sub(from), 1))
			line.X = round(labelWidth + room*float64(l.From.Sub(from))/whole)
			line.W = round(math.Max(room*float64(l.To.Sub(l.From))/whole, 3))
			line.X = math.Min(line.X, labelWidth+room-line.W)
		} else {
			line.Class = "bar"
			if most > 0 {
				line.W = round(math.Max(room*math.Max(l.Value, 0)/most, 1))
			}
			line.ValueX = line.X + line.W + 8
		}
		if !p.Times || l.Value != 0 {
			line.Value = quantity(l.Value)
		}
		d.Lines = append(d.Lines, line)
	}
	bottom := float64(len(lines)*lineHeight + 14)
	if p.Times {
		d.Ticks = ticks(from, to, labelWidth, room, bottom)
		if p.Axis != "" {
			d.Ticks = append(d.Ticks, tick{labelWidth + room + 8, bottom, "start", p.Axis})
		}
	} else {
		d.Ticks = []tick{{labelWidth, bottom, "start", p.Axis}}
	}
	return d
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// quantity is a value with at most three digits after the point.
func quantity(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return Number(int64(v))
	}
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

func round(v float64) float64 { return math.Round(v*10) / 10 }
