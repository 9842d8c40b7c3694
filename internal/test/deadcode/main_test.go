// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFunctionIsDeadWhenNoRunThatCompilesItReachesIt(t *testing.T) {
	files := func(paths ...string) map[string]bool {
		set := map[string]bool{}
		for _, path := range paths {
			set[path] = true
		}
		return set
	}
	both, one, other := function{"InBoth", "a.go", 1}, function{"InOne", "a.go", 2}, function{"InOther", "b_windows.go", 3}
	require.Equal(t, []string{"a.go:1: InBoth", "b_windows.go:3: InOther"}, deadInAll([]run{
		{files: files("a.go"), dead: []function{both, one}},
		{files: files("a.go", "b_windows.go"), dead: []function{other, both}},
		{files: files("c.go")},
	}))
}

func TestAReportNamesEachFunctionOfTheRepositoryOnce(t *testing.T) {
	const report = `[
		{"Funcs": [{"Name": "T.Relative", "Position": {"File": "x/x.go", "Line": 5}}, {"Name": "Elsewhere", "Position": {"File": "/tmp/x.go", "Line": 1}}]},
		{"Funcs": [{"Name": "T.Relative", "Position": {"File": "/r/m/x/x.go", "Line": 5}}, {"Name": "Built", "Position": {"File": "/r/dist/x.go", "Line": 1}}]}
	]`
	got, err := parse("/r", "/r/m", []byte(report))
	require.NoError(t, err)
	require.Equal(t, []function{{"T.Relative", "m/x/x.go", 5}}, got)
	_, err = parse("/r", "/r/m", []byte("no report"))
	require.Error(t, err)
}
