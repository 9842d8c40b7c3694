// SPDX-License-Identifier: Apache-2.0

package house

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If a module or a component were in none of the Makefile's lists, no target would build, test, generate or check it.
func TestMakeKnowsEveryGoModuleAndComponent(t *testing.T) {
	for target, folders := range map[string][]string{"modules": modules(t), "components": foldersWith(t, "metadata.yaml")} {
		listed := strings.Fields(text(t, target))
		slices.Sort(listed)
		require.Equal(t, folders, listed, "make %s", target)
	}
}

// text returns what make prints for the targets.
func text(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("make", append([]string{"-s", "--no-print-directory", "-C", root}, args...)...)
	// Without the variables of a make that runs this test, such as the parts that a user has chosen.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "CI_PARTS=") })
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

// A dry run prints the commands of each part of CI, with the lists that its loops go over.
func TestCIRunsTheTestsOfEveryGoModule(t *testing.T) {
	commands := strings.ReplaceAll(text(t, "-n", "ci"), "\\\n", " ")
	loop, one := regexp.MustCompile(`for m in ([^;]*); do [^;]*go test -C \$m `), regexp.MustCompile(`go test -C ([a-z0-9/-]+) |go test -v (\.)/\.\.\.`)
	tested := map[string]bool{}
	for command := range strings.Lines(commands) {
		if strings.Contains(command, " -run ") { // only some of them
			continue
		}
		for _, match := range slices.Concat(loop.FindAllStringSubmatch(command, -1), one.FindAllStringSubmatch(command, -1)) {
			for _, folder := range strings.Fields(strings.Join(match[1:], " ")) {
				tested[folder] = true
			}
		}
	}
	for _, folder := range modules(t) {
		require.True(t, tested[folder], "no part of CI runs go test in %s", folder)
	}
}

// A module that only part of lint's loops had would be neither vetted nor held to tidy requirements.
func TestLintLooksAtEveryPackageOfEveryGoModule(t *testing.T) {
	commands := strings.ReplaceAll(text(t, "-n", "lint"), "\\\n", " ")
	listed := func(pattern string) (folders []string) {
		for _, loop := range regexp.MustCompile(pattern).FindAllStringSubmatch(commands, -1) {
			folders = append(folders, strings.Fields(loop[1])...)
		}
		slices.Sort(folders)
		return folders
	}
	require.Equal(t, modules(t), listed(`for m in ([^;]*); do \(cd \$m; [^;]*go mod tidy -diff\)`))
	vetted := append(listed(`for m in ([^;]*); do (?:echo "[^"]*"; [^;]*go vet -C \$m \./\.\.\.;|for os in linux windows; do echo "[^"]*"; *GOOS=\$os \S*go vet -C \$m \./\.\.\.;)`), ".")
	slices.Sort(vetted)
	require.Equal(t, modules(t), vetted)
	require.Contains(t, commands, "GOOS=windows go vet ./...")
}

func TestDeadcodeLooksAtEveryGoModule(t *testing.T) {
	command := regexp.MustCompile(`(?m)go run ./internal/test/deadcode \S+ (.*)$`).FindStringSubmatch(text(t, "-n", "deadcode"))
	require.NotNil(t, command)
	var listed, linux []string
	for _, folder := range strings.Fields(command[1]) {
		if name, only := strings.CutPrefix(folder, "linux:"); only {
			folder = name
			linux = append(linux, name)
		}
		if !strings.HasPrefix(folder, "dist/") {
			listed = append(listed, folder)
		}
	}
	slices.Sort(listed)
	require.Equal(t, modules(t), listed)
	require.Contains(t, command[1], "dist/src dist/src-gateway dist/src-node dist/newest", "the main packages of every manifest")
	for _, folder := range linux {
		require.True(t, strings.HasPrefix(folder, "dist/bench/") || strings.Contains(folder, "internal/test/") || strings.HasPrefix(folder, "exporter/") && strings.Contains(folder, "/internal/"), folder)
	}
}

func TestMakeHelpListsATargetOnce(t *testing.T) {
	seen := map[string]bool{}
	for line := range strings.Lines(text(t, "help")) {
		target := strings.Fields(line)[0]
		require.False(t, seen[target], target)
		seen[target] = true
	}
	require.Greater(t, len(seen), 30)
}

func TestTheWindowsTestsOfEveryPackageThatHasAnyAreRun(t *testing.T) {
	command := regexp.MustCompile(`(?m)GOOS=windows .* go test -count=1 -p 1 -timeout 20m -exec '[^']*' (\./.*)$`).FindStringSubmatch(text(t, "-n", "test-windows"))
	require.NotNil(t, command)
	listed := strings.Fields(command[1])
	for _, folder := range []string{"internal", "receiver"} { // those of the other modules are all run, see TestCIRunsTheTestsOfEveryGoModule
		require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, "_windows_test.go") {
				require.Contains(t, listed, "./"+strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), root+"/"))
			}
			return err
		}))
	}
	require.Greater(t, len(listed), 8)
}

func TestBenchAllRunsTheBenchmarksOfEveryGoModule(t *testing.T) {
	commands := text(t, "-n", "bench-all")
	require.Contains(t, commands, "go list ./...")
	loop := regexp.MustCompile(`for m in ([^;]*); do`).FindStringSubmatch(commands)
	require.NotNil(t, loop)
	require.Equal(t, modules(t), append([]string{"."}, strings.Fields(loop[1])...))
}
