// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"encoding/xml"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// line is a series in a chart: seconds from the chart's begin, and values.
type line struct {
	name string
	x, y []float64
}

type chart struct {
	title, unit string
	lines       []line
}

var variable = regexp.MustCompile(`\{\{(\w+)\}\}`)

// lineOf makes a line of a series. The address of the instance, which differs in each run, is left out of its name.
func lineOf(s series, legend string, begin time.Time) line {
	l := line{name: strings.TrimSpace(variable.ReplaceAllStringFunc(legend, func(v string) string {
		if v == "{{instance}}" {
			return ""
		}
		return s.Metric[variable.FindStringSubmatch(v)[1]]
	}))}
	for _, point := range s.Values {
		at, _ := point[0].(float64)
		text, _ := point[1].(string)
		if y, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(y) {
			l.x, l.y = append(l.x, at-float64(begin.Unix())), append(l.y, y)
		}
	}
	return l
}

// number writes a value in a unit of Grafana.
func number(v float64, unit string) string {
	switch {
	case unit == "percentunit":
		return fmt.Sprintf("%.3g %%", 100*v)
	case unit == "bytes":
		return fmt.Sprintf("%.0f MiB", v/(1<<20))
	case unit == "s" && v < 1e-3:
		return fmt.Sprintf("%.3g µs", 1e6*v)
	case unit == "s" && v < 1:
		return fmt.Sprintf("%.3g ms", 1e3*v)
	case unit == "s":
		return fmt.Sprintf("%.3g s", v)
	case unit == "short" && v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case unit == "cps":
		return fmt.Sprintf("%.4g/s", v)
	}
	return fmt.Sprintf("%.4g", v)
}

var colours = []string{"#1f6feb", "#bf3989", "#1a7f37", "#9a6700", "#6639ba", "#cf222e"}

// draw draws charts of a minute in two columns.
func draw(charts []chart) string {
	const width, height, left, top, plotW, plotH = 520, 220, 70, 34, 430, 120
	var out strings.Builder
	rows := (len(charts) + 1) / 2
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`+"\n", 2*width, rows*height)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", 2*width, rows*height)
	for n, c := range charts {
		most := 0.0
		for _, l := range c.lines {
			for _, y := range l.y {
				most = max(most, y)
			}
		}
		scale := most
		if scale == 0 {
			scale = 1
		}
		fmt.Fprintf(&out, `<g transform="translate(%d,%d)"><text x="%d" y="20" font-size="13" font-weight="bold">%s</text>`+"\n", n%2*width, n/2*height, left, escaped(c.title))
		fmt.Fprintf(&out, `<path d="M%d %dV%dH%d" fill="none" stroke="#888"/>`, left, top, top+plotH, left+plotW)
		fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="end">%s</text><text x="%d" y="%d" text-anchor="end">0</text>`+"\n", left-5, top+8, escaped(number(scale, c.unit)), left-5, top+plotH)
		for i, l := range c.lines {
			var points strings.Builder
			for j := range l.x {
				fmt.Fprintf(&points, "%.1f,%.1f ", left+l.x[j]/60*plotW, top+plotH-l.y[j]/scale*plotH)
			}
			colour := colours[i%len(colours)]
			fmt.Fprintf(&out, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/>`, strings.TrimSpace(points.String()), colour)
			last := "no value"
			if len(l.y) > 0 {
				last = number(l.y[len(l.y)-1], c.unit)
			}
			fmt.Fprintf(&out, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", left+i%2*plotW/2, top+plotH+16+i/2*14, colour, escaped(l.name+" "+last))
		}
		out.WriteString("</g>\n")
	}
	out.WriteString("</svg>\n")
	return out.String()
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

func TestAChartsNameAndValuesAreThoseOfItsSeries(t *testing.T) {
	begin := time.Unix(100, 0)
	l := lineOf(series{Metric: map[string]string{"reason": "a<b", "instance": "h"}, Values: [][2]any{{100.0, "1"}, {101.0, "NaN"}, {102.0, "3"}}}, "asimdns {{reason}} {{instance}}", begin)
	require.Equal(t, line{"asimdns a<b", []float64{0, 2}, []float64{1, 3}}, l)
	svg := draw([]chart{{"Loss", "short", []line{l}}})
	require.Contains(t, svg, "asimdns a&lt;b 3")
	require.Contains(t, svg, `points="70.0,114.0 84.3,34.0"`)
}
