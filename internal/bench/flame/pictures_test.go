// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../../.."

// ours is the name of a function of this project in a picture: the package, then the function, or a type and its method.
var ours = regexp.MustCompile(`<title>[^<]*otelcol-winnet/((?:internal|receiver)/[a-z0-9/]+)\.(?:\(\*([A-Za-z0-9]+)\)\.|([A-Za-z0-9]+)\.)?([A-Za-z0-9]+)`)

// A picture with the name of a function that is gone shows where the time of an earlier version went.
func TestThePicturesNameFunctionsThatExist(t *testing.T) {
	for _, name := range []string{"dns", "cilium"} {
		picture, err := os.ReadFile(filepath.Join(root, "docs/flame-"+name+".svg"))
		require.NoError(t, err)
		found := map[string]bool{}
		for _, m := range ours.FindAllStringSubmatch(string(picture), -1) {
			folder, receiver, function := m[1], m[2]+m[3], m[4]
			if strings.HasPrefix(function, "func") || strings.HasPrefix(receiver, "func") { // a function literal
				continue
			}
			found[fmt.Sprintf("%s %s.%s", folder, receiver, function)] = declares(t, folder, receiver, function)
		}
		require.Greater(t, len(found), 10)
		for function, exists := range found {
			require.True(t, exists, "docs/flame-%s.svg has %s, which is gone: run make profile", name, function)
		}
	}
}

// declares reports whether a package has a function, or a type a method. A function literal has the name of the function around it before its own.
func declares(t *testing.T, folder, receiver, function string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	require.NoError(t, err)
	declaration := regexp.MustCompile(`(?m)^func ` + function + `[\[(]|^func (?:` + receiver + `)[\[(]`)
	if receiver != "" {
		declaration = regexp.MustCompile(`(?m)^func \(\w+ \*?` + receiver + `(?:\[[^]]*\])?\) ` + function + `[\[(]|^func ` + receiver + `[\[(]`)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		if declaration.Match(source) {
			return true
		}
	}
	return false
}
