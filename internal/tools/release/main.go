// SPDX-License-Identifier: Apache-2.0

// Command release writes what a release has beside its programs. Its output depends on its input alone: there is no time of the day in it.
//
//	release zip TIME OUT FILES...             a zip with the files, each as FILE or NAME=FILE, all as of TIME
//	release checksums FOLDER                  FOLDER/SHA256SUMS of all other files in the folder
//	release provenance VERSION COMMIT TIME FOLDER   FOLDER/provenance.json: how the files of FOLDER/SHA256SUMS were built
//	release sbom VERSION TIME PROGRAM OUT     the modules of a Go program, in CycloneDX
//
// TIME is in seconds since 1970.
package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	if err := run(os.Args[1:]); err != nil {
		log.Fatalf("release: %v", err)
	}
}

func run(args []string) error {
	actions := map[string]struct {
		least int
		do    func(args []string) error
	}{
		"zip":        {3, func(a []string) error { return writeZip(a[0], a[1], a[2:]) }},
		"checksums":  {1, func(a []string) error { return writeChecksums(a[0]) }},
		"provenance": {4, func(a []string) error { return writeProvenance(a[0], a[1], a[2], a[3]) }},
		"sbom":       {4, func(a []string) error { return writeSBOM(a[0], a[1], a[2], a[3]) }},
	}
	if len(args) == 0 {
		return errors.New("an action is missing; want zip, checksums, provenance or sbom")
	}
	action, ok := actions[args[0]]
	if !ok || len(args)-1 < action.least {
		return fmt.Errorf("%q: want zip, checksums, provenance or sbom, with its arguments", strings.Join(args, " "))
	}
	return action.do(args[1:])
}

// parseTime reads a TIME.
func parseTime(text string) (time.Time, error) {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("the time %q is no number of seconds since 1970", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

func writeZip(when, out string, files []string) (err error) {
	modified, err := parseTime(when)
	if err != nil {
		return err
	}
	named := map[string]string{}
	for _, f := range files {
		name, path, ok := strings.Cut(f, "=")
		if !ok {
			name, path = filepath.Base(f), f
		}
		named[name] = path
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	z := zip.NewWriter(file)
	for _, name := range sortedKeys(named) {
		content, err := os.ReadFile(named[name])
		if err != nil {
			return err
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: modified})
		if err != nil {
			return err
		}
		if _, err := w.Write(content); err != nil {
			return err
		}
	}
	return z.Close()
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// sumsName and provenanceName are not among the files that they describe.
const (
	sumsName       = "SHA256SUMS"
	provenanceName = "provenance.json"
)

func writeChecksums(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, e := range entries {
		if e.IsDir() || e.Name() == sumsName || e.Name() == provenanceName {
			continue
		}
		f, err := os.Open(filepath.Join(folder, e.Name()))
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		fmt.Fprintf(&out, "%x  %s\n", h.Sum(nil), e.Name())
	}
	return os.WriteFile(filepath.Join(folder, sumsName), out.Bytes(), 0o644)
}

// checksums reads SHA256SUMS: the names in order, and the sum of each.
func checksums(folder string) (names []string, sums map[string]string, err error) {
	f, err := os.Open(filepath.Join(folder, sumsName))
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	sums = map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok {
			return nil, nil, fmt.Errorf("%s: %q; want SUM, two spaces and NAME", f.Name(), lines.Text())
		}
		names, sums[name] = append(names, name), sum
	}
	return names, sums, lines.Err()
}
