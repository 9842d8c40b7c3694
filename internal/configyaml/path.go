// SPDX-License-Identifier: Apache-2.0

// Paths that are not what was typed: YAML's escapes, and the variables of cmd.exe.

package configyaml

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// escapes are the characters that YAML makes of a backslash and a letter within double quotes (YAML 1.2, section 5.7), and that
// hardly any path has: what stood in the file, and the character's name.
var escapes = map[rune][2]string{
	0x00: {`\0`, "NUL"}, 0x07: {`\a`, "BEL"}, 0x08: {`\b`, "BS"}, '\t': {`\t`, "TAB"}, '\n': {`\n`, "LF"}, 0x0B: {`\v`, "VT"},
	0x0C: {`\f`, "FF"}, '\r': {`\r`, "CR"}, 0x1B: {`\e`, "ESC"}, 0x85: {`\N`, "NEL"}, noBreakSpace: {`\_`, "NBSP"}, 0x2028: {`\L`, "LS"},
	0x2029: {`\P`, "PS"},
}

const noBreakSpace = 0xA0

// variable is a variable as cmd.exe and the Explorer have it; the collector's configuration has ${env:NAME}.
var variable = regexp.MustCompile(`^%([A-Za-z_][A-Za-z0-9_]*(?:\([xX]86\))?)%`)

// ofWindows are the variables that every Windows sets and that people write in paths.
var ofWindows = regexp.MustCompile(`(?i)^(ALLUSERSPROFILE|APPDATA|COMMONPROGRAM(FILES(\(X86\))?|W6432)|COMPUTERNAME|HOMEDRIVE|HOMEPATH|LOCALAPPDATA|LOGONSERVER|` +
	`PROGRAMDATA|PROGRAM(FILES(\(X86\))?|W6432)|PUBLIC|SYSTEMDRIVE|SYSTEMROOT|TEMP|TMP|USERDOMAIN|USERNAME|USERPROFILE|WINDIR)$`)

// CheckPath refuses a path that holds what no path means to hold: characters that YAML made of a backslash within double quotes, or
// a variable that nothing expands. The error names the escape or the variable, and says what to write. An empty path passes, as does
// every path, or glob pattern, at which there is something: a file may have any name that its system allows.
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

// checkEscapes refuses what YAML made of a backslash. A no-break space may stand in a name as well: it is refused beside another escape, and
// right behind a drive, whose backslash it has swallowed.
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

// checkVariables refuses a variable in a part of the path at which there is nothing. A percent sign may stand in a name. So a variable is
// only what is the whole part (%TRACES%\dns.etl), or has a name that Windows, or this host if it is one, sets: cmd.exe leaves any other
// as it stands, too.
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
		if strings.HasSuffix(v[1], ")") { // which is no name to the collector
			want = "the folder itself"
		}
		return fmt.Errorf("%q: nothing expands %s here; want %s", path, v[0], want)
	}
	return nil
}

// isSet reports whether a variable is one that Windows sets, or this Windows.
func isSet(name string) bool {
	if ofWindows.MatchString(name) {
		return true
	}
	_, set := os.LookupEnv(name)
	return set && runtime.GOOS == "windows"
}

// exists reports whether there is something at a path, or at a glob pattern.
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
