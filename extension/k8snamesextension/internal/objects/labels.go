// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"regexp"
	"strings"
)

// rule is a rule of Cilium's default label filter.
type rule struct {
	ignore bool
	prefix *regexp.Regexp
}

// relevant are the rules of Cilium 1.18 for labels of pods (pkg/labelsfilter/filter.go). Those of a rule without ignore make up for a shorter one with it.
var relevant = func() (rules []rule) {
	for _, r := range []struct {
		ignore   bool
		patterns string
	}{
		{false, `io\.kubernetes\.pod\.namespace io\.cilium\.k8s\.namespace\.labels app\.kubernetes\.io io\.cilium\.k8s\.policy\.cluster io\.cilium\.k8s\.policy\.serviceaccount`},
		{true, `io\.kubernetes kubernetes\.io statefulset\.kubernetes\.io/pod-name apps\.kubernetes\.io/pod-index batch\.kubernetes\.io/job-completion-index ` +
			`batch\.kubernetes\.io/controller-uid .*beta\.kubernetes\.io k8s\.io pod-template-generation pod-template-hash controller-revision-hash ` +
			`controller-uid annotation.* etcd_node topology\.kubernetes\.io`},
	} {
		for _, pattern := range strings.Fields(r.patterns) {
			rules = append(rules, rule{r.ignore, regexp.MustCompile("^(?:" + pattern + ")")})
		}
	}
	return rules
}()

// Relevant reports whether Cilium makes a pod's label part of its identity by default. The label is included unless a rule ignores it; then the longest
// match that includes it must be longer than the shortest that ignores it.
func Relevant(key string) bool {
	included, ignored := 0, 0
	for _, r := range relevant {
		match := r.prefix.FindStringIndex(key)
		switch {
		case match == nil:
		case !r.ignore:
			included = max(included, match[1])
		case ignored == 0 || match[1] < ignored:
			ignored = match[1]
		}
	}
	return ignored == 0 || included > ignored
}

// Wanted makes the test of labels by globs: * stands for any text. A glob is of the key, or of the key with its source, as in k8s:app. Reserved labels are
// always wanted. Without globs all labels are.
func Wanted(globs []string) func(label string) bool {
	if len(globs) == 0 {
		return nil
	}
	var patterns []string
	for _, g := range globs {
		patterns = append(patterns, strings.ReplaceAll(regexp.QuoteMeta(g), `\*`, `.*`))
	}
	key := regexp.MustCompile(`(?s)^(?:` + strings.Join(patterns, "|") + `)$`)
	return func(label string) bool {
		name, _, _ := strings.Cut(label, "=")
		source, bare, _ := strings.Cut(name, ":")
		return source == "reserved" || key.MatchString(name) || key.MatchString(bare)
	}
}
