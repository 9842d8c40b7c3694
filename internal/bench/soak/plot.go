// SPDX-License-Identifier: Apache-2.0

package soak

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Sizes of the plot in pixels.
const (
	width, left, right    = 800, 80, 20
	panel, top, gap, foot = 110, 40, 30, 40
)

// plot draws one panel for each figure. Grey is where the far end is slow.
func (r *run) plot(w io.Writer, title string) {
	height := top + len(r.series)*(panel+gap) + foot
	end := r.at[len(r.at)-1].Seconds()
	x := func(i int) float64 { return left + (width-left-right)*r.at[i].Seconds()/end }
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(w, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	fmt.Fprintf(w, `<text x="%d" y="22" font-size="15">%s</text>`+"\n", left, title)
	for n, s := range r.series {
		y := top + n*(panel+gap) + gap/2
		for i := 1; i < len(r.at); i++ {
			if r.slow[i] {
				fmt.Fprintf(w, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#eeeeee"/>`+"\n", x(i-1), y, x(i)-x(i-1)+0.5, panel)
			}
		}
		most := max(1, slices.Max(s.values))
		var points strings.Builder
		for i, v := range s.values {
			fmt.Fprintf(&points, "%.1f,%.1f ", x(i), float64(y+panel)-panel*v/most)
		}
		fmt.Fprintf(w, `<path d="M%d %d V%d H%d" fill="none" stroke="#555555"/>`+"\n", left, y, y+panel, width-right)
		fmt.Fprintf(w, `<polyline points="%s" fill="none" stroke="#1f5fa8" stroke-width="1.3"/>`+"\n", strings.TrimSpace(points.String()))
		fmt.Fprintf(w, `<text x="%d" y="%d">%s, %s</text>`+"\n", left, y-4, s.name, s.unit)
		fmt.Fprintf(w, `<text x="%d" y="%d" text-anchor="end">%.0f</text><text x="%d" y="%d" text-anchor="end">0</text>`+"\n", left-6, y+10, most, left-6, y+panel)
	}
	fmt.Fprintf(w, `<text x="%d" y="%d" fill="#555555">%s; grey: the far end is slow</text>`+"\n</svg>\n", left, height-14, r.at[len(r.at)-1].Round(time.Second))
}
