// SPDX-License-Identifier: Apache-2.0

// Error messages for values that the collector's decoder refuses. Its own messages have neither the value nor the known keys.

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

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
)

// explain returns an error for each value in v that the decoder cannot take for its type below t, with its key, the value and what is allowed.
// It returns nil if it finds none. v is from YAML.
func explain(t reflect.Type, v any, path string) error {
	_, isText := v.(string)
	refused := func(want string) error {
		return fmt.Errorf("%s: %s is not allowed; want %s", path, showFor(t, v), want)
	}
	switch {
	case v == nil:
		return nil
	case path != "" && t.Kind() != reflect.Pointer && t.Kind() != reflect.String && decodesItself(t) && (isText || t.Kind() != reflect.Slice):
		m, isSection := v.(map[string]any)
		switch {
		case isSection && t.Kind() == reflect.Struct && !unmarshals(t):
			return explainSection(t, m, path)
		case isSection || readsText(t) && (isText || t.Kind() != reflect.Struct):
			return nil
		case readsText(t):
			return refused("text, or a section of keys and values")
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
		return explainSection(t, m, path)
	case reflect.Map:
		m, ok := v.(map[string]any)
		if !ok {
			return refused("a section of keys and values")
		}
		return explainMap(t, m, path)
	case reflect.Slice:
		list, isList := v.([]any)
		if !isList {
			return refused("a list, such as [a, b]")
		}
		var errs []error
		for i := range list {
			at := fmt.Sprintf("%s[%d]", path, i)
			if _, isText := list[i].(string); t.Elem().Kind() == reflect.String && !isText {
				errs = append(errs, fmt.Errorf("%s: %s is not allowed; want text or a whole number; another value of YAML in quotes", at, showFor(t.Elem(), list[i])))
				continue
			}
			errs = append(errs, explain(t.Elem(), list[i], at))
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

// explainSection is explain for the keys of a struct.
func explainSection(t reflect.Type, m map[string]any, path string) error {
	var errs []error
	known := typesOf(t)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if f, ok := known[name]; ok {
			errs = append(errs, explain(f, m[name], join(path, name)))
		} else {
			errs = append(errs, fmt.Errorf("%s: there is no such key; want one of %s", join(path, name), names(t)))
		}
	}
	return errors.Join(errs...)
}

// KeyChecker is a map with a fixed set of keys. CheckKey returns an error for any other name, which says why it is no key and what to use
// instead.
type KeyChecker interface {
	CheckKey(name string) error
}

// explainMap is explain for the keys of a map.
func explainMap(t reflect.Type, m map[string]any, path string) error {
	keys, _ := reflect.Zero(t).Interface().(KeyChecker)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(m)) {
		at := join(path, name)
		if keys != nil {
			if err := keys.CheckKey(name); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", at, err))
				continue
			}
		}
		errs = append(errs, explain(t.Elem(), m[name], at))
	}
	return errors.Join(errs...)
}

// show returns a value in the form of YAML, shortened if it is long.
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

// showFor is show for a value of type t. Where a secret should be, it returns the kind of the value only.
func showFor(t reflect.Type, v any) string {
	if !holdsSecret(t) {
		return show(v)
	}
	switch v.(type) {
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int, int64, uint64, float64:
		return "a number"
	}
	return "a value of this kind"
}

// holdsSecret reports whether t is a secret, or has one below it.
func holdsSecret(t reflect.Type) bool { return secretBelow(t, map[reflect.Type]bool{}) }

// secretBelow is holdsSecret. seen has the structs that were looked at: a section may have sections of its own type.
func secretBelow(t reflect.Type, seen map[reflect.Type]bool) bool {
	switch t.Kind() {
	case reflect.String:
		return t == reflect.TypeFor[configopaque.String]()
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return secretBelow(t.Elem(), seen)
	case reflect.Struct:
		if seen[t] {
			return false
		}
		seen[t] = true
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && secretBelow(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// names lists the keys of t.
func names(t reflect.Type) string {
	return strings.Join(slices.Sorted(maps.Keys(typesOf(t))), ", ")
}

// fieldsOf returns the fields of a struct by their keys, including those of squashed structs.
func fieldsOf(t reflect.Type) iter.Seq2[string, reflect.StructField] {
	return func(yield func(string, reflect.StructField) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
			switch {
			case !f.IsExported():
			case strings.Contains(options, "squash"):
				for name, below := range fieldsOf(f.Type) {
					below.Index = slices.Concat(f.Index, below.Index)
					if !yield(name, below) {
						return
					}
				}
			case name != "" && !yield(name, f):
				return
			}
		}
	}
}

// typesOf returns the types of a struct's fields by their keys.
func typesOf(t reflect.Type) map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for name, f := range fieldsOf(t) {
		types[name] = f.Type
	}
	return types
}

// unmarshals reports whether t decodes itself from a confmap.Conf.
func unmarshals(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[confmap.Unmarshaler]())
}

// decodesItself reports whether t decodes itself from a confmap.Conf or from text.
func decodesItself(t reflect.Type) bool {
	return unmarshals(t) || readsText(t)
}

// readsText reports whether t decodes itself from text.
func readsText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}
