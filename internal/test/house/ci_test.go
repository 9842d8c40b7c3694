// SPDX-License-Identifier: Apache-2.0

package house

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// apart are the checks that are not a part of `make ci`, with what runs them instead.
var apart = map[string]string{
	"audit-vuln":         "ci.yml: it needs the internet",
	"check-kql":          "test-sentinel and test-hunt require it",
	"check-notice":       "lint and check-windows require it",
	"check-generated":    "lint requires it",
	"check-reproducible": "release.yml: it builds everything twice",
	"test-verify":        "test-windows runs its tests, too",
}

func TestCIHasEveryCheckAndCallsOnlyTargetsThatAreThere(t *testing.T) {
	included, err := filepath.Glob(filepath.Join(root, "make/*.mk"))
	require.NoError(t, err)
	rules := read(t, "Makefile")
	for _, path := range included {
		rules += read(t, "make/"+filepath.Base(path))
	}
	var targets []string
	for _, rule := range regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):(?:[^=]|$)`).FindAllStringSubmatch(rules, -1) {
		targets = append(targets, rule[1])
	}
	parts := strings.Fields(regexp.MustCompile(`(?m)^CI_PARTS +:= (.*)$`).FindStringSubmatch(rules)[1])
	require.Subset(t, targets, parts)
	for _, target := range targets {
		if regexp.MustCompile(`^(test|check|audit|lint|validate)(-|$)`).MatchString(target) && apart[target] == "" {
			require.Contains(t, parts, target, "a check that no part of CI runs")
		}
	}
	for target := range apart {
		require.Contains(t, targets, target)
		require.NotContains(t, parts, target)
	}

	workflows, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	require.NoError(t, err)
	var called []string
	for _, path := range append(workflows, filepath.Join(root, ".ci/run")) {
		text := read(t, strings.TrimPrefix(filepath.ToSlash(path), root+"/"))
		for _, line := range regexp.MustCompile(`(?m)^[^#\n]*\bmake ([a-z0-9 -]+)$`).FindAllStringSubmatch(text, -1) {
			called = append(called, strings.Fields(line[1])...)
		}
	}
	require.Subset(t, targets, called)
	for _, target := range []string{"ci", "audit-vuln", "check-reproducible", "release"} {
		require.True(t, slices.Contains(called, target), "no workflow calls make %s", target)
	}
}
