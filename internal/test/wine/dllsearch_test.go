// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package wine

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// loaders are the functions that load a DLL by its name alone.
var loaders = []string{"NewLazyDLL", "LoadDLL", "MustLoadDLL", "LoadLibrary"}

// byName returns the DLLs that a Go program asks for by their names, in the packages that it links outside the standard library. The package that
// has the functions themselves is left out: it has no name.
func byName(t *testing.T, dir string) (names []string) {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-f", `{{if not .Standard}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{end}}`, ".")
	list.Dir, list.Env = dir, append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	files, err := list.Output()
	require.NoError(t, err)
	for path := range strings.Lines(string(files)) {
		path = strings.TrimSpace(path)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		if !slices.ContainsFunc(loaders, func(name string) bool { return strings.Contains(string(text), name) }) || strings.HasSuffix(path, "/windows/dll_windows.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(loaders, f.Sel.Name) {
				literal, ok := call.Args[0].(*ast.BasicLit)
				require.True(t, ok, "%s loads a DLL whose name is not in its source", path)
				name, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				names = append(names, name)
			}
			return true
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Whoever may write beside the program must not run code in it, whichever module asks for a DLL.
func TestNoDllBesideTheProgramIsLoaded(t *testing.T) {
	h := newHost(t, serverFile)
	names := byName(t, filepath.Join(h.root, "dist/src"))
	require.Contains(t, names, "Tbs.dll")
	require.Contains(t, names, "tdh.dll")
	planted, err := os.ReadFile(filepath.Join(h.root, "dist/rig/bcryptprimitives.dll"))
	require.NoError(t, err)
	program, err := os.ReadFile(filepath.Join(h.root, "dist/otelcol-winnet.exe"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(h.dir, "otelcol-winnet.exe"), program, 0o700))
	for _, name := range names {
		if name != "kernel32.dll" { // a process has it before it begins
			require.NoError(t, os.WriteFile(filepath.Join(h.dir, name), planted, 0o700))
		}
	}
	h.program = filepath.Join(h.dir, "otelcol-winnet.exe")
	h.set("WINEDEBUG", "-all,+loaddll")

	c := h.start("exporters::otlp_http: {endpoint: 'https://127.0.0.1:1', tls: {cert_pem: x, key_pem: x, tpm: {enabled: true}}}",
		"service::pipelines::logs::exporters: [file, otlp_http]")
	c.fails()
	require.Contains(t, strings.ToLower(c.out.String()), "tbs", "the program asks for the TPM")
	h.loadsNothingOf(c)

	c = h.start()
	c.await(started, 1)
	h.writes(c, 1)
	c.interrupt()
	h.loadsNothingOf(c)
}

// loadsNothingOf requires that a collector, which ran with the channel loaddll of WINEDEBUG, has loaded nothing but its program from the folder of
// this test.
func (h *host) loadsNothingOf(c *collector) {
	h.t.Helper()
	folder, loaded := strings.ReplaceAll(windowsPath(h.dir)+`\`, `\`, `\\`), 0 // Wine escapes what it prints
	for line := range strings.Lines(c.out.String()) {
		if _, path, ok := strings.Cut(line, `Loaded L"`); ok {
			loaded++
			require.False(h.t, strings.HasPrefix(path, folder) && !strings.Contains(path, ".exe"), "%s", line)
		}
	}
	require.NotZero(h.t, loaded, "Wine says what it loads")
}
