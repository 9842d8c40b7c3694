// SPDX-License-Identifier: Apache-2.0

// Command deadcode lists the functions of this repository that no program and no test reaches, on Linux and on Windows. In come the path
// of golang.org/x/tools' deadcode and the folders of the Go modules; out come the dead functions, and the exit status 1 if there are any.
//
// The tool itself sees one module and one system at a time. A function that is dead in one may be used in another, so it counts only
// when it is dead in each that compiles its file. A run over some of the modules therefore also lists what only the others use, such as a
// function of exporter/azure that its generator alone calls.
//
//	deadcode dist/tools/deadcode . exporter/azure linux:internal/test/roads
//
// A folder is analyzed for both systems, or only for the one that stands before it.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const module = "github.com/otelcol-winnet/otelcol-winnet"

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: deadcode TOOL [SYSTEM:]MODULE...")
		os.Exit(2)
	}
	dead, err := find(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, f := range dead {
		fmt.Println(f)
	}
	if len(dead) > 0 {
		fmt.Fprintf(os.Stderr, "%d functions are dead in all programs and tests\n", len(dead))
		os.Exit(1)
	}
}

// find analyzes each module on its systems.
func find(tool string, folders []string) ([]string, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	tool, err = filepath.Abs(tool)
	if err != nil {
		return nil, err
	}
	var runs []run
	for _, folder := range folders {
		systems := []string{"linux", "windows"}
		if system, path, ok := strings.Cut(folder, ":"); ok {
			systems, folder = []string{system}, path
		}
		for _, system := range systems {
			fmt.Fprintf(os.Stderr, "%s: %s\n", system, folder)
			r, err := analyze(root, tool, folder, system)
			if err != nil {
				return nil, fmt.Errorf("%s on %s: %w", folder, system, err)
			}
			runs = append(runs, r)
		}
	}
	return deadInAll(runs), nil
}

// run is what one analysis found.
type run struct {
	files map[string]bool // that it compiled, by their path in the repository
	dead  []function
}

// function is one that is dead.
type function struct {
	name, file string
	line       int
}

func (f function) String() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.name) }

// deadInAll lists the functions that are dead in each run that compiled them.
func deadInAll(runs []run) (list []string) {
	seen := map[function]int{}
	for _, r := range runs {
		for _, f := range r.dead {
			seen[f]++
		}
	}
	for f, times := range seen {
		compiled := 0
		for _, r := range runs {
			if r.files[f.file] {
				compiled++
			}
		}
		if times == compiled {
			list = append(list, f.String())
		}
	}
	return slices.Sorted(slices.Values(list))
}

// analyze runs the tool on a module.
func analyze(root, tool, folder, system string) (run, error) {
	packages, err := output(root, folder, system, "go", "list", "-deps", "-test", "-json=ImportPath,Name,Dir,GoFiles", "./...")
	if err != nil {
		return run{}, err
	}
	r, programs := run{files: map[string]bool{}}, false
	for d := json.NewDecoder(bytes.NewReader(packages)); ; {
		var p struct {
			ImportPath, Name, Dir string
			GoFiles               []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return run{}, err
		}
		programs = programs || p.Name == "main"
		for _, file := range p.GoFiles {
			if path, ok := inRepository(root, filepath.Join(p.Dir, file)); ok && strings.HasPrefix(p.ImportPath, module) {
				r.files[path] = true
			}
		}
	}
	if !programs { // not even a test: the module only names versions, and the tool has no place to begin at
		return run{}, nil
	}
	report, err := output(root, folder, system, tool, "-test", "-json", "-filter", "^"+module, "./...")
	if err != nil {
		return run{}, err
	}
	r.dead, err = parse(root, filepath.Join(root, folder), report)
	return r, err
}

// parse reads the tool's report, in which a file may stand relative to the folder where the tool ran. A function of a package and of the
// package's test variant counts once.
func parse(root, folder string, report []byte) ([]function, error) {
	var packages []struct {
		Funcs []struct {
			Name     string
			Position struct {
				File string
				Line int
			}
		}
	}
	if err := json.Unmarshal(report, &packages); err != nil {
		return nil, err
	}
	found := map[function]bool{}
	for _, p := range packages {
		for _, f := range p.Funcs {
			file := f.Position.File
			if !filepath.IsAbs(file) {
				file = filepath.Join(folder, file)
			}
			if path, ok := inRepository(root, file); ok {
				found[function{f.Name, path, f.Position.Line}] = true
			}
		}
	}
	return slices.Collect(maps.Keys(found)), nil
}

// inRepository gives a file's path in the repository. What is built lies in dist and is no part of it.
func inRepository(root, file string) (string, bool) {
	path, err := filepath.Rel(root, file)
	if err != nil || strings.HasPrefix(path, "..") || strings.HasPrefix(path, "dist"+string(filepath.Separator)) {
		return "", false
	}
	return filepath.ToSlash(path), true
}

// output runs a command in a module's folder, for a system.
func output(root, folder, system, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = filepath.Join(root, folder)
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return cmd.Output()
}
