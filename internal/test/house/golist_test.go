// SPDX-License-Identifier: Apache-2.0

// Package house checks the repository's structure: its rooms, which of them may import which, what each component
// links, and where its Go modules are. The rooms are the folders directly under internal/.
package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/otelcol-winnet/otelcol-winnet"
	root   = "../../.."
)

// systems are the systems that components are built for.
var systems = []string{"linux", "windows"}

// pkg is a package as described by go list, without its tests.
type pkg struct {
	ImportPath string
	Imports    []string
}

// path returns the package's path in the repository, such as internal/dns/filter.
func (p *pkg) path() string { return inRepository(p.ImportPath) }

// inRepository returns a package's path in the repository, or "" for a package of another one.
func inRepository(importPath string) string {
	path, ok := strings.CutPrefix(importPath, module+"/")
	if !ok {
		return ""
	}
	return path
}

// goList describes the packages of the module in a folder, as built for a system.
func goList(t *testing.T, system, folder string, args ...string) (all []pkg) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports"}, args...)...)
	cmd.Dir = filepath.Join(root, folder)
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s", stderr.String())
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		all = append(all, p)
	}
	require.NotEmpty(t, all)
	return all
}

// modules returns the folders with a go.mod.
func modules(t *testing.T) []string { return foldersWith(t, "go.mod") }

// foldersWith returns the folders with a file of that name. It leaves out dist/, which has build results and is not
// part of the repository.
func foldersWith(t *testing.T, file string) (folders []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		name := d.Name()
		if d.IsDir() && path != root && (name == "dist" || name == "out" || name == "node_modules" || name[0] == '.') {
			return filepath.SkipDir
		}
		if name == file {
			folder, err := filepath.Rel(root, filepath.Dir(path))
			require.NoError(t, err)
			folders = append(folders, filepath.ToSlash(folder))
		}
		return nil
	}))
	slices.Sort(folders)
	return folders
}

// forUsers reports whether the module of a folder is one that users require. A module below an internal/ is of tests or tools, and one below cmd/ is a
// program, as in the Makefile.
func forUsers(folder string) bool {
	return !strings.Contains("/"+folder+"/", "/internal/") && !strings.HasPrefix(folder, "cmd/")
}

// product returns the packages that users may run: those of the root module, of the components' own modules and of the programs.
func product(t *testing.T, system string) (all []pkg) {
	t.Helper()
	for _, folder := range modules(t) {
		if forUsers(folder) || strings.HasPrefix(folder, "cmd/") {
			all = append(all, goList(t, system, folder, "./...")...)
		}
	}
	return all
}
