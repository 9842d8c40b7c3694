// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A command of a document is one of make's targets, a test or benchmark that is there, or the collector with files that are there.
// Whatever else a block has must be marked.
func TestEveryCommandInADocumentIsThereOrMarked(t *testing.T) {
	all, err := All(root)
	require.NoError(t, err)
	held := 0
	for _, b := range all {
		if (b.Kind != "sh" && b.Kind != "powershell") || b.Marked() {
			continue
		}
		for _, command := range commandsOf(b.Text) {
			require.Empty(t, fault(t, b.File, command), "%v: %s: mend it, or say beside the block that it is not run here", b, command)
			held++
		}
	}
	require.GreaterOrEqual(t, held, 3)
}

// A mark excuses the commands of others. What a block names of the repository is there all the same.
func TestAMarkedBlockNamesOnlyWhatIsThere(t *testing.T) {
	all, err := All(root)
	require.NoError(t, err)
	held := 0
	for _, b := range all {
		if (b.Kind != "sh" && b.Kind != "powershell") || !b.Marked() {
			continue
		}
		for _, command := range commandsOf(b.Text) {
			if strings.HasPrefix(command, "make ") || strings.HasPrefix(command, "go test ") {
				require.Empty(t, fault(t, b.File, command), "%v: %s", b, command)
				held++
			}
			for _, path := range pathsIn(t, command) {
				_, err := os.Stat(filepath.Join(root, path))
				require.NoError(t, err, "%v: %s", b, command)
				held++
			}
		}
	}
	require.Greater(t, held, 10)
}

// pathsIn gives the paths in a command that begin with a folder of the repository.
func pathsIn(t *testing.T, command string) (paths []string) {
	t.Helper()
	folders, err := os.ReadDir(root)
	require.NoError(t, err)
	for _, path := range regexp.MustCompile(`[^\s'"=:,{}]+/[\w./-]+`).FindAllString(command, -1) {
		first, _, _ := strings.Cut(path, "/")
		if first != "dist" && slices.ContainsFunc(folders, func(e os.DirEntry) bool { return e.IsDir() && e.Name() == first }) {
			paths = append(paths, path)
		}
	}
	return paths
}

func TestThePathsInACommandAreFound(t *testing.T) {
	require.Equal(t, []string{"testdata/no.etl", "deploy/docker/no"},
		pathsIn(t, "dist/otelcol-winnet --config 'yaml:receivers: {path: testdata/no.etl}}, x' --file=deploy/docker/no /tmp/deploy/x -subj /CN=a"))
}

// A block that a target of make is said to test: the target is a part of CI, and it makes what the block shows. That is the target of a command,
// or the manifest with the block's entries.
func TestEveryTargetThatIsSaidToTestABlockDoes(t *testing.T) {
	parts := regexp.MustCompile(`(?m)^CI_PARTS +:= (.*)$`).FindStringSubmatch(makefiles(t))
	require.NotNil(t, parts)
	all, err := All(root)
	require.NoError(t, err)
	held := 0
	for _, b := range all {
		for _, m := range regexp.MustCompile("(?i)tested by `make ([^`]+)`").FindAllStringSubmatch(b.Around, -1) {
			require.Contains(t, strings.Fields(parts[1]), m[1], "%v", b)
			require.Empty(t, untested(t, b, m[1]), "%v: make %s does not test it; say that it is not run here", b, m[1])
			held++
		}
	}
	require.Positive(t, held)
}

// makefiles returns the text of the Makefile and of the files that it includes.
func makefiles(t *testing.T) string {
	t.Helper()
	included, err := filepath.Glob(filepath.Join(root, "make", "*.mk"))
	require.NoError(t, err)
	require.NotEmpty(t, included)
	all := read(t, "Makefile")
	for _, path := range included {
		all += read(t, filepath.Join("make", filepath.Base(path)))
	}
	return all
}

// untested gives what of a block a target does not make.
func untested(t *testing.T, b Block, name string) (missing []string) {
	t.Helper()
	switch b.Kind {
	case "sh":
		rule := regexp.MustCompile(`(?m)^` + name + `:([^#\n]*)`).FindStringSubmatch(makefiles(t))
		require.NotNil(t, rule, name)
		made := append(strings.Fields(rule[1]), name)
		for _, command := range commandsOf(b.Text) {
			if target, ok := strings.CutPrefix(command, "make "); !ok || !slices.Contains(made, target) {
				missing = append(missing, command)
			}
		}
	case "yaml":
		cmd := exec.Command("make", "-n", "-B", name)
		cmd.Dir = root
		recipe, err := cmd.Output()
		require.NoError(t, err)
		manifest := regexp.MustCompile(`--config (builder-config\S*\.yaml)`).FindStringSubmatch(string(recipe))
		require.NotNil(t, manifest, "%s builds no manifest", name)
		entry := regexp.MustCompile(`(?m)^ +(?:- )?(?:gomod|import|name): (\S+)`)
		var built []string
		for _, m := range entry.FindAllStringSubmatch(read(t, manifest[1]), -1) {
			built = append(built, m[1])
		}
		_, entries, _ := strings.Cut(b.Text, "\nreceivers:\n")
		shown := entry.FindAllStringSubmatch(entries, -1)
		require.NotEmpty(t, shown)
		for _, m := range shown {
			if !slices.Contains(built, m[1]) {
				missing = append(missing, m[1])
			}
		}
	default:
		missing = append(missing, "no target runs "+b.Kind)
	}
	return missing
}

func TestABlockThatATargetDoesNotTestIsFound(t *testing.T) {
	require.Empty(t, untested(t, Block{Kind: "sh", Text: "make build-windows\n"}, "check-windows"))
	require.NotEmpty(t, untested(t, Block{Kind: "sh", Text: "make build-windows\nrm -rf /\n"}, "check-windows"))
	require.NotEmpty(t, untested(t, Block{Kind: "sh", Text: "make build-gateway\n"}, "check-windows"))
	require.NotEmpty(t, untested(t, Block{Kind: "powershell", Text: "Start-Service x\n"}, "check-windows"))
	require.Equal(t, []string{"example.com/other"}, untested(t, Block{Kind: "yaml", Text: "dist:\n  name: my\nreceivers:\n  - gomod: example.com/other v0.1.0\n"}, "build-newest"))
}

// Programs of others, and cmdlets.
var foreign = regexp.MustCompile("`((?:az|benchstat|bpftool|cilium|curl|docker|git|helm|hubble|kubectl|logman|netsh|npm|nslookup|pktmon|reg|sc|systemctl|tracerpt|wevtutil)(?:\\.exe)? [^`]+|" +
	"(?:Add|Get|Import|Install|Invoke|New|Remove|Resolve|Restart|Set|Start|Stop|Test)-[A-Z][A-Za-z]+[^`]*)`")

// mentions are commands that documents name for what others do or print, and ask nobody to type.
var mentions = []string{"cilium monitor", "hubble observe", "hubble observe --type", "logman stop", "logman -mode newfile"}

// A command of others in the text is one that no test runs: its section says so.
func TestEveryCommandOfOthersInTheTextIsMarked(t *testing.T) {
	files, err := Files(root)
	require.NoError(t, err)
	held := 0
	for _, file := range files {
		for _, section := range regexp.MustCompile(`(?m)^#+ `).Split(read(t, file), -1) {
			for _, m := range foreign.FindAllStringSubmatch(section, -1) {
				if !slices.Contains(mentions, m[1]) {
					require.Regexp(t, "(?i)not run here", section, "%s: `%s`", file, m[1])
					held++
				}
			}
		}
	}
	require.Greater(t, held, 5)
}

// Code spans such as `make run` name what is there.
func TestEveryCommandThatADocumentNamesInItsTextIsThere(t *testing.T) {
	files, err := Files(root)
	require.NoError(t, err)
	spans := regexp.MustCompile("`((?:make|go test|otelcol-winnet(?:\\.exe)? validate|dist/otelcol-winnet) [^`]+)`")
	held := 0
	for _, file := range files {
		for _, m := range spans.FindAllStringSubmatch(read(t, file), -1) {
			require.Empty(t, fault(t, file, m[1]), "%s: `%s`", file, m[1])
			held++
		}
	}
	require.Greater(t, held, 20)
}

// commandsOf gives the commands of a block, without comments; a line that ends with a backslash goes on.
func commandsOf(text string) (commands []string) {
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		if line, _, _ = strings.Cut(line, " #"); strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#") {
			commands = append(commands, strings.TrimSpace(line))
		}
	}
	return commands
}

// collectors are the programs that the manifests build.
var collectors = []string{"otelcol-winnet", "otelcol-winnet.exe", "otelcol-winnet-gateway", "otelcol-winnet-node", "otelcol-winnet-node.exe"}

var (
	words  = regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^\s'"])+`)
	target = regexp.MustCompile(`(?m)^([a-z0-9-]+):`)
)

// fault says what is wrong with a command of a document, "" if it is there.
func fault(t *testing.T, file, command string) string {
	t.Helper()
	args := words.FindAllString(command, -1)
	for i := range args {
		args[i] = strings.Trim(args[i], `'"`)
	}
	switch {
	case args[0] == "make":
		var targets []string
		for _, m := range target.FindAllStringSubmatch(makefiles(t), -1) {
			targets = append(targets, m[1])
		}
		for _, arg := range args[1:] {
			switch name, _, isVariable := strings.Cut(arg, "="); {
			case isVariable && !settable(makefiles(t), name):
				return "the Makefile takes no variable " + name
			case !isVariable && !slices.Contains(targets, arg):
				return "the Makefile has no such target"
			}
		}
		return ""
	case args[0] == "go" && args[1] == "test":
		return goTestFault(t, file, args[2:])
	case filepath.Base(args[0]) == "winnet-hunt":
		for _, arg := range args[1:] {
			if flag, is := strings.CutPrefix(arg, "-"); is && !strings.Contains(read(t, "cmd/winnet-hunt/main.go"), `, "`+flag+`", `) && !strings.Contains(read(t, "cmd/winnet-hunt/main.go"), `("`+flag+`", `) {
				return "winnet-hunt has no " + arg
			}
		}
		return ""
	case slices.Contains(collectors, filepath.Base(args[0])):
		for i, arg := range args[1:] {
			switch {
			case arg == "validate" || arg == "components" || arg == "--config" || arg == "FILE" || strings.HasPrefix(arg, "yaml:"):
			case args[i] == "--config":
				if _, err := os.Stat(filepath.Join(root, arg)); err != nil {
					return "there is no " + arg
				}
			default:
				return "the collector has no " + arg
			}
		}
		return ""
	}
	return "no test knows this command"
}

// settable reports whether a user can set a variable of a Makefile: it is read, and not assigned but by ?=, which leaves a value as it is.
func settable(makefile, name string) bool {
	assigned := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` *:?=`)
	return strings.Contains(makefile, "$("+name+")") && !assigned.MatchString(makefile)
}

// goTestFault says what is wrong with the arguments of go test: the package must be there, and what -run and -bench ask for in it.
func goTestFault(t *testing.T, file string, args []string) string {
	t.Helper()
	folder := filepath.Dir(file)
	if last := args[len(args)-1]; strings.HasPrefix(last, "./") {
		folder = last
	}
	if args[0] == "-C" {
		folder = filepath.Join(args[1], folder)
	}
	if _, err := os.Stat(filepath.Join(root, folder)); err != nil {
		return "there is no package " + folder
	}
	names := testFunctions(t, folder)
	for i, arg := range args[:len(args)-1] {
		if (arg != "-run" && arg != "-bench") || args[i+1] == "^$" {
			continue
		}
		wanted, _, _ := strings.Cut(args[i+1], "/")
		if !slices.ContainsFunc(names, regexp.MustCompile(wanted).MatchString) {
			return "no test or benchmark is called " + wanted
		}
	}
	return ""
}

func TestACommandThatIsNotThereIsFound(t *testing.T) {
	for command, want := range map[string]string{
		"make no-such-target": "no such target",
		"make run":            "",
		"make soak SOAK=1h":   "",
		"make soak SAOK=1h":   "no variable SAOK",
		"make build DIST=x":   "no variable DIST",
		"make tags VERSION=v": "",
		"go test -run NoSuchTest ./internal/test/picture":               "no test or benchmark",
		"go test -run '^$' -bench NoSuch ./internal/dns/filter":         "no test or benchmark",
		"go test -run Picture ./internal/test/no-such-package":          "no package",
		"go test -run Picture ./internal/test/picture":                  "",
		"dist/otelcol-winnet --config no-such-file.yaml":                "no no-such-file.yaml",
		"dist/otelcol-winnet --colour red":                              "no --colour",
		"dist/otelcol-winnets validate --config config.yaml":            "no test knows",
		"dist/otelcol-winnet validate --config config.yaml":             "",
		"dist/otelcol-winnet --config config.yaml --config 'yaml:a: b'": "",
		"rm -rf /": "no test knows",
	} {
		if want == "" {
			require.Empty(t, fault(t, "README.md", command), command)
		} else {
			require.Contains(t, fault(t, "README.md", command), want, command)
		}
	}
}
