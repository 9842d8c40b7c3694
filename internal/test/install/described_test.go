// SPDX-License-Identifier: Apache-2.0

package install

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestThePackageIsWholeAndDescribed checks what `make package` built, which `make release` builds for all systems by the same recipes.
func TestThePackageIsWholeAndDescribed(t *testing.T) {
	folder, program := os.Getenv("WINNET_INSTALL_PACKAGE"), os.Getenv("WINNET_INSTALL_PROGRAM")
	if folder == "" {
		t.Skip("not run: there is no package; make test-install builds it")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*-windows-amd64.*"))
	require.NoError(t, err)
	byKind, sums := map[string]string{}, map[string]string{}
	for _, path := range files {
		before, kind, ok := strings.Cut(filepath.Base(path), "-windows-amd64.")
		require.True(t, ok, path)
		if kind == "cdx.json" {
			kind = regexp.MustCompile(`-[0-9.]+$`).ReplaceAllString(before, "")
		}
		byKind[kind] = path
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		sum := sha256.Sum256(content)
		sums[filepath.Base(path)] = hex.EncodeToString(sum[:])
	}
	require.Equal(t, []string{"msi", "otelcol-winnet", "winnet-setup", "winnet-verify", "zip"}, slices.Sorted(maps.Keys(byKind)))

	written := map[string]string{}
	text, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS"))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		require.True(t, ok, line)
		written[name] = sum
	}
	require.Equal(t, sums, written)

	var provenance struct {
		Subject []struct {
			Name   string
			Digest map[string]string
		}
	}
	text, err = os.ReadFile(filepath.Join(folder, "provenance.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &provenance))
	subjects := map[string]string{}
	for _, s := range provenance.Subject {
		subjects[s.Name] = s.Digest["sha256"]
	}
	require.Equal(t, sums, subjects)

	for name, only := range map[string]string{"otelcol-winnet": "github.com/0xrawsec/golang-etw", "winnet-setup": "golang.org/x/sys", "winnet-verify": "golang.org/x/sys"} {
		var sbom struct {
			BOMFormat  string
			Metadata   struct{ Component struct{ Name, PURL string } }
			Components []struct{ Name, Version string }
		}
		text, err = os.ReadFile(byKind[name])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &sbom))
		require.Equal(t, "CycloneDX", sbom.BOMFormat)
		require.Equal(t, "github.com/otelcol-winnet/otelcol-winnet/cmd/"+name, sbom.Metadata.Component.Name)
		require.Contains(t, sbom.Metadata.Component.PURL, "cmd/"+name)
		var modules []string
		for _, c := range sbom.Components {
			require.NotEmpty(t, c.Version, c.Name)
			modules = append(modules, c.Name)
		}
		require.Contains(t, modules, only, name)
		program, err := buildinfo.ReadFile(beside(program, name+".exe"))
		require.NoError(t, err)
		require.Len(t, modules, 1+len(program.Deps), "%s: the standard library and the modules that it links", name)
	}

	z, err := zip.OpenReader(byKind["zip"])
	require.NoError(t, err)
	defer z.Close()
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
		if f.Name == "otelcol-winnet.exe" {
			r, err := f.Open()
			require.NoError(t, err)
			content, err := io.ReadAll(r)
			require.NoError(t, err)
			built, err := os.ReadFile(program)
			require.NoError(t, err)
			require.True(t, bytes.Equal(built, content))
		}
	}
	slices.Sort(names)
	require.Equal(t, []string{"GPL-3.0.txt", "LICENSE", "NOTICE", "config.yaml", "install.ps1", "otelcol-winnet.exe", "uninstall.ps1", "winnet-verify.exe"}, names)
	require.NotEmpty(t, table(t, byKind["msi"], "File"))
}
