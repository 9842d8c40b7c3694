// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/zip"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEqualFilesMakeEqualZips(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(in("b"), []byte("bb"), 0o600))
	require.NoError(t, os.WriteFile(in("a"), []byte("aa"), 0o644))
	require.NoError(t, run([]string{"zip", "1700000000", in("1.zip"), in("b"), in("a")}))
	require.NoError(t, os.Chtimes(in("a"), time.Unix(1, 0), time.Unix(1, 0)))
	require.NoError(t, run([]string{"zip", "1700000000", in("2.zip"), in("a"), "b=" + in("b")}))
	first, err := os.ReadFile(in("1.zip"))
	require.NoError(t, err)
	second, err := os.ReadFile(in("2.zip"))
	require.NoError(t, err)
	require.Equal(t, first, second)
	z, err := zip.OpenReader(in("1.zip"))
	require.NoError(t, err)
	defer z.Close()
	require.Len(t, z.File, 2)
	require.Equal(t, "a", z.File[0].Name)
	require.EqualValues(t, 1700000000, z.File[0].Modified.Unix())
}

func TestChecksumsAndProvenanceNameTheFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "one"), []byte("1"), 0o600))
	const sum = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
	for range 2 { // neither file describes itself or the other
		require.NoError(t, run([]string{"checksums", dir}))
		require.NoError(t, run([]string{"provenance", "0.1.0", "0123456789abcdef", "1700000000", dir}))
	}
	sums, err := os.ReadFile(filepath.Join(dir, sumsName))
	require.NoError(t, err)
	require.Equal(t, sum+"  one\n", string(sums))
	content, err := os.ReadFile(filepath.Join(dir, provenanceName))
	require.NoError(t, err)
	var s statement
	require.NoError(t, json.Unmarshal(content, &s))
	require.Equal(t, []subject{{Name: "one", Digest: map[string]string{"sha256": sum}}}, s.Subject)
	require.Equal(t, "https://slsa.dev/provenance/v1", s.PredicateType)
	require.Equal(t, "0123456789abcdef", s.Predicate.BuildDefinition.ResolvedDependencies[0].Digest["gitCommit"])
	require.Equal(t, map[string]string{"go": runtime.Version(), "commitTime": "2023-11-14T22:13:20Z"}, s.Predicate.BuildDefinition.InternalParameters)
}

// TestTheSBOMListsTheModulesOfAProgram reads the program of this test.
func TestTheSBOMListsTheModulesOfAProgram(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	var all [2][]byte
	for i := range all {
		out := filepath.Join(dir, "sbom.json")
		require.NoError(t, run([]string{"sbom", "0.1.0", "1700000000", program, out}))
		all[i], err = os.ReadFile(out)
		require.NoError(t, err)
	}
	require.Equal(t, all[0], all[1])
	require.Contains(t, string(all[0]), `"bomFormat": "CycloneDX"`)
	require.Contains(t, string(all[0]), `"pkg:golang/github.com/CycloneDX/cyclonedx-go@v0.`)
	require.Contains(t, string(all[0]), `"timestamp": "2023-11-14T22:13:20Z"`)
	require.Contains(t, string(all[0]), `"version": "`+runtime.Version()+`"`)
}

func TestWrongArgumentsAreRefused(t *testing.T) {
	for _, args := range [][]string{nil, {"zip"}, {"publish", "1"}, {"zip", "now", "out.zip", "file"}} {
		require.Error(t, run(args), "%q", args)
	}
}
