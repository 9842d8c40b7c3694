// SPDX-License-Identifier: Apache-2.0

package configyaml

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Name reports why text is not the name of something: it is empty, or has blanks at an end, characters that do not print or bytes
// that are no UTF-8. The error names the value and what is allowed.
func Name(text string) error {
	if text == "" {
		return errors.New("it is empty; want a name")
	}
	return printable(text)
}

// HostName reports why text is not the name of a host or a Kubernetes node, short or in full, with a dot at the end or without.
// A label may be any text without blanks: not every name that Windows knows is one of DNS.
func HostName(text string) error {
	const maxLength = 255 // RFC 1035, 2.3.4
	name := strings.TrimSuffix(text, ".")
	if len(name) > maxLength {
		return fmt.Errorf("%.40q… is not the name of a host: it has %d bytes; at most %d are allowed", text, len(name), maxLength)
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || printable(label) != nil || strings.ContainsAny(label, ` /\*?"<>|:,;`) {
			return fmt.Errorf("%q is not the name of a host; want one such as dc1 or dc1.corp.example.com", text)
		}
	}
	return nil
}

// PinnedMap reports why text is not a path at which an eBPF map is pinned.
func PinnedMap(text string) error {
	const want = "want the path of a pinned map, such as /ebpf/global/cilium_events"
	switch {
	case text == "":
		return errors.New("it is empty; " + want)
	case endsAsFolder(text):
		return fmt.Errorf("%q is a folder; %s", text, want)
	}
	return path(text)
}

// path reports why text is no path: as CheckPath and printable do.
func path(text string) error {
	if err := CheckPath(text); err != nil {
		return err
	}
	return printable(text)
}

// endsAsFolder reports whether a path ends in a separator, of any system: a configuration is checked on another one than it is for.
func endsAsFolder(path string) bool {
	return strings.HasSuffix(path, "/") || strings.HasSuffix(path, `\`)
}

// NewFile reports why no file can be written under a name, as far as its name and what stands there say it. A file that is there may have
// any name.
func NewFile(name string) error {
	const want = "want the name of a file to write"
	info, err := os.Stat(name)
	switch {
	case err != nil: // it may come into being yet, also the folder
		return newName(name, want)
	case info.IsDir():
		return fmt.Errorf("%q is a folder; %s", name, want)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is not a regular file; %s", name, want)
	}
	return nil
}

// newName is NewFile where there is nothing yet.
func newName(name, want string) error {
	if err := CheckPath(name); err != nil {
		return err
	}
	if err := prints(name, inFileNames); err != nil {
		return err
	}
	if endsAsFolder(name) {
		return fmt.Errorf("%q is a folder; %s", name, want)
	}
	base := name[strings.LastIndexAny(name, `/\`)+1:] // what is before it may be \\?\
	if i := strings.IndexAny(base, `*?"<>|`); i >= 0 {
		return fmt.Errorf("%q holds %q, which no file's name has on Windows; %s", name, base[i:i+1], want)
	}
	return nil
}

// inFileNames reports whether a character that does not print stands in names of files: the blanks of other scripts, such as the no-break
// space, and the two joiners with which Persian and emoji are written.
func inFileNames(r rune) bool {
	const nonJoiner, joiner = 0x200C, 0x200D
	return r == nonJoiner || r == joiner || unicode.Is(unicode.Zs, r)
}

// printable reports what in text does not print, or is a blank at one of its ends.
func printable(text string) error { return prints(text, func(rune) bool { return false }) }

// prints is printable, with further characters that are allowed.
func prints(text string, allowed func(rune) bool) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%q is not allowed: it is not UTF-8", text)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) && !allowed(r) {
			return fmt.Errorf("%q is not allowed: it holds %U, which does not print", text, r)
		}
	}
	if strings.TrimSpace(text) != text {
		return fmt.Errorf("%q is not allowed; want no blanks at its ends", text)
	}
	return nil
}
