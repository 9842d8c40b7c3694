// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// The verdicts on a goal.
const (
	met     = "met"
	missed  = "missed"
	missing = "missing" // a required benchmark has not run
	told    = "-"       // there is no goal, only a value
)

// row is one row of the table, as text.
type row struct{ what, goal, ours, reference, ratio, verdict string }

var head = row{"what", "goal", "ours", "reference", "ratio", ""}

// judge returns the row of a goal.
func judge(g goal, r results) row {
	out := row{what: g.what, goal: g.text(), ours: "-", reference: "-", ratio: "-", verdict: missing}
	if events, ok := r.median(key{g.ours.pkg, g.ours.bench, "events"}); ok {
		out.what += fmt.Sprintf(" (%.0f million events)", events/1e6)
	}
	ours, known := r.value(g.ours)
	if known {
		out.ours = quantity(ours, g.ours.unit)
	}
	allowed := g.limit
	against := g.limit
	if !g.reference.zero() {
		reference, ok := r.value(g.reference)
		if ok {
			out.reference = quantity(reference, g.reference.unit)
		}
		known = known && ok && reference > 0
		allowed, against = g.limit*reference, reference
	}
	good := ours <= allowed
	if g.allocs != nil {
		allocs, ok := r.median(key{g.ours.pkg, g.ours.bench, allocOp})
		if ok {
			out.ours += fmt.Sprintf(", %.0f allocs", allocs)
		}
		known = known && ok
		good = good && allocs <= *g.allocs
	}
	if !known || ours <= 0 { // a difference of zero or less is not a measurement
		return out
	}
	if g.informs() {
		out.verdict = told
		return out
	}
	out.ratio = ratio(ours / against)
	out.verdict = missed
	if good {
		out.verdict = met
	}
	return out
}

// informs reports whether the row only shows a value.
func (g goal) informs() bool { return g.limit == 0 }

// text returns the goal as text.
func (g goal) text() string {
	var s string
	switch {
	case g.informs():
		s = "-"
	case g.reference.zero():
		s = "≤ " + quantity(g.limit, g.ours.unit)
	case g.limit == 1:
		s = "≤ reference"
	default:
		s = "≤ " + ratio(g.limit) + " ×"
	}
	if g.allocs != nil {
		s += fmt.Sprintf(", %.0f allocs", *g.allocs)
	}
	return s
}

// quantity formats a value with its unit.
func quantity(v float64, unit string) string {
	if strings.HasSuffix(unit, "MiB") {
		return fmt.Sprintf("%.0f MiB", v)
	}
	unit = "ns" // time or processor time of an operation or an event
	if v < 100 {
		return fmt.Sprintf("%.1f %s", v, unit)
	}
	return fmt.Sprintf("%.0f %s", v, unit)
}

// ratio formats a ratio. A small one becomes a fraction, which shows how many times as fast it is.
func ratio(v float64) string {
	if v > 0 && v < 0.2 {
		return fmt.Sprintf("1/%.1f", 1/v)
	}
	return fmt.Sprintf("%.2f", v)
}

func (r row) cells() []string {
	return []string{r.what, r.goal, r.ours, r.reference, r.ratio, r.verdict}
}

// markdown returns the table as Markdown, which is also readable as plain text.
func markdown(rows []row) string {
	all := append([]row{head}, rows...)
	widths := make([]int, len(head.cells()))
	for _, r := range all {
		for i, c := range r.cells() {
			widths[i] = max(widths[i], len([]rune(c)))
		}
	}
	var b strings.Builder
	for n, r := range all {
		for i, c := range r.cells() {
			b.WriteString("| " + c + strings.Repeat(" ", widths[i]-len([]rune(c))+1))
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, w := range widths {
				b.WriteString("|" + strings.Repeat("-", w+2))
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

// summary counts the verdicts.
func summary(rows []row) string {
	count := map[string]int{}
	for _, r := range rows {
		count[r.verdict]++
	}
	return fmt.Sprintf("%d goals: %d met, %d missed, %d missing", len(rows)-count[told], count[met], count[missed], count[missing])
}
