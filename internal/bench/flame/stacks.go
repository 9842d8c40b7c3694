// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// stack is the call stack of some samples, the outermost function first.
type stack struct {
	functions []string
	value     int64 // ns
}

// read reads the output of `go tool pprof -traces -unit=ns`: a head, then blocks between lines of dashes. The first
// line of a block has the value and the innermost function. Each other line has the caller of the function above.
func read(from io.Reader) ([]stack, error) {
	var all []stack
	var current stack
	begun := false
	end := func() {
		if len(current.functions) > 0 {
			slices.Reverse(current.functions)
			all = append(all, current)
		}
		current = stack{}
	}
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "-----------+") {
			begun = true
			end()
			continue
		}
		if !begun || line == "" {
			continue
		}
		function := strings.TrimSuffix(line, " (inline)")
		if len(current.functions) == 0 {
			value, rest, _ := strings.Cut(line, " ")
			n, err := strconv.ParseInt(strings.TrimSuffix(value, "ns"), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%q: want a value in ns and a function, as pprof -traces -unit=ns prints them", line)
			}
			current.value, function = n, strings.TrimSuffix(strings.TrimSpace(rest), " (inline)")
		}
		current.functions = append(current.functions, function)
	}
	end()
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no samples; want what pprof -traces -unit=ns prints")
	}
	return all, nil
}

// frame is a function at a place in the call tree, with the time spent in it and in its callees.
type frame struct {
	function string
	value    int64
	calls    []*frame // by name
}

// fold makes one tree of the stacks, from the function root on, or from the outermost functions if root is "".
func fold(stacks []stack, root string) *frame {
	top := &frame{function: root}
	if root == "" {
		top.function = "all"
	}
	for _, s := range stacks {
		functions := s.functions
		if root != "" {
			at := slices.Index(functions, root)
			if at < 0 {
				continue
			}
			functions = functions[at+1:]
		}
		top.value += s.value
		f := top
		for _, name := range functions {
			f = f.call(name)
			f.value += s.value
		}
	}
	return top
}

// call returns the frame of a function that f calls.
func (f *frame) call(name string) *frame {
	at, found := slices.BinarySearchFunc(f.calls, name, func(c *frame, name string) int { return strings.Compare(c.function, name) })
	if !found {
		f.calls = slices.Insert(f.calls, at, &frame{function: name})
	}
	return f.calls[at]
}

func (f *frame) depth() int {
	deepest := 0
	for _, c := range f.calls {
		deepest = max(deepest, c.depth())
	}
	return 1 + deepest
}
