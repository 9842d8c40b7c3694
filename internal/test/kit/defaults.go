// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// RequireDefaults requires that the table of keys in a Markdown section has the defaults of cfg, a pointer to a
// receiver's configuration. In the overview of several receivers, the column before the key names the receiver. exact
// has the cells, by key, that contain more than a value. A key in exact that is not in the table is an error.
func RequireDefaults(t testing.TB, file, heading, receiver string, cfg any, exact map[string]string) {
	t.Helper()
	exact, checked, of := maps.Clone(exact), 0, ""
	for line := range strings.SplitSeq(Section(t, file, heading), "\n") {
		cells := strings.Split(line, " |")
		for i := range cells {
			cells[i] = strings.TrimSpace(strings.TrimPrefix(cells[i], "|"))
		}
		if len(cells) < 3 {
			continue
		}
		if file != "README.md" { // the overview
			if cells[0] != "" {
				of = strings.Trim(cells[0], "`")
			}
			if of != receiver && of != "both" {
				continue
			}
			cells = cells[1:]
		}
		key := strings.Trim(cells[0], "`")
		if want, ok := exact[key]; ok {
			require.Equal(t, want, cells[1], "%s: %s", file, key)
			delete(exact, key)
			checked++
			continue
		}
		if v := valueAt(reflect.ValueOf(cfg).Elem(), strings.Split(key, ".")); v.IsValid() {
			require.True(t, saysValue(cells[1], v), "%s: %s is %v, not %s", file, key, v, cells[1])
			checked++
		}
	}
	require.Empty(t, exact, "keys that the table does not have")
	require.Greater(t, checked, 5)
}

// saysValue reports whether a table's cell states the default v.
func saysValue(cell string, v reflect.Value) bool {
	text := strings.ReplaceAll(cell, "`", "")
	if v.Kind() == reflect.Slice || v.Kind() == reflect.String && v.Len() == 0 {
		if v.Len() == 0 {
			return text == "" || text == "none" || text == "[]" || strings.HasPrefix(text, "none: ")
		}
		var all []string
		for i := range v.Len() {
			all = append(all, fmt.Sprint(v.Index(i)))
		}
		return strings.Trim(text, "[]") == strings.Join(all, ", ")
	}
	text, _, _ = strings.Cut(text, " ")
	text = strings.TrimRight(text, ";:,")
	if d, ok := v.Interface().(time.Duration); ok {
		said, err := time.ParseDuration(text)
		return err == nil && said == d
	}
	return text == fmt.Sprint(v)
}

// valueAt returns the value at a path of keys. It is invalid if the path does not exist or is a section.
func valueAt(v reflect.Value, path []string) reflect.Value {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		switch {
		case !f.IsExported():
		case name == "":
			if found := valueAt(v.Field(i), path); found.IsValid() {
				return found
			}
		case name == path[0] && len(path) == 1 && f.Type.Kind() != reflect.Struct:
			return v.Field(i)
		case name == path[0] && len(path) > 1 && f.Type.Kind() == reflect.Struct:
			return valueAt(v.Field(i), path[1:])
		}
	}
	return reflect.Value{}
}
