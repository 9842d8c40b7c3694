// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

const receivers = "../../../receiver"

// alike is how many consecutive lines two receivers may not have in common. A longer run belongs to the runner, or in tests to internal/test/kit. In
// tests, lines without a letter do not count: they say only where a block ends.
const alike = 6

// own are the receivers' own names, by which lines that are otherwise the same differ.
var own = regexp.MustCompile(`(?i)asimdns(receiver)?|ciliumwindows(receiver)?|\b(dns|cilium)receiver\b`)

// line is a line of a receiver's code, in the form that is compared.
type line struct {
	text string
	at   int // its number in the file
}

// code returns the lines of Go source without the package clause, the imports, comments, empty lines, the receivers' own names and white
// space. Comments do not count, or one word of difference in them would hide a run of code.
func code(t *testing.T, name, source string) (lines []line) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.ParseComments)
	require.NoError(t, err)
	at := func(p token.Pos) int { return files.Position(p).Line }
	head := at(file.Name.End())
	for _, d := range file.Decls {
		if imports, ok := d.(*ast.GenDecl); ok && imports.Tok == token.IMPORT {
			head = at(imports.End())
		}
	}
	comments := map[int]int{} // by line, where its comment begins, from 0
	for _, group := range file.Comments {
		for _, c := range group.List {
			from := files.Position(c.Pos())
			comments[from.Line] = from.Column - 1
		}
	}
	for i, text := range strings.Split(source, "\n") {
		if from, ok := comments[i+1]; ok {
			text = text[:from]
		}
		text = strings.Join(strings.Fields(own.ReplaceAllString(text, "")), "")
		if text != "" && i+1 > head {
			lines = append(lines, line{text, i + 1})
		}
	}
	return lines
}

// runs returns where two sources have at least so many consecutive lines alike: "3-8 and 5-10".
func runs(a, b []line, least int) (found []string) {
	for i := range a {
		for j := range b {
			if a[i].text != b[j].text || i > 0 && j > 0 && a[i-1].text == b[j-1].text { // the latter is in the run of the line before
				continue
			}
			n := 1
			for i+n < len(a) && j+n < len(b) && a[i+n].text == b[j+n].text {
				n++
			}
			if n >= least {
				found = append(found, fmt.Sprintf("%d-%d and %d-%d", a[i].at, a[i+n-1].at, b[j].at, b[j+n-1].at))
			}
		}
	}
	return found
}

// sources returns the code of a receiver by file, of its tests or of the others, without generated files. An example_test.go is no part of it: it shows
// a reader all that a program needs, so it shares nothing.
func sources(t *testing.T, dir string, tests bool) map[string][]line {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	all := map[string][]line{}
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasSuffix(name, "_test.go") != tests || strings.HasPrefix(name, "generated_") || name == "example_test.go" {
			continue
		}
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		lines := code(t, path, string(source))
		if tests {
			lines = slices.DeleteFunc(lines, func(l line) bool { return !strings.ContainsFunc(l.text, unicode.IsLetter) })
		}
		all[filepath.Join(filepath.Base(dir), name)] = lines
	}
	return all
}

func TestNoTwoReceiversHaveSixLinesAlikeInARow(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(receivers, "*receiver"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(dirs), 2)
	require.Empty(t, alikeRuns(t, dirs, false), "what two receivers have in common belongs to the runner")
	require.Empty(t, alikeRuns(t, dirs, true), "what two receivers' tests have in common belongs to internal/test/kit")
}

// alikeRuns returns the runs of alike lines that two of the receivers, or their tests, have in common.
func alikeRuns(t *testing.T, dirs []string, tests bool) (found []string) {
	t.Helper()
	for i, dir := range dirs {
		for _, other := range dirs[i+1:] {
			for file, a := range sources(t, dir, tests) {
				for otherFile, b := range sources(t, other, tests) {
					for _, run := range runs(a, b, alike) {
						found = append(found, fmt.Sprintf("%s and %s, lines %s", file, otherFile, run))
					}
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

func TestLinesAreAlikeWhateverTheReceiverIsCalledAndHoweverTheyAreSet(t *testing.T) {
	a := code(t, "a.go", `// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"context"
	"errors"
)

// one is one.
func (r *dnsReceiver) one() error {
	return registerAsimdnsOne(r)
}

func a() {}
`)
	b := code(t, "b.go", `package ciliumwindowsreceiver

import "context"
import "errors"

func b() {}

// one is not two.
func (r *ciliumReceiver) one() error { // here it begins

		return registerCiliumwindowsOne(r)
}
`)
	require.Equal(t, []string{"11-13 and 9-12"}, runs(a, b, 3))
	require.Empty(t, runs(a, b, 4))
}
