// SPDX-License-Identifier: Apache-2.0

package docker

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/require"
)

const folder = "../../../deploy/docker"

// lint parses a Dockerfile with BuildKit, and returns its stages and what the linter says.
func lint(text string) (stages []instructions.Stage, findings []string, err error) {
	parsed, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return nil, nil, err
	}
	for _, w := range parsed.Warnings {
		findings = append(findings, w.Short)
	}
	warn := func(rule, _, _, message string, _ []parser.Range) { findings = append(findings, rule+": "+message) }
	stages, _, err = instructions.Parse(parsed.AST, linter.New(&linter.Config{Warn: warn}))
	return stages, findings, err
}

func files(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(folder + "/*.Dockerfile")
	require.NoError(t, err)
	require.Len(t, names, 2)
	return names
}

func TestBuildKitHasNothingToSayAboutTheDockerfiles(t *testing.T) {
	for _, name := range files(t) {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		stages, findings, err := lint(string(text))
		require.NoError(t, err, name)
		require.Empty(t, findings, name)
		require.Len(t, stages, 1)
		var seen []string
		for _, command := range stages[0].Commands {
			seen = append(seen, command.Name())
			switch c := command.(type) {
			case *instructions.EntrypointCommand:
				require.False(t, c.PrependShell, "%s: neither base has a shell", name)
			case *instructions.CmdCommand:
				require.False(t, c.PrependShell, "%s: neither base has a shell", name)
			case *instructions.CopyCommand:
				for _, source := range c.SourcePaths {
					if !strings.HasPrefix(source, "dist/") { // what make builds
						require.FileExists(t, filepath.Join("../../..", source))
					}
				}
			}
		}
		require.NotContains(t, seen, "run", "%s: neither base has a shell", name)
		require.Subset(t, seen, []string{"copy", "entrypoint", "cmd", "label"})
	}
}

func TestAFaultOfADockerfileIsFound(t *testing.T) {
	text, err := os.ReadFile(folder + "/gateway.Dockerfile")
	require.NoError(t, err)
	for _, fault := range []struct{ before, after, want string }{
		{"USER 65532:65532", "USRE 65532:65532", "unknown instruction: USRE"},
		{`ENTRYPOINT ["/otelcol-winnet-gateway"]`, "ENTRYPOINT /otelcol-winnet-gateway", "JSONArgsRecommended"},
		{"COPY --chmod=0555", "COPY --chmode=0555", "unknown flag: --chmode"},
		{"EXPOSE 4317", "expose 4317", "ConsistentInstructionCasing"},
		{"USER 65532:65532", "MAINTAINER me", "MaintainerDeprecated"},
	} {
		require.Contains(t, string(text), fault.before)
		_, findings, err := lint(strings.Replace(string(text), fault.before, fault.after, 1))
		require.Contains(t, fmt.Sprint(findings, err), fault.want)
	}
}
