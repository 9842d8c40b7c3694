// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const secret = "InstrumentationKey=6f1c0d6e;x"

func TestLinesAreReadAsVariables(t *testing.T) {
	want := []Variable{{"CONNECTION", secret}, {"EMPTY", ""}, {"QUOTED", " a b "}, {"ONE", `"`}}
	text := "# a comment\r\n\r\nCONNECTION=" + secret + "\r\n EMPTY =\r\nQUOTED=\" a b \"\r\nONE=\"\n"
	wide := []byte{0xFF, 0xFE}
	for _, c := range []byte(text) {
		wide = append(wide, c, 0)
	}
	for name, raw := range map[string][]byte{"UTF-8": []byte(text), "with a mark": []byte("\uFEFF" + text), "UTF-16": wide} {
		got, err := Parse(raw)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
}

func TestAnErrorSaysTheLineAndTheKeyAndNeverTheValue(t *testing.T) {
	for text, want := range map[string]string{
		"A=1\n" + secret[19:]:                                 "line 2: want KEY=VALUE",
		"A-B=" + secret:                                       "line 1: want KEY=VALUE",
		"\nA=" + secret + "\nb=1\na=" + secret:                "line 4: a is there already, in line 2",
		"A=" + secret + "\x00":                                "line 1: A: the value has a control character",
		"A=" + secret + strings.Repeat("x", maxValue):         "line 1: A: the value is longer than 32766 bytes",
		"A=" + secret + "\xFF":                                "it is not text in UTF-8",
		strings.Repeat("A="+secret+"\n", maxSize/len(secret)): "it is larger than 65536 bytes",
	} {
		_, err := Parse([]byte(text))
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "6f1c0d6e")
	}
}

func TestTheFlagIsTakenOutOfTheArguments(t *testing.T) {
	for _, args := range [][]string{
		{"--config", "a", "--env-file", "f", "validate"}, {"--env-file=f", "--config", "a", "validate"},
	} {
		path, others, err := FromArgs(args)
		require.NoError(t, err)
		require.Equal(t, "f", path)
		require.Equal(t, []string{"--config", "a", "validate"}, others)
	}
	for _, args := range [][]string{{"--env-file"}, {"--env-file="}, {"--env-file", ""}, {"--env-file=a", "--env-file=b"}} {
		_, _, err := FromArgs(args)
		require.ErrorContains(t, err, "--env-file: ", "%q", args)
	}
	path, others, err := FromArgs([]string{"--config", "--", "--env-file", "f"})
	require.NoError(t, err)
	require.Empty(t, path)
	require.Len(t, others, 4)
}

func TestAFileSetsTheEnvironmentOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "environment")
	t.Setenv("WINNET_TEST_ONE", "before")
	t.Setenv("GOMEMLIMIT", "")
	limit := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(limit) })
	require.NoError(t, os.WriteFile(path, []byte("WINNET_TEST_ONE=after\nbroken"), 0o600))
	_, err := Load(path)
	require.ErrorContains(t, err, path+": line 2: ")
	require.Equal(t, "before", os.Getenv("WINNET_TEST_ONE"))
	require.NoError(t, os.WriteFile(path, []byte("WINNET_TEST_ONE=after\nGOMEMLIMIT=much\n"), 0o600))
	_, err = Load(path)
	require.ErrorContains(t, err, "GOMEMLIMIT: the value is not allowed")
	require.Equal(t, "before", os.Getenv("WINNET_TEST_ONE"))
	require.Equal(t, limit, debug.SetMemoryLimit(-1))

	require.NoError(t, os.WriteFile(path, []byte("WINNET_TEST_ONE=after\nGOMEMLIMIT=8192GiB\n"), 0o600))
	_, err = Load(path)
	require.NoError(t, err)
	require.Equal(t, "after", os.Getenv("WINNET_TEST_ONE"))
	require.EqualValues(t, 8192<<30, debug.SetMemoryLimit(-1), "Go itself reads the variable earlier")
	_, err = Load(path + "x")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestASizeIsThatOfGOMEMLIMIT(t *testing.T) {
	for text, want := range map[string]int64{"5": 5, "5B": 5, "640MiB": 640 << 20, "1TiB": 1 << 40, "1.5GiB": 0, "-1": 0, "": 0, "9999999TiB": 0, "1MB": 0} {
		got, ok := bytesOf(text)
		require.Equal(t, want, got, text)
		require.Equal(t, want != 0, ok, text)
	}
}

func TestAFileThatOthersCanReadIsWarnedOf(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("not run: a mode says nothing on Windows; internal/pipeline/private has the test of the DACL")
	}
	path := filepath.Join(t.TempDir(), "environment")
	for mode, want := range map[os.FileMode]string{0o600: "", 0o640: "the group", 0o644: "the group and all users"} {
		require.NoError(t, os.WriteFile(path, []byte("WINNET_TEST_TWO="+secret), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		warnings, err := Load(path)
		require.NoError(t, err)
		if want == "" {
			require.Empty(t, warnings)
			continue
		}
		require.Len(t, warnings, 1)
		require.Contains(t, warnings[0], path+" can be read by "+want+",")
		require.NotContains(t, warnings[0], "6f1c0d6e")
	}
}
