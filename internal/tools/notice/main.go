// SPDX-License-Identifier: Apache-2.0

// Command notice writes NOTICE: every module that the shipped programs for Linux and Windows link, its licence, and the texts of the licences.
// It reads the sources of the programs and the module cache, and nothing else, so it is equal on every machine.
//
//	notice [-check] FILE SOURCES...
//	notice -audit SOURCES...
//
// SOURCES are the folders of the programs' main packages, FILE what is written or, with -check, compared.
// With -audit it fails if a module has a licence that is not allowed.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
)

const own = "github.com/otelcol-winnet/otelcol-winnet"

const head = `otelcol-winnet
Copyright The otelcol-winnet Authors

The sources of otelcol-winnet are under the Apache License 2.0 (LICENSE).
A collector for Windows with the receiver asimdns links golang-etw, which is under the GNU General Public License, version 3, and so does
winnet-verify. Such an executable as a whole is under that licence: its text is LICENSES/GPL-3.0.txt, GPL-3.0.txt beside the executable. A
collector for another system, or without asimdns, does not link it.

Below are all modules that the collectors of builder-config.yaml, builder-config.gateway.yaml and builder-config.node.yaml, winnet-hunt,
winnet-setup and winnet-verify link, for which system and under which licence, and the texts.

`

// module is a Go module that a program links.
type module struct {
	Path, Version, Dir string
	systems            []string
	texts              []text
}

// text is a licence or a notice.
type text struct{ name, body string }

func main() {
	log.SetFlags(0)
	check := flag.Bool("check", false, "compare the file instead of writing it")
	audits := flag.Bool("audit", false, "check the licences")
	flag.Parse()
	if *audits && flag.NArg() > 0 {
		n, err := audit(flag.Args())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d modules are linked for %s, all under licences that are allowed\n", n, strings.Join(audited, ", "))
		return
	}
	if flag.NArg() < 2 {
		log.Fatal("usage: notice [-check] FILE SOURCES..., or notice -audit SOURCES...")
	}
	file := flag.Arg(0)
	want, err := notice(flag.Args()[1:])
	if err != nil {
		log.Fatal(err)
	}
	if !*check {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			log.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		log.Fatalf("%s is not what the programs link: run make notice and commit", file)
	}
}

func notice(sources []string) ([]byte, error) {
	modules := map[string]*module{}
	for _, folder := range sources {
		for _, system := range []string{"linux", "windows"} {
			if err := linked(folder, system, modules); err != nil {
				return nil, err
			}
		}
	}
	var out bytes.Buffer
	out.WriteString(head)
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	users := map[[32]byte][]string{} // of a text
	texts := map[[32]byte]text{}
	for _, key := range slices.Sorted(maps.Keys(modules)) {
		m := modules[key]
		if err := m.read(); err != nil {
			return nil, err
		}
		kinds := m.kinds()
		for _, t := range m.texts {
			key := sha256.Sum256([]byte(strings.Join(strings.Fields(t.body), " "))) // many differ in their line breaks only
			if users[key] == nil {
				texts[key] = t
			}
			if !slices.Contains(users[key], m.Path) {
				users[key] = append(users[key], m.Path)
			}
		}
		if len(kinds) == 0 {
			return nil, fmt.Errorf("%s: no known licence in %s", m.Path, m.Dir)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Path, m.Version, strings.Join(m.systems, ", "), strings.Join(kinds, " and "))
	}
	if err := table.Flush(); err != nil {
		return nil, err
	}
	keys := slices.SortedFunc(maps.Keys(texts), func(a, b [32]byte) int {
		return cmp.Or(cmp.Compare(users[a][0], users[b][0]), cmp.Compare(texts[a].name, texts[b].name))
	})
	for _, key := range keys {
		fmt.Fprintf(&out, "\n%s\n%s of %s\n\n%s\n", strings.Repeat("=", 80), texts[key].name, strings.Join(users[key], ", "), texts[key].body)
	}
	return out.Bytes(), nil
}

// linked adds the modules of the packages that the program of a system links, and Go itself.
func linked(sources, system string, modules map[string]*module) error {
	cmd := exec.Command("go", "list", "-deps", "-json=Module", ".")
	cmd.Dir = sources
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list in %s: %w", sources, err)
	}
	goRoot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	all := []*module{{Path: "the Go standard library", Dir: strings.TrimSpace(string(goRoot))}}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Module *struct {
				module
				Main    bool
				Replace *module
			}
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if m := p.Module; m != nil && !m.Main && m.Path != own && !strings.HasPrefix(m.Path, own+"/") {
			all = append(all, &m.module)
		}
	}
	for _, m := range all {
		key := m.Path + " " + m.Version // the programs may link different versions
		if modules[key] == nil {
			modules[key] = m
		}
		if known := modules[key]; !slices.Contains(known.systems, system) {
			known.systems = append(known.systems, system)
		}
	}
	return nil
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// read reads the licences and notices in the module's folder.
func (m *module) read() error {
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() || !licenceFile.MatchString(entry.Name()) || strings.HasSuffix(entry.Name(), ".go") {
			continue
		}
		body, err := os.ReadFile(filepath.Join(m.Dir, entry.Name()))
		if err != nil {
			return err
		}
		m.texts = append(m.texts, text{entry.Name(), strings.TrimSpace(strings.ReplaceAll(string(body), "\r\n", "\n"))})
	}
	return nil
}

// kinds returns the SPDX names of the module's licences.
func (m *module) kinds() (kinds []string) {
	for _, t := range m.texts {
		if kind := kindOf(t.body); kind != "" && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// phrases has a phrase that identifies each licence. The first phrase that a text contains decides.
var phrases = []struct{ phrase, spdx string }{
	{"GNU LESSER GENERAL PUBLIC LICENSE", "LGPL-3.0"},
	{"GNU GENERAL PUBLIC LICENSE", "GPL-3.0"},
	{"Mozilla Public License Version 2.0", "MPL-2.0"},
	{"Mozilla Public License, version 2.0", "MPL-2.0"},
	{"Apache License", "Apache-2.0"},
	{"Permission is hereby granted, free of charge", "MIT"},
	{"Permission to use, copy, modify, and/or distribute", "ISC"},
	{"Permission to use, copy, modify, and distribute", "ISC"},
	{"Neither the name", "BSD-3-Clause"},
	{"names of its contributors", "BSD-3-Clause"},
	{"Redistributions in binary form", "BSD-2-Clause"},
	{"This is free and unencumbered software", "Unlicense"},
	{"CC0 1.0 Universal", "CC0-1.0"},
}

// kindOf gives the SPDX name of a licence's text, "" for a notice.
func kindOf(body string) string {
	body = strings.Join(strings.Fields(body), " ")
	for _, k := range phrases {
		if strings.Contains(body, k.phrase) {
			return k.spdx
		}
	}
	return ""
}
