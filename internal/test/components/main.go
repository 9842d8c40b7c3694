// SPDX-License-Identifier: Apache-2.0

// Command components lists the repository's components wherever a list of them stands: in the builder's manifests, in docs/releasing.md,
// docs/install.md and internal/test/forms. A component is a folder with a metadata.yaml, so a new one needs no other edit. The argument is the repository's folder.
//
// builder-config.yaml and docs/install.md have the components whose distributions name it. The other distributions' manifests are not written.
package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const repository = "github.com/otelcol-winnet/otelcol-winnet"

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: components REPOSITORY")
	}
	files, err := generate(os.Args[1])
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(os.Args[1], name)
		if have, readErr := os.ReadFile(file); readErr == nil && string(have) == files[name] {
			continue // a later time would make the collectors build again
		}
		err = cmp.Or(err, os.WriteFile(file, []byte(files[name]), 0o644))
	}
	if err != nil {
		log.Fatal(err)
	}
}

// component is a component's folder in the repository, its module's folder, the section of a configuration that it is configured in, its type in
// configurations, and the distributions that have it.
type component struct {
	folder, module, section, typ string
	distributions                []string
}

// agent is the distribution of builder-config.yaml. The other lists have all components.
const agent = "otelcol-winnet"

func (c component) name() string { return path.Base(c.folder) }

// goModule is the path of the Go module in a folder.
func goModule(folder string) string { return path.Join(repository, folder) }

// generate makes the files that list components, by their path in the repository.
func generate(root string) (map[string]string, error) {
	components, modules, err := find(root)
	if err != nil {
		return nil, err
	}
	files := map[string]string{"internal/test/forms/schema/components.go": factories(components)}
	agents := slices.DeleteFunc(slices.Clone(components), func(c component) bool { return !slices.Contains(c.distributions, agent) })
	for _, name := range []string{"builder-config.yaml", "builder-config.newest.yaml", "docs/releasing.md"} {
		raw, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		listed := components
		if name == "builder-config.yaml" {
			listed = agents
		}
		if files[name], err = entries(string(raw), listed, path.Ext(name) == ".yaml"); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if files["docs/releasing.md"], err = tags(files["docs/releasing.md"], components, modules); err != nil {
		return nil, err
	}
	const install = "docs/install.md"
	raw, err := os.ReadFile(filepath.Join(root, install))
	if err != nil {
		return nil, err
	}
	if files[install], err = builtIn(string(raw), agents); err != nil {
		return nil, fmt.Errorf("%s: %w", install, err)
	}
	return files, nil
}

// find finds the components, and the folders of the Go modules for users. Modules below an internal folder are tests and tools, and those below cmd are
// programs, which nobody requires.
func find(root string) (components []component, modules []string, err error) {
	err = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && file != root && (slices.Contains([]string{"dist", "out", "node_modules", "internal", "cmd"}, name) || name[0] == '.') {
			return filepath.SkipDir
		}
		if entry.IsDir() {
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		folder = filepath.ToSlash(folder)
		switch name {
		case "go.mod":
			modules = append(modules, folder)
		case "metadata.yaml":
			raw, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			var metadata struct {
				Type   string `yaml:"type"`
				Status struct {
					Distributions []string `yaml:"distributions"`
				} `yaml:"status"`
			}
			if err := yaml.Unmarshal(raw, &metadata); err != nil || metadata.Type == "" {
				return fmt.Errorf("%s: want type, the component's name in configurations: %v", file, err)
			}
			kind, _, _ := strings.Cut(folder, "/")
			components = append(components, component{folder: folder, section: kind + "s", typ: metadata.Type, distributions: metadata.Status.Distributions})
		}
		return nil
	})
	for i, c := range components {
		for dir := c.folder; components[i].module == ""; dir = path.Dir(dir) {
			if dir == "." || slices.Contains(modules, dir) {
				components[i].module = dir
			}
		}
	}
	slices.SortFunc(components, func(a, b component) int { return strings.Compare(a.folder, b.folder) })
	slices.Sort(modules)
	return components, modules, err
}

var (
	ownEntry = regexp.MustCompile(`(?m)^  - gomod: ` + regexp.QuoteMeta(repository) + `\S* (v\S+)\n(?:    .*\n)*`)
	anEntry  = regexp.MustCompile(`(?m)^(receivers|exporters|extensions):\n`)
)

// entries puts the components first in their sections of a manifest, with the version that its entries have.
func entries(text string, components []component, paths bool) (string, error) {
	version := ownEntry.FindStringSubmatch(text)
	if version == nil {
		return "", fmt.Errorf("want an entry of %s with a version", repository)
	}
	listed := 0
	text = anEntry.ReplaceAllStringFunc(ownEntry.ReplaceAllString(text, ""), func(head string) string {
		var out strings.Builder
		out.WriteString(head)
		for _, c := range components {
			if c.section+":\n" != head {
				continue
			}
			listed++
			fmt.Fprintf(&out, "  - gomod: %s %s\n", goModule(c.module), version[1])
			if c.folder != c.module {
				fmt.Fprintf(&out, "    import: %s\n    name: %s\n", goModule(c.folder), c.name())
			}
			if paths {
				fmt.Fprintf(&out, "    path: %s\n", relative(c.module))
			}
		}
		return out.String()
	})
	if listed != len(components) {
		return "", fmt.Errorf("want the sections of all %d components, for example receivers:", len(components))
	}
	return text, nil
}

// tags writes the table of modules and their tags.
func tags(text string, components []component, modules []string) (string, error) {
	const head = "| module | folder | tag of version 0.2.0 |\n|---|---|---|\n"
	before, rest, ok := strings.Cut(text, head)
	_, after, end := strings.Cut(rest, "\n\n")
	if !ok || !end {
		return "", fmt.Errorf("want a table with the head %q", head)
	}
	var rows strings.Builder
	for _, folder := range modules {
		var types []string
		for _, c := range components {
			if c.module == folder {
				types = append(types, "`"+c.typ+"`")
			}
		}
		fmt.Fprintf(&rows, "| `%s` (%s) | `%s` | `%s` |\n", goModule(folder), strings.Join(types, ", "), folder, path.Join(folder, "v0.2.0"))
	}
	return before + head + rows.String() + "\n" + after, nil
}

// builtIn writes the components into the table of what is built in, in the rows of their sections. It leaves those of other projects as they are.
func builtIn(text string, components []component) (string, error) {
	const head = "| kind | of this project | of the OpenTelemetry Collector |\n|---|---|---|\n"
	before, rest, ok := strings.Cut(text, head)
	table, after, end := strings.Cut(rest, "\n\n")
	if !ok || !end {
		return "", fmt.Errorf("want a table with the head %q", head)
	}
	listed := 0
	var rows strings.Builder
	for row := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(row, "|")
		if len(cells) != 5 {
			return "", fmt.Errorf("want a row of three cells, got %q", row)
		}
		var own []string
		for _, c := range components {
			if c.section == strings.TrimSpace(cells[1]) {
				own = append(own, fmt.Sprintf("[`%s`](../%s/README.md)", c.typ, c.folder))
			}
		}
		listed += len(own)
		cells[2] = " " + strings.TrimLeft(strings.Join(own, ", ")+" ", " ")
		rows.WriteString(strings.Join(cells, "|") + "\n")
	}
	if listed != len(components) {
		return "", fmt.Errorf("want rows for the sections of all %d components, for example extensions", len(components))
	}
	return before + head + rows.String() + "\n" + after, nil
}

// factories writes the Go file with the list of factories.
func factories(components []component) string {
	var imports, list strings.Builder
	for _, c := range components {
		fmt.Fprintf(&imports, "\t%q\n", goModule(c.folder))
		fmt.Fprintf(&list, "\t\t{%q, %q, %s.NewFactory()},\n", c.folder, c.section, c.name())
	}
	return fmt.Sprintf(`// Code generated from the folders with a metadata.yaml by make generate. DO NOT EDIT.

// SPDX-License-Identifier: Apache-2.0

package schema

import (
%s)

// Components lists all components of the repository.
func Components() []Component {
	return []Component{
%s	}
}
`, imports.String(), list.String())
}

// relative is a folder as the builder's path has it.
func relative(folder string) string {
	if folder == "." {
		return folder
	}
	return "./" + folder
}
