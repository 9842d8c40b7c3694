// SPDX-License-Identifier: Apache-2.0

// Paths that differ from what was typed: YAML's escapes, and the variables of cmd.exe.

package configyaml

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// escapes are the characters that YAML makes of a backslash and a letter within double quotes (YAML 1.2, section 5.7), and that hardly any
// path has. Each has the text in the file and the character's name.
var escapes = map[rune][2]string{
	0x00: {`\0`, "NUL"}, 0x07: {`\a`, "BEL"}, 0x08: {`\b`, "BS"}, '\t': {`\t`, "TAB"}, '\n': {`\n`, "LF"}, 0x0B: {`\v`, "VT"},
	0x0C: {`\f`, "FF"}, '\r': {`\r`, "CR"}, 0x1B: {`\e`, "ESC"}, 0x85: {`\N`, "NEL"}, noBreakSpace: {`\_`, "NBSP"}, 0x2028: {`\L`, "LS"},
	0x2029: {`\P`, "PS"},
}

const noBreakSpace = 0xA0

// variable is a variable in the form of cmd.exe and the Explorer. The collector's configuration has ${env:NAME} instead.
var variable = regexp.MustCompile(`^%([A-Za-z_][A-Za-z0-9_]*(?:\([xX]86\))?)%`)

// ofWindows are the variables that every Windows sets and that are common in paths.
var ofWindows = regexp.MustCompile(`(?i)^(ALLUSERSPROFILE|APPDATA|COMMONPROGRAM(FILES(\(X86\))?|W6432)|COMPUTERNAME|HOMEDRIVE|HOMEPATH|LOCALAPPDATA|LOGONSERVER|` +
	`PROGRAMDATA|PROGRAM(FILES(\(X86\))?|W6432)|PUBLIC|SYSTEMDRIVE|SYSTEMROOT|TEMP|TMP|USERDOMAIN|USERNAME|USERPROFILE|WINDIR)$`)

// CheckPath refuses a path with characters that YAML made of a backslash within double quotes, or with a variable that nothing expands. The
// error has the escape or the variable, and what to write instead. An empty path passes. So does a path or glob pattern of an existing
// file: a file may have any name that its system allows.
func CheckPath(path string) error {
	err := checkEscapes(path)
	if err == nil {
		err = checkVariables(path)
	}
	if err == nil || exists(path) {
		return nil
	}
	return err
}

// checkEscapes refuses characters that YAML made of a backslash. A name may have a no-break space: it is refused only together with another
// escape, and directly after a drive, where it has replaced the backslash.
func checkEscapes(path string) error {
	var shown strings.Builder
	var found []string
	seen := map[rune]bool{}
	certain, before := false, rune(0)
	for _, r := range path {
		e, ok := escapes[r]
		control := r < ' ' || r == 0x7F
		switch {
		case !ok && !control:
			shown.WriteRune(r)
			before = r
			continue
		case !ok:
			e = [2]string{fmt.Sprintf(`\x%02X`, r), fmt.Sprintf("the control character U+%04X", r)}
		}
		certain = certain || r != noBreakSpace || before == ':'
		before = r
		fmt.Fprintf(&shown, "<%s>", strings.TrimPrefix(e[1], "the control character "))
		if !seen[r] {
			seen[r] = true
			found = append(found, fmt.Sprintf("%s is %s", e[0], e[1]))
		}
	}
	if !certain {
		return nil
	}
	return fmt.Errorf("it reads %s: within YAML's double quotes %s; write the path without quotes, in single quotes, or with slashes (D:/traces/new.etl)",
		shown.String(), strings.Join(found, ", "))
}

// checkVariables refuses a variable in a part of the path that does not exist. A name may have percent signs. So a variable is a whole part
// (%TRACES%\dns.etl), or has a name that every Windows or this Windows host sets: cmd.exe does not expand any other name either.
func checkVariables(path string) error {
	for at := range len(path) {
		v := variable.FindStringSubmatch(path[at:])
		if v == nil {
			continue
		}
		begin := strings.LastIndexAny(path[:at], `/\`) + 1
		end := len(path)
		if n := strings.IndexAny(path[at:], `/\`); n >= 0 {
			end = at + n
		}
		if path[begin:end] != v[0] && !isSet(v[1]) || exists(path[:end]) {
			continue
		}
		want := fmt.Sprintf("${env:%s}", v[1])
		if strings.HasSuffix(v[1], ")") { // the collector does not accept such a name
			want = "the folder itself"
		}
		return fmt.Errorf("%q: nothing expands %s here; want %s", path, v[0], want)
	}
	return nil
}

// isSet reports whether every Windows, or this Windows host, sets a variable.
func isSet(name string) bool {
	if ofWindows.MatchString(name) {
		return true
	}
	_, set := os.LookupEnv(name)
	return set && runtime.GOOS == "windows"
}

// exists reports whether a path or a glob pattern has a file.
func exists(path string) bool {
	if _, err := os.Lstat(path); err == nil {
		return true
	}
	if !strings.ContainsAny(path, "*?[") {
		return false
	}
	found, err := filepath.Glob(path)
	return err == nil && len(found) > 0
}
