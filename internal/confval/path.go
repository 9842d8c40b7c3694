// SPDX-License-Identifier: Apache-2.0

// Paths that are not what was typed: YAML's escapes, and the variables of cmd.exe.

package confval

import (
	"fmt"
	"regexp"
	"strings"
)

// escapes are the characters that YAML makes of a backslash and a letter within double quotes (YAML 1.2, section 5.7), and that
// hardly any path has: what stood in the file, and the character's name.
var escapes = map[rune][2]string{
	0x00: {`\0`, "NUL"}, 0x07: {`\a`, "BEL"}, 0x08: {`\b`, "BS"}, '\t': {`\t`, "TAB"}, '\n': {`\n`, "LF"}, 0x0B: {`\v`, "VT"},
	0x0C: {`\f`, "FF"}, '\r': {`\r`, "CR"}, 0x1B: {`\e`, "ESC"}, 0x85: {`\N`, "NEL"}, 0xA0: {`\_`, "NBSP"}, 0x2028: {`\L`, "LS"},
	0x2029: {`\P`, "PS"},
}

// variable is a variable as cmd.exe and the Explorer have it; the collector's configuration has ${env:NAME}.
var variable = regexp.MustCompile(`%([A-Za-z_][A-Za-z0-9_]*)%`)

// CheckPath refuses a path that holds what no path means to hold: characters that YAML made of a backslash within double quotes, or
// a variable that nothing expands. The error names the escape or the variable, and says what to write. An empty path passes.
func CheckPath(path string) error {
	var shown strings.Builder
	var found []string
	seen := map[rune]bool{}
	for _, r := range path {
		e, ok := escapes[r]
		switch {
		case !ok && r >= ' ' && r != 0x7F:
			shown.WriteRune(r)
			continue
		case !ok:
			e = [2]string{fmt.Sprintf(`\x%02X`, r), fmt.Sprintf("the control character U+%04X", r)}
		}
		fmt.Fprintf(&shown, "<%s>", strings.TrimPrefix(e[1], "the control character "))
		if !seen[r] {
			seen[r] = true
			found = append(found, fmt.Sprintf("%s is %s", e[0], e[1]))
		}
	}
	if len(found) > 0 {
		return fmt.Errorf("it reads %s: within YAML's double quotes %s; write the path without quotes, in single quotes, or with slashes (D:/traces/new.etl)",
			shown.String(), strings.Join(found, ", "))
	}
	if v := variable.FindStringSubmatch(path); v != nil {
		return fmt.Errorf("%q: nothing expands %s here; want ${env:%s}", path, v[0], v[1])
	}
	return nil
}
