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

// Name returns an error for a text that is no name: it is empty, begins or ends with blanks, or has unprintable characters or invalid UTF-8.
// The error has the value and what is allowed.
func Name(text string) error {
	if text == "" {
		return errors.New("it is empty; want a name")
	}
	return printable(text)
}

// HostName returns an error for a text that is not the name of a host or a Kubernetes node, short or fully qualified, with or without a dot at
// the end. A label may be any text without blanks: not every Windows name is a DNS name.
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

// PinnedMap returns an error for a text that is not the path of a pinned eBPF map.
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

// path returns the error of CheckPath or printable.
func path(text string) error {
	if err := CheckPath(text); err != nil {
		return err
	}
	return printable(text)
}

// endsAsFolder reports whether a path ends in a separator of any system: a configuration may be checked on another system than its own.
func endsAsFolder(path string) bool {
	return strings.HasSuffix(path, "/") || strings.HasSuffix(path, `\`)
}

// NewFile returns an error if no file can be written under a name, as far as the name and the file system show. An existing file may have any
// name.
func NewFile(name string) error {
	const want = "want the name of a file to write"
	info, err := os.Stat(name)
	switch {
	case err != nil: // the file or its folder may be created later
		return newName(name, want)
	case info.IsDir():
		return fmt.Errorf("%q is a folder; %s", name, want)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is not a regular file; %s", name, want)
	}
	return nil
}

// newName is NewFile for a file that does not exist.
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
	base := name[strings.LastIndexAny(name, `/\`)+1:] // the rest may begin with \\?\
	if i := strings.IndexAny(base, `*?"<>|`); i >= 0 {
		return fmt.Errorf("%q holds %q, which no file's name has on Windows; %s", name, base[i:i+1], want)
	}
	return nil
}

// inFileNames reports whether names of files may have an unprintable character: blanks of other scripts, such as the no-break space, and the
// two joiners of Persian and emoji.
func inFileNames(r rune) bool {
	const nonJoiner, joiner = 0x200C, 0x200D
	return r == nonJoiner || r == joiner || unicode.Is(unicode.Zs, r)
}

// printable returns an error for a text with an unprintable character, or with a blank at one of its ends.
func printable(text string) error { return prints(text, func(rune) bool { return false }) }

// prints returns an error as printable does, but accepts the characters for which allowed returns true.
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
