// SPDX-License-Identifier: Apache-2.0

package main

import (
	"debug/buildinfo"
	"errors"
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
	root := cyclonedx.Component{BOMRef: "pkg:golang/" + info.Main.Path + "@" + version, Type: cyclonedx.ComponentTypeApplication, Name: info.Path, Version: version}
	if folder, ok := strings.CutPrefix(info.Path, info.Main.Path+"/"); ok { // one of several programs of a module
		root.BOMRef += "#" + folder
	}
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
	return errors.Join(cyclonedx.NewBOMEncoder(file, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(bom), file.Close())
}

// component is a module. One of this repository has the version of the release. The sum of go.sum is one of a list of files, so it is a property,
// and not the hash of a file.
func component(m *debug.Module, version string) cyclonedx.Component {
	c := cyclonedx.Component{Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version}
	if m.Replace != nil {
		c.Version = version
	} else if m.Sum != "" {
		c.Properties = &[]cyclonedx.Property{{Name: "go.sum", Value: m.Sum}}
	}
	c.PackageURL = "pkg:golang/" + c.Name + "@" + c.Version
	c.BOMRef = c.PackageURL
	return c
}
