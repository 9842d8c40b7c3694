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

// lint parses a Dockerfile with BuildKit, and returns its stages, what the linter says, and commands that need a shell.
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
	for _, stage := range stages {
		for _, command := range stage.Commands {
			shell := false
			switch c := command.(type) {
			case *instructions.EntrypointCommand:
				shell = c.PrependShell
			case *instructions.CmdCommand:
				shell = c.PrependShell
			case *instructions.RunCommand:
				shell = true
			}
			if shell {
				findings = append(findings, command.Name()+" needs a shell, and neither base has one")
			}
		}
	}
	return stages, findings, err
}

func files(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(folder + "/*.Dockerfile")
	require.NoError(t, err)
	require.Len(t, names, 3)
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
			if c, ok := command.(*instructions.CopyCommand); ok {
				for _, source := range c.SourcePaths {
					if !strings.HasPrefix(source, "dist/") { // what make builds
						require.FileExists(t, filepath.Join("../../..", source))
					}
				}
			}
		}
		require.Subset(t, seen, []string{"COPY", "ENTRYPOINT", "CMD", "LABEL"})
	}
}

func TestAFaultOfADockerfileIsFound(t *testing.T) {
	text, err := os.ReadFile(folder + "/gateway.Dockerfile")
	require.NoError(t, err)
	for _, fault := range []struct{ before, after, want string }{
		{"USER 65532:65532", "USRE 65532:65532", "unknown instruction: USRE"},
		{`ENTRYPOINT ["/otelcol-winnet-gateway"]`, "ENTRYPOINT /otelcol-winnet-gateway", "ENTRYPOINT needs a shell"},
		{"COPY --chmod=0555", "COPY --chmode=0555", "unknown flag: --chmode"},
		{"USER 65532:65532", "MAINTAINER me", "MaintainerDeprecated"},
		{"COPY LICENSE NOTICE /licenses/", "COPY LICENSE", "COPY requires at least two arguments"},
	} {
		require.Contains(t, string(text), fault.before)
		_, findings, err := lint(strings.Replace(string(text), fault.before, fault.after, 1))
		require.Contains(t, fmt.Sprint(findings, err), fault.want)
	}
}
