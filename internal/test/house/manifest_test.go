// SPDX-License-Identifier: Apache-2.0

package house

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ownEntries are a manifest's entries for this project's modules, without the lines path:.
func ownEntries(text string) (entries []string) {
	for _, entry := range regexp.MustCompile(`(?m)^  - gomod: `+regexp.QuoteMeta(module)+`.*\n(    .*\n)*`).FindAllString(text, -1) {
		entries = append(entries, regexp.MustCompile(`(?m)^    path: .*\n`).ReplaceAllString(entry, ""))
	}
	return entries
}

func read(t *testing.T, path string) string {
	raw, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(raw)
}

// CI builds both manifests of the repository; the one in the documents is for users and resolves by tags only.
func TestTheManifestForUsersHasTheEntriesThatAreBuilt(t *testing.T) {
	_, block, ok := strings.Cut(read(t, "docs/releasing.md"), "```yaml\n# builder-config.yaml of your collector\n")
	require.True(t, ok)
	block, _, _ = strings.Cut(block, "```")
	forUsers := ownEntries(block)
	require.Len(t, forUsers, len(foldersWith(t, "metadata.yaml")))
	require.Equal(t, ownEntries(read(t, "builder-config.newest.yaml")), forUsers)
	require.Subset(t, forUsers, ownEntries(read(t, "builder-config.yaml")))
	require.NotContains(t, block, "\n    path:")
}

// A user's build ignores the replace lines of what it requires, and fails on what only they make resolve. So a module that needs the root module requires it
// in the version of its own release, and replaces nothing else.
func TestNoModuleForUsersNeedsAReplace(t *testing.T) {
	released := regexp.MustCompile(`(?m)^  - gomod: ` + regexp.QuoteMeta(module) + ` (v\S+)$`).FindStringSubmatch(read(t, "builder-config.yaml"))
	require.NotNil(t, released)
	for _, folder := range modules(t) {
		if !forUsers(folder) {
			continue
		}
		text := strings.TrimPrefix(read(t, filepath.Join(folder, "go.mod")), "module "+module)
		if strings.Contains(text, module+" ") {
			up := strings.Repeat("../", strings.Count(folder, "/")+1)
			require.Contains(t, text, "\t"+module+" "+released[1]+"\n", folder)
			require.Contains(t, text, "\nreplace "+module+" => "+strings.TrimSuffix(up, "/")+"\n", folder)
			text = strings.Replace(text, "\nreplace "+module, "", 1)
		}
		require.NotContains(t, text, "replace", folder)
	}
}

func TestMakePrintsATagForEveryModuleForUsers(t *testing.T) {
	out, err := exec.Command("make", "-s", "--no-print-directory", "-C", root, "tags", "VERSION=v1.2.3").Output()
	require.NoError(t, err)
	for _, folder := range modules(t) {
		if !forUsers(folder) {
			require.NotContains(t, string(out), folder+"/v1.2.3")
			continue
		}
		tag := strings.TrimPrefix(folder+"/v1.2.3", "./")
		require.Contains(t, string(out), "git tag -a "+tag+" -m "+tag+"\n")
		require.Contains(t, read(t, "docs/releasing.md"), "`"+strings.TrimPrefix(folder+"/v0.2.0", "./")+"`")
	}
	require.Error(t, exec.Command("make", "-s", "-C", root, "tags", "VERSION=1.2").Run())
}

func TestTheTextOfTheGPLIsThatOfTheModuleUnderIt(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/0xrawsec/golang-etw").Output()
	require.NoError(t, err)
	theirs, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "LICENSE"))
	require.NoError(t, err)
	require.Equal(t, string(theirs), read(t, "LICENSES/GPL-3.0.txt"))
	require.Contains(t, read(t, "NOTICE"), "github.com/0xrawsec/golang-etw ")
}

func TestTheNoticeHasEveryModuleOfTheCollectorsThatAreHandedOn(t *testing.T) {
	notice := read(t, "NOTICE")
	for _, manifest := range []string{"builder-config.yaml", "builder-config.gateway.yaml", "builder-config.node.yaml"} {
		entries := regexp.MustCompile(`(?m)^  - gomod: (\S+) (v\S+)$`).FindAllStringSubmatch(read(t, manifest), -1)
		require.Greater(t, len(entries), 10)
		for _, entry := range entries {
			if !strings.HasPrefix(entry[1], module) {
				line := regexp.MustCompile("(?m)^" + regexp.QuoteMeta(entry[1]) + " +" + regexp.QuoteMeta(entry[2]) + " ")
				require.True(t, line.MatchString(notice), "%s of %s", entry[0], manifest)
			}
		}
	}
}
