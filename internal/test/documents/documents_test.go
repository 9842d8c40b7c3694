// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../../.."

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	require.NoError(t, err)
	return string(text)
}

// kinds are the kinds of blocks that there may be, and the test that runs or generates each.
func kinds() map[string]string {
	return map[string]string{
		"yaml":       "TestEveryBlockOfYAMLInADocumentIsTakenByTheCollector",
		"json":       "TestEveryAnswerThatADocumentShowsIsOfACapture",
		"record":     "TestEveryRecordThatADocumentShowsIsOfACapture",
		"sh":         "TestEveryCommandInADocumentIsThereOrMarked",
		"powershell": "TestEveryCommandInADocumentIsThereOrMarked",
		"text":       "TestEveryTextThatADocumentShowsIsHeldByATest",
		"kusto":      "TestEveryQueryOfTheDocumentsSelectsRecordsThatHaveWhatItShows", // and make check-kql
	}
}

func TestEveryBlockIsOfAKindThatATestHolds(t *testing.T) {
	all, err := All(root)
	require.NoError(t, err)
	require.Greater(t, len(all), 50)
	for _, b := range all {
		require.Contains(t, kinds(), b.Kind, "%v: a block of this kind is held by no test", b)
	}
	tests := testFunctions(t, "internal/test")
	for kind, test := range kinds() {
		require.Contains(t, tests, test, kind)
	}
}

// Code that is indented would go unseen.
func TestNoDocumentHasCodeThatIsIndented(t *testing.T) {
	files, err := Files(root)
	require.NoError(t, err)
	for _, file := range files {
		fenced, before := false, ""
		for i, line := range strings.Split(read(t, file), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				fenced = !fenced
			}
			indented := strings.HasPrefix(line, "    ") && strings.TrimSpace(line) != ""
			require.False(t, !fenced && indented && before == "", "%s:%d: put it into a fence: %s", file, i+1, line)
			before = strings.TrimSpace(line)
		}
	}
}

// texts are the tests that hold the blocks of output that a document shows, in the order of the blocks.
func texts() map[string][]string {
	return map[string][]string{
		"README.md":               {"TestTheReadmeShowsWhatMakeRunPrints", "TestTheReadmeShowsWhatMakeTestPrints"},
		"docs/architecture.md":    {"TestTheDrawingOfTheWayNamesRoomsAndWhatIsInThem"},
		"docs/records.md":         {"TestThePackedRecordOfTheDocumentUnpacksToWhatItsCommentsSay"},
		"docs/troubleshooting.md": {"TestEveryLogLineThatTheDocumentQuotesIsInTheCode"},
	}
}

func TestEveryTextThatADocumentShowsIsHeldByATest(t *testing.T) {
	all, err := All(root)
	require.NoError(t, err)
	tests := testFunctions(t, "internal/test")
	shown := map[string]int{}
	for _, b := range all {
		if b.Kind == "text" {
			shown[b.File]++
			require.LessOrEqual(t, shown[b.File], len(texts()[b.File]), "%v: no test holds it", b)
		}
	}
	for file, holders := range texts() {
		require.Len(t, holders, shown[file], "%s: a test for each block", file)
		for _, test := range holders {
			require.Contains(t, tests, test, file)
		}
	}
}

// testFunctions lists the names of the tests and benchmarks below a folder.
func testFunctions(t *testing.T, folder string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, entry os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`).FindAllStringSubmatch(read(t, strings.TrimPrefix(path, root)), -1) {
				names = append(names, m[1])
			}
		}
		return err
	}))
	return names
}

func TestEveryLinkOfADocumentLeadsToAFileAndAHeading(t *testing.T) {
	files, err := Files(root)
	require.NoError(t, err)
	anchors := map[string][]string{}
	for _, file := range append(slices.Clone(files), generated(t)...) {
		anchors[file] = headings(read(t, file))
	}
	links := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, file := range files {
		for _, m := range links.FindAllStringSubmatch(read(t, file), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			to := file
			if path != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(file), path))
				_, err := os.Stat(filepath.Join(root, to))
				require.NoError(t, err, "%s: %s", file, m[1])
			}
			if anchor != "" {
				require.Contains(t, anchors[to], anchor, "%s: %s", file, m[1])
			}
		}
	}
}

// generated lists the documents that mdatagen writes.
func generated(t *testing.T) (files []string) {
	for _, pattern := range []string{"*/*/documentation.md", "*/*/*/documentation.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, path := range found {
			relative, err := filepath.Rel(root, path)
			require.NoError(t, err)
			files = append(files, filepath.ToSlash(relative))
		}
	}
	return files
}

// headings gives the anchors of a document's headings, as GitHub makes them.
func headings(text string) (anchors []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		anchor := regexp.MustCompile(`[^\p{L}\p{N}\-_ ]`).ReplaceAllString(strings.ToLower(m[1]), "")
		anchors = append(anchors, strings.ReplaceAll(anchor, " ", "-"))
	}
	return anchors
}

func TestTheReadmeHasAtMost150Lines(t *testing.T) {
	require.LessOrEqual(t, strings.Count(read(t, "README.md"), "\n"), 150)
}

func TestTheListOfExamplesHasEveryFolder(t *testing.T) {
	files, err := filepath.Glob(root + "/examples/*/*")
	require.NoError(t, err)
	require.Greater(t, len(files), 20)
	for _, file := range files {
		require.Contains(t, read(t, "examples/README.md"), "("+filepath.Base(filepath.Dir(file))+"/")
	}
}

// Each fault of docs/upstream.md is of a version. When the project takes another one, the fault is looked at again.
func TestTheFaultsOfOthersAreOfTheVersionsThatAreBuilt(t *testing.T) {
	built := ""
	for _, file := range []string{"builder-config.yaml", "NOTICE", "internal/test/roads/go.mod", "internal/test/forms/go.mod"} {
		built += read(t, file)
	}
	held := 0
	for _, line := range regexp.MustCompile(`(?m)^\*[^*\n]+ v[0-9][^\n]*`).FindAllString(read(t, "docs/upstream.md"), -1) {
		versions := regexp.MustCompile(`([A-Za-z/-]+)(?: and ([a-z]+))? (v[0-9]+\.[0-9]+\.[0-9]+)`).FindAllStringSubmatch(line, -1)
		require.NotEmpty(t, versions, line)
		for _, m := range versions {
			for _, name := range m[1:3] {
				if name != "" {
					require.Regexp(t, "(?m)[/ ]"+regexp.QuoteMeta(name)+" +"+regexp.QuoteMeta(m[3])+`\b`, built, line)
					held++
				}
			}
		}
	}
	require.Greater(t, held, 15)
}
