// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// drawing is a description, read.
type drawing struct {
	title  string
	boxes  []box
	arrows []arrow
}

// box has its place in a grid whose columns and rows count from 1, and its text.
type box struct {
	name                string
	column, first, last int // first and last row
	lines               []string
}

// arrow goes from a box to one further right.
type arrow struct {
	from, to box
	text     string
}

var (
	boxLine   = regexp.MustCompile(`^box (\w+) (\d+) (\d+)(?:-(\d+))? (.+)$`)
	arrowLine = regexp.MustCompile(`^(\w+) -> (\w+)(?: (.+))?$`)
)

// parse reads a description. An error names the line and what was expected.
func parse(r io.Reader) (*drawing, error) {
	d := &drawing{}
	byName := map[string]box{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		wrong := func(want string) error { return fmt.Errorf("line %d: %q: want %s", n, line, want) }
		title, isTitle := strings.CutPrefix(line, "title ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case isTitle:
			d.title = title
		case boxLine.MatchString(line):
			m := boxLine.FindStringSubmatch(line)
			b := box{name: m[1], lines: strings.Split(m[5], " /")}
			b.column, _ = strconv.Atoi(m[2])
			b.first, _ = strconv.Atoi(m[3])
			b.last = b.first
			if m[4] != "" {
				b.last, _ = strconv.Atoi(m[4])
			}
			if b.column < 1 || b.first < 1 || b.last < b.first || b.last > 100 || b.column > 100 {
				return nil, wrong("a column and rows from 1 to 100, a range in ascending order")
			}
			if _, again := byName[b.name]; again {
				return nil, wrong("a name that no other box has")
			}
			byName[b.name] = b
			d.boxes = append(d.boxes, b)
		case arrowLine.MatchString(line):
			m := arrowLine.FindStringSubmatch(line)
			from, hasFrom := byName[m[1]]
			to, hasTo := byName[m[2]]
			if !hasFrom || !hasTo || from.column >= to.column {
				return nil, wrong("two boxes from above, the second further right")
			}
			d.arrows = append(d.arrows, arrow{from, to, m[3]})
		default:
			return nil, wrong("title, box, an arrow or a comment")
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if d.title == "" || len(d.boxes) == 0 {
		return nil, fmt.Errorf("want a title and a box at least")
	}
	return d, nil
}
