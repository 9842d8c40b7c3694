// SPDX-License-Identifier: Apache-2.0

package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// exportedBeside are the names that a component exports beside NewFactory and Config, and why.
var exportedBeside = map[string][]string{
	// Config embeds it for the one provider, and has a list of it for several. The collector's decoder does not look into an embedded
	// structure whose name is not exported.
	"receiver/asimdnsreceiver": {"ProviderConfig"},
}

// What a component exports cannot be changed without breaking those who build a collector with it.
func TestAComponentExportsOnlyItsFactoryAndConfig(t *testing.T) {
	components := foldersWith(t, "metadata.yaml")
	require.NotEmpty(t, components)
	for _, component := range components {
		want := append([]string{"Config", "NewFactory"}, exportedBeside[component]...)
		slices.Sort(want)
		require.Equal(t, want, exported(t, component), component)
	}
	for component := range exportedBeside {
		require.Contains(t, components, component)
	}
}

// exported are the exported names of a package's functions, types, constants and variables, for all systems.
func exported(t *testing.T, folder string) (names []string) {
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil {
					names = append(names, decl.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						names = append(names, spec.Name.Name)
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							names = append(names, name.Name)
						}
					}
				}
			}
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !ast.IsExported(name) })
	slices.Sort(names)
	return slices.Compact(names)
}
