// SPDX-License-Identifier: Apache-2.0

package main

import (
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"os"
	"runtime/debug"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
)

// writeSBOM lists the modules that a Go program links, as the linker wrote them into it.
func writeSBOM(version, when, program, out string) error {
	built, err := parseTime(when)
	if err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	bom := cyclonedx.NewBOM()
	root := cyclonedx.Component{BOMRef: "pkg:golang/" + info.Main.Path + "@" + version, Type: cyclonedx.ComponentTypeApplication, Name: info.Main.Path, Version: version}
	root.PackageURL = root.BOMRef
	bom.Metadata = &cyclonedx.Metadata{Timestamp: built.Format("2006-01-02T15:04:05Z"), Component: &root}
	components := []cyclonedx.Component{{
		BOMRef: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"), PackageURL: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"),
		Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: info.GoVersion,
	}}
	for _, m := range info.Deps {
		components = append(components, component(m, version))
	}
	refs := make([]string, len(components))
	for i := range components {
		refs[i] = components[i].BOMRef
	}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: root.BOMRef, Dependencies: &refs}}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer file.Close()
	return cyclonedx.NewBOMEncoder(file, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(bom)
}

// component is a module. A module of this repository has the version of the release, and no hash: it is the commit's own.
func component(m *debug.Module, version string) cyclonedx.Component {
	c := cyclonedx.Component{Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version}
	if m.Replace != nil {
		c.Version = version
	} else if sum, ok := strings.CutPrefix(m.Sum, "h1:"); ok {
		if raw, err := base64.StdEncoding.DecodeString(sum); err == nil {
			c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(raw)}}
		}
	}
	c.PackageURL = "pkg:golang/" + c.Name + "@" + c.Version
	c.BOMRef = c.PackageURL
	return c
}
