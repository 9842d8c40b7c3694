// SPDX-License-Identifier: Apache-2.0

// Package environment reads the file that holds a service's environment. In come lines KEY=VALUE; out come variables of this process. The
// values are secrets, such as connection strings: no error and no warning has one.
//
// The file exists because the environment of a Windows service lies in the registry, where every local user can read it.
package environment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/private"
)

// Flag is the argument that names the file.
const Flag = "--env-file"

// Bounds of a file. The longest value is that of a variable of Windows.
const (
	maxSize  = 64 << 10
	maxValue = 32766
)

// Variable is one variable.
type Variable struct{ Key, Value string }

// FromArgs takes the flag and its value out of the arguments of a program. path is "" without the flag.
func FromArgs(args []string) (path string, others []string, err error) {
	for i := 0; i < len(args); i++ {
		value, joined := strings.CutPrefix(args[i], Flag+"=")
		switch {
		case args[i] == "--":
			return path, append(others, args[i:]...), nil
		case args[i] == Flag:
			if i++; i == len(args) {
				return "", nil, fmt.Errorf("%s: the name of the file is missing", Flag)
			}
			value = args[i]
		case !joined:
			others = append(others, args[i])
			continue
		}
		if value == "" {
			return "", nil, fmt.Errorf("%s: the name of the file is missing", Flag)
		}
		if path != "" {
			return "", nil, fmt.Errorf("%s: it is there twice; want one file", Flag)
		}
		path = value
	}
	return path, others, nil
}

// Load sets the variables of a file, and overwrites those that the process has. It sets none of a file with a line or a value that is not
// allowed. The warnings say what should be mended.
func Load(path string) (warnings []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Flag, err)
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Flag, err)
	}
	variables, err := Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", Flag, path, err)
	}
	for _, v := range variables {
		warning, err := v.check()
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", Flag, path, err)
		}
		if warning != "" {
			warnings = append(warnings, path+": "+warning)
		}
	}
	for _, v := range variables {
		if err := v.set(); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", Flag, path, err)
		}
	}
	for set, missing := range map[string]string{"AZURE_DCE_ENDPOINT": "AZURE_DCR_ID", "AZURE_DCR_ID": "AZURE_DCE_ENDPOINT"} {
		if os.Getenv(set) != "" && os.Getenv(missing) == "" {
			warnings = append(warnings, fmt.Sprintf("%s: %s has no effect without %s in the configuration of the installers: no record goes to Microsoft Sentinel", path, set, missing))
		}
	}
	switch who, err := private.Readers(path); {
	case err != nil:
		warnings = append(warnings, err.Error())
	case len(who) > 0:
		warnings = append(warnings, fmt.Sprintf("%s can be read by %s, and it may hold secrets; let only the account of the collector and the administrators read it",
			path, strings.Join(who, " and ")))
	}
	return warnings, nil
}

// check returns an error if the variable cannot have this value, and a warning if it has no effect.
func (v Variable) check() (warning string, err error) {
	switch v.Key {
	case "GOMEMLIMIT":
		if _, ok := bytesOf(v.Value); !ok {
			return "", errors.New("GOMEMLIMIT: the value is not allowed; want a number of bytes, or of B, KiB, MiB, GiB, TiB: 640MiB")
		}
	case "GOGC", "GODEBUG", "GOMAXPROCS", "GOTRACEBACK":
		warning = v.Key + " has no effect in this file: Go reads it when the process starts; set it in the environment of the service"
	}
	return warning, nil
}

// set sets the variable. Go's runtime reads its own variables before a file can be read, so the limit of the memory is set as well.
func (v Variable) set() error {
	if err := os.Setenv(v.Key, v.Value); err != nil {
		return fmt.Errorf("%s: the variable cannot be set", v.Key) // the system's error may have the value
	}
	if limit, ok := bytesOf(v.Value); ok && v.Key == "GOMEMLIMIT" {
		debug.SetMemoryLimit(limit)
	}
	return nil
}

// bytesOf reads a size as GOMEMLIMIT has it.
func bytesOf(text string) (int64, bool) {
	shift := 0
	for suffix, by := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40} {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			text, shift = number, by
		}
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(text, "B"), 10, 64)
	if err != nil || n <= 0 || n > (1<<62)>>shift {
		return 0, false
	}
	return n << shift, true
}

var key = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Parse reads variables, one a line. Lines that are empty or begin with # are left out, and so are spaces around a key and a value, and double
// quotes around a value. The text is UTF-8 or, with a byte order mark, UTF-16 in little endian, which Windows PowerShell writes. An error says
// the line and the key.
func Parse(raw []byte) (all []Variable, err error) {
	if len(raw) > maxSize {
		return nil, fmt.Errorf("it is larger than %d bytes; want lines KEY=VALUE", maxSize)
	}
	text, err := Text(raw)
	if err != nil {
		return nil, err
	}
	lines := map[string]int{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !key.MatchString(name) {
			return nil, fmt.Errorf("line %d: want KEY=VALUE, with a key of letters, digits and _", i+1) // the line may be a value
		}
		if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		switch first := lines[strings.ToUpper(name)]; {
		case first != 0:
			return nil, fmt.Errorf("line %d: %s is there already, in line %d", i+1, name, first)
		case len(value) > maxValue:
			return nil, fmt.Errorf("line %d: %s: the value is longer than %d bytes", i+1, name, maxValue)
		case strings.ContainsFunc(value, unicode.IsControl):
			return nil, fmt.Errorf("line %d: %s: the value has a control character", i+1, name)
		}
		lines[strings.ToUpper(name)] = i + 1
		all = append(all, Variable{Key: name, Value: value})
	}
	return all, nil
}

// Text decodes a file of this kind: UTF-8, or UTF-16 with a byte order mark.
func Text(raw []byte) (string, error) {
	if utf16le, ok := bytes.CutPrefix(raw, []byte{0xFF, 0xFE}); ok && len(utf16le)%2 == 0 {
		units := make([]uint16, len(utf16le)/2)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(utf16le[2*i:])
		}
		return string(utf16.Decode(units)), nil
	}
	raw = bytes.TrimPrefix(raw, []byte("\uFEFF"))
	if !utf8.Valid(raw) {
		return "", errors.New("it is not text in UTF-8")
	}
	return string(raw), nil
}
