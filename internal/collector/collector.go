// SPDX-License-Identifier: Apache-2.0

// Package collector has what the shipped programs do beside the OpenTelemetry Collector Builder's main function. The Makefile adds the calls
// to the main function that the builder writes.
package collector

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/installation"
)

// commit is what the program was built from: 12 digits of a Git commit, and .modified if files differed from it. The linker sets it.
var commit string

// Version returns the version of a release with the commit as its build metadata: 0.1.0+0123456789ab. Exporters send it as a part of their
// User-Agent. A program that was built without the Makefile has the release alone.
func Version(release string) string {
	if commit == "" {
		return release
	}
	return release + "+" + commit
}

// Prepare takes from the program's arguments what the OpenTelemetry Collector does not know, and returns the others. With `setup` it runs
// that and ends the program. With --env-file it sets the variables of that file, which win over those of the process.
func Prepare(args []string) []string {
	if len(args) > 1 && args[1] == installation.Name {
		exit(installation.Run(args[2:], os.Stdout))
	}
	for i, arg := range args {
		path, ok := strings.CutPrefix(arg, "--env-file=")
		rest := args[i+1:]
		if arg == "--env-file" && len(rest) > 0 {
			path, rest, ok = rest[0], rest[1:], true
		}
		if ok {
			if err := installation.SetEnvironment(path); err != nil {
				exit(fmt.Errorf("--env-file: %w", err))
			}
			return append(slices.Clone(args[:i]), rest...)
		}
	}
	return args
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
