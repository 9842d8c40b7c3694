// SPDX-License-Identifier: Apache-2.0

package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// written finds the events that the product's code writes to the Windows Event Log: by id, the levels. An id is a constant: that of a call
// write(zapcore.WarnLevel, id, …), or of a field of the log, which is zap.Int("event_log_id", id) or eventid.ID.Field().
type written struct {
	t         *testing.T
	constants map[string]int // by folder and name
	levels    map[int][]string
}

func (w *written) parse(files map[string]*ast.File) {
	for path, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, name := range spec.Names {
					if i >= len(spec.Values) {
						break
					}
					if literal, ok := spec.Values[i].(*ast.BasicLit); ok && literal.Kind == token.INT {
						if n, err := strconv.Atoi(literal.Value); err == nil {
							w.constants[filepath.Dir(path)+"."+name.Name] = n
						}
					}
				}
			}
			return true
		})
	}
	for path, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				w.call(filepath.Dir(path), call)
			}
			return true
		})
	}
}

// call notes the event that a call writes, if it writes one.
func (w *written) call(folder string, call *ast.CallExpr) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	if method.Sel.Name == "write" && len(call.Args) == 4 {
		if level, ok := call.Args[0].(*ast.SelectorExpr); ok && named(level.X, "zapcore") { // else it passes on what was logged
			w.note(folder, call.Args[1], strings.TrimSuffix(level.Sel.Name, "Level"))
		}
		return
	}
	// An event that is written beside the service's, by golang.org/x/sys/windows/svc/eventlog.
	if level := map[string]string{"Info": "Info", "Warning": "Warn", "Error": "Error"}[method.Sel.Name]; level != "" && len(call.Args) == 2 {
		if id, ok := call.Args[0].(*ast.Ident); ok && w.constants[folder+"."+id.Name] > 0 {
			w.note(folder, id, level)
		}
	}
	for _, arg := range call.Args {
		field, ok := arg.(*ast.CallExpr)
		if !ok {
			continue
		}
		made, ok := field.Fun.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		if id, ok := made.X.(*ast.SelectorExpr); ok && made.Sel.Name == "Field" && named(id.X, "eventid") {
			w.note("internal/pipeline/eventid", id.Sel, method.Sel.Name)
		}
		if made.Sel.Name == "LostField" && named(made.X, "delivery") {
			w.note("exporter/azure/internal/delivery", ast.NewIdent("idLost"), method.Sel.Name)
		}
		if made.Sel.Name != "Int" || len(field.Args) != 2 {
			continue
		}
		if key, ok := field.Args[0].(*ast.BasicLit); ok && key.Value == `"event_log_id"` {
			w.note(folder, field.Args[1], method.Sel.Name)
		}
	}
}

// named reports whether an expression is a name.
func named(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func (w *written) note(folder string, id ast.Expr, level string) {
	name, ok := id.(*ast.Ident)
	require.True(w.t, ok, "%s: an id is a constant", folder)
	n, ok := w.constants[folder+"."+name.Name]
	require.True(w.t, ok, "%s: %s is no constant of the folder", folder, name.Name)
	level = map[string]string{"Info": "Information", "Warn": "Warning", "Error": "Error"}[level]
	require.NotEmpty(w.t, level, "%s: %s", folder, name.Name)
	if !slices.Contains(w.levels[n], level) {
		w.levels[n] = append(w.levels[n], level)
	}
}

func TestTheTableOfTheEventLogHasTheIdsAndLevelsOfTheCode(t *testing.T) {
	w := &written{t: t, constants: map[string]int{}, levels: map[int][]string{}}
	files := map[string]*ast.File{}
	for _, top := range []string{"cmd", "receiver", "exporter", "extension", "internal"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, top), func(path string, _ fs.DirEntry, err error) error {
			path = strings.TrimPrefix(filepath.ToSlash(path), root+"/")
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || slices.Contains(forTests, roomOf(path)) {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, 0)
			files[path] = file
			return err
		}))
	}
	w.parse(files)

	table := map[int][]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| ([A-Za-z, ]+) \| `).FindAllStringSubmatch(read(t, "docs/event-log.md"), -1) {
		id, err := strconv.Atoi(row[1])
		require.NoError(t, err)
		require.NotContains(t, table, id)
		table[id] = strings.Split(row[2], ", ")
	}
	for _, levels := range []map[int][]string{table, w.levels} {
		for _, of := range levels {
			slices.Sort(of)
		}
	}
	require.Equal(t, table, w.levels)
	for id := range table {
		require.True(t, 1 <= id && id <= 1000, "EventCreate.exe has no message for %d", id)
	}
}
