// SPDX-License-Identifier: Apache-2.0

// Values in forms that the collector's decoder does not take, converted to the form that it takes.

package configyaml

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"
)

// normalize prepares the keys of a section for the decoder. to is the struct for the section, m has the section's values and prefix is its
// key in conf. It deletes keys without a value from conf: the decoder would set a number to 0, and true to false. It puts converted values
// into changed. All other values stay in conf, where they still have the text of a variable.
func normalize(conf *confmap.Conf, to reflect.Value, m map[string]any, prefix string, changed map[string]any) error {
	for f, field := range fieldsOf(to.Type()) {
		v, ok := m[f]
		key := prefix + f
		below, isSection := v.(map[string]any)
		switch {
		case !ok:
		case v == nil:
			conf.Delete(key)
		case isSection && field.Type.Kind() == reflect.Struct && !unmarshals(field.Type):
			value := to.FieldByIndex(field.Index)
			if field.Tag.Get("configyaml") == "replace" {
				value.SetZero()
			}
			if err := normalize(conf, value, below, key+confmap.KeyDelimiter, changed); err != nil {
				return err
			}
		default:
			other, differs, err := normalForm(field.Type, v, strings.ReplaceAll(key, confmap.KeyDelimiter, "."))
			if err != nil {
				return err
			}
			if differs {
				set(changed, key, other)
			}
		}
	}
	return nil
}

// normalForm returns a value in the form that the decoder takes for the type. differs reports whether it is a converted copy; v itself does
// not change. path is the value's key, for errors.
func normalForm(t reflect.Type, v any, path string) (form any, differs bool, err error) {
	switch {
	case v == nil || unmarshals(t):
		return v, false, nil
	case t == reflect.TypeFor[time.Duration]():
		return seconds(v, path)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return normalForm(t.Elem(), v, path)
	case reflect.Slice:
		if isScalar(t.Elem()) {
			list, differs := listOf(v, t)
			if !differs {
				return v, false, nil
			}
			return list, true, nil
		}
		list, _ := v.([]any)
		forms := make([]any, len(list))
		for i := range list {
			var other bool
			if forms[i], other, err = normalForm(t.Elem(), list[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return v, false, err
			}
			differs = differs || other
		}
		if differs {
			return forms, true, nil
		}
	case reflect.Map, reflect.Struct:
		m, _ := v.(map[string]any)
		forms := maps.Clone(m)
		fields := map[string]reflect.Type{}
		if t.Kind() == reflect.Struct {
			fields = typesOf(t)
		}
		for key, value := range m {
			typ, ok := fields[key]
			switch {
			case t.Kind() == reflect.Map:
				typ = t.Elem()
			case !ok: // the decoder refuses it
				continue
			case value == nil:
				delete(forms, key)
				differs = true
				continue
			}
			form, other, err := normalForm(typ, value, join(path, key))
			if err != nil {
				return v, false, err
			}
			forms[key], differs = form, differs || other
		}
		if differs {
			return forms, true, nil
		}
	}
	return v, false, nil
}

// seconds returns a bare number as the text of a duration.
func seconds(v any, path string) (form any, differs bool, err error) {
	var text string
	switch v := v.(type) {
	case int, int64, uint64:
		text = fmt.Sprintf("%ds", v)
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64) + "s"
	default:
		return v, false, nil
	}
	if _, err := time.ParseDuration(text); err != nil {
		return v, false, fmt.Errorf("%s: %v seconds is not a duration: %w", path, v, err)
	}
	return text, true, nil
}

// isScalar reports whether values of the type are texts, numbers or bools.
func isScalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Struct, reflect.Pointer, reflect.Interface:
		return false
	}
	return true
}

// listOf returns v as a list of the type. ok is false if v is already in the form that the decoder takes. A text for a list of texts is split at
// its commas, and blanks beside them are removed: the collector's decoder splits for []string only, and keeps the blanks. In a list of texts
// a whole number or a bool is its text.
func listOf(v any, typ reflect.Type) (list []any, ok bool) {
	element := typ.Elem().Kind()
	switch v := v.(type) {
	case []any:
		list = v
	case string:
		switch {
		case decodesItself(typ):
			return nil, false
		case element != reflect.String:
			return []any{v}, true
		case v == "":
			return []any{}, true
		}
		for one := range strings.SplitSeq(v, ",") {
			list = append(list, strings.TrimSpace(one))
		}
		return list, true
	case bool, int, int64, uint64, float64:
		list, ok = []any{v}, true
	default:
		return nil, false
	}
	if element != reflect.String {
		return list, ok
	}
	texts := slices.Clone(list)
	for i, one := range list {
		switch one.(type) {
		case int, int64, uint64, bool:
			texts[i], ok = fmt.Sprint(one), true
		}
	}
	return texts, ok
}

// set puts a value into a tree of maps, at a key of confmap.
func set(m map[string]any, key string, value any) {
	path := strings.Split(key, confmap.KeyDelimiter)
	for _, name := range path[:len(path)-1] {
		next, ok := m[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			m[name] = next
		}
		m = next
	}
	m[path[len(path)-1]] = value
}
