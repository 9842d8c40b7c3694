// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	running = regexp.MustCompile(`^=== (?:RUN|NAME|CONT) +(\S+)`)
	skipped = regexp.MustCompile(`^ *--- SKIP: (\S+)`)
	ended   = regexp.MustCompile(`^(?:ok|FAIL) +\t?(\S+)`)
	said    = regexp.MustCompile(`^ +\S+\.go:\d+: (?:not run: )?(.*)`)
	target  = regexp.MustCompile(`\bmake (test-[a-z0-9-]+)`)
)

// targets are the packages whose tests a make target runs, for tests that do not name the target themselves.
var targets = []struct{ part, target string }{
	{"/internal/cilium/", "test-kernel"}, {"/ciliumwindowsreceiver", "test-kernel"}, {"/internal/test/wine", "test-windows"}, {"/internal/test/e2e", "test-e2e"},
}

// reason is why tests were not run, and the target that runs them.
type reason struct{ text, target string }

// readTests counts the tests that `go test -v` did not run, by reason.
func readTests(log io.Reader) (map[reason]int, error) {
	counts := map[reason]int{}
	var texts []string          // of the package whose tests run
	last := map[string]string{} // last output of each test
	test := ""
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := lines.Text()
		if m := running.FindStringSubmatch(line); m != nil {
			test = m[1]
		} else if m := said.FindStringSubmatch(line); m != nil {
			last[test] = m[1]
		} else if m := skipped.FindStringSubmatch(line); m != nil {
			texts = append(texts, last[m[1]])
		} else if m := ended.FindStringSubmatch(line); m != nil {
			for _, text := range texts {
				counts[reason{text, targetOf(m[1], text)}]++
			}
			texts = nil
			clear(last)
		}
	}
	return counts, lines.Err()
}

// targetOf returns the target that runs a package's tests, or "" if none does on this machine.
func targetOf(pkg, text string) string {
	if m := target.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	for _, t := range targets {
		if strings.Contains(pkg, t.part) {
			return t.target
		}
	}
	return ""
}

// reportTests prints the list at the end of `make test`, or nothing if every test was run.
func reportTests(log io.Reader, out io.Writer) error {
	counts, err := readTests(log)
	if err != nil || len(counts) == 0 {
		return err
	}
	reasons := make([]reason, 0, len(counts))
	for r := range counts {
		reasons = append(reasons, r)
	}
	slices.SortFunc(reasons, func(a, b reason) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a.text, b.text), cmp.Compare(a.target, b.target))
	})
	fmt.Fprintln(out, "\nNot run here:")
	width := len(strconv.Itoa(counts[reasons[0]]))
	for _, r := range reasons {
		need := "tests need"
		if counts[r] == 1 {
			need = "test needs"
		}
		by := "another machine"
		if r.target != "" {
			by = "make " + r.target
		}
		text, _, _ := strings.Cut(r.text, "; make test-")
		fmt.Fprintf(out, "  %*d %s %s: %s\n", width, counts[r], need, by, text)
	}
	return nil
}
