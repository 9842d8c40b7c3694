// SPDX-License-Identifier: Apache-2.0

// What the collector's decoder refuses, in words: it names neither the value nor the keys that there are.

package configyaml

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"
)

// explain gives an error for each value in v, of YAML, that the decoder cannot have taken at its place below t: its key, the value
// and what is allowed. It gives nil where it sees none.
func explain(t reflect.Type, v any, path string) error {
	_, isText := v.(string)
	refused := func(want string) error { return fmt.Errorf("%s: %s is not allowed; want %s", path, show(v), want) }
	switch {
	case v == nil:
		return nil
	case path != "" && t.Kind() != reflect.Pointer && t.Kind() != reflect.String && decodesItself(t) && (isText || t.Kind() != reflect.Slice):
		if _, ok := v.(map[string]any); ok || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			return nil
		}
		return refused("a section of keys and values")
	case t == reflect.TypeFor[time.Duration]():
		if text, ok := v.(string); ok {
			if _, err := time.ParseDuration(text); err == nil {
				return nil
			}
		}
		return refused("a duration such as 200ms, 5s or 1h30m, or a number of seconds")
	}
	kind := reflect.ValueOf(v)
	switch t.Kind() {
	case reflect.Pointer:
		return explain(t.Elem(), v, path)
	case reflect.Struct:
		m, ok := v.(map[string]any)
		if !ok {
			return refused("a section of the keys " + names(t))
		}
		var errs []error
		known := maps.Collect(fieldsOf(t))
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if f, ok := known[name]; ok {
				errs = append(errs, explain(f, m[name], join(path, name)))
			} else {
				errs = append(errs, fmt.Errorf("%s: there is no such key; want one of %s", join(path, name), names(t)))
			}
		}
		return errors.Join(errs...)
	case reflect.Slice:
		list, isList := v.([]any)
		if !isList {
			return refused("a list, such as [a, b]")
		}
		var errs []error
		for i := range list {
			errs = append(errs, explain(t.Elem(), list[i], fmt.Sprintf("%s[%d]", path, i)))
		}
		return errors.Join(errs...)
	case reflect.Bool:
		if kind.Kind() != reflect.Bool {
			return refused("true or false")
		}
	case reflect.Float64, reflect.Float32:
		if !kind.CanInt() && !kind.CanUint() && !kind.CanFloat() {
			return refused("a number, without quotes")
		}
	case reflect.String:
		if kind.Kind() != reflect.String {
			return refused("text; a number or another value of YAML in quotes")
		}
	default:
		if _, _, isInteger := limits(t); isInteger && !kind.CanInt() && !kind.CanUint() && !kind.CanFloat() {
			return refused("a whole number, without quotes")
		}
	}
	return nil
}

// show gives a value as it could stand in YAML, cut where it is long.
func show(v any) string {
	const longest = 80
	text := fmt.Sprint(v)
	if json, err := json.Marshal(v); err == nil { // not of NaN
		text = string(json)
	}
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return text
}

// names lists the keys of t.
func names(t reflect.Type) string {
	return strings.Join(slices.Sorted(maps.Keys(maps.Collect(fieldsOf(t)))), ", ")
}

// fieldsOf gives the keys of a struct and what stands there, those of squashed structs included.
func fieldsOf(t reflect.Type) iter.Seq2[string, reflect.Type] {
	return func(yield func(string, reflect.Type) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
			switch {
			case !f.IsExported():
			case strings.Contains(options, "squash"):
				for name, below := range fieldsOf(f.Type) {
					if !yield(name, below) {
						return
					}
				}
			case name != "" && !yield(name, f.Type):
				return
			}
		}
	}
}

// decodesItself reports whether t reads its YAML by a method of its own.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[confmap.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
