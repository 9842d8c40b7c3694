// SPDX-License-Identifier: Apache-2.0

// Package configyaml reads the values in a receiver's YAML that the collector's own decoder takes wrongly or not at all: bare
// numbers where a duration stands, one value where a list stands, and keyword masks of all 64 bits.
package configyaml

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"
)

// Unmarshal reads conf into target, a pointer to a struct with mapstructure tags, as conf.Unmarshal does, but takes a bare
// number where a time.Duration stands as seconds, one value where a list of them stands as a list of one, and a key without a value
// as one that is not there. Keys that target does not have are an error, and so is a number that an integer has no room for. An error
// names the key, the value and what is allowed.
func Unmarshal(conf *confmap.Conf, target any) error {
	dropNulls(conf, reflect.TypeOf(target).Elem(), conf.ToStringMap(), "")
	changed := map[string]any{}
	for _, key := range durationKeys(reflect.TypeOf(target).Elem(), "") {
		var text string
		switch v := conf.Get(key).(type) {
		case int, int64, uint64:
			text = fmt.Sprintf("%ds", v)
		case float64:
			text = strconv.FormatFloat(v, 'f', -1, 64) + "s"
		default:
			continue
		}
		if _, err := time.ParseDuration(text); err != nil {
			return fmt.Errorf("%s: %v seconds is not a duration: %w", strings.ReplaceAll(key, confmap.KeyDelimiter, "."), conf.Get(key), err)
		}
		set(changed, key, text)
	}
	for key, typ := range listKeys(reflect.TypeOf(target).Elem(), "") {
		if list, ok := listOf(conf.Get(key), typ); ok {
			set(changed, key, list)
		}
	}
	if len(changed) > 0 {
		if err := conf.Merge(confmap.NewFromStringMap(changed)); err != nil {
			return err
		}
	}
	if err := checkNumbers(reflect.TypeOf(target).Elem(), conf.ToStringMap(), ""); err != nil {
		return err
	}
	err := conf.Unmarshal(target)
	if err == nil {
		return nil
	}
	if better := explain(reflect.TypeOf(target).Elem(), conf.ToStringMap(), ""); better != nil {
		return better
	}
	return err
}

// HasKeys reports whether a section of the configuration has a key, be it one without a value, or was meant to: a variable that is not
// set leaves none, as in {path: ${env:FILE}}, or nothing of the whole section, as in ${env:SECTION}. Unmarshal takes such keys and
// sections for ones that are not there. A section that is written without keys has none, and null takes one out that another
// configuration brings.
func HasKeys(conf *confmap.Conf, section string) bool {
	switch v := conf.Get(section).(type) {
	case map[string]any:
		return len(v) > 0
	case nil:
		return unset(conf, section)
	}
	return false
}

// unset reports whether a key has no value since the variable that stands for it is not set, or empty.
func unset(conf *confmap.Conf, key string) bool {
	target := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Value", Type: reflect.TypeFor[expanded](), Tag: reflect.StructTag(`mapstructure:"` + key + `"`)},
	}))
	return conf.Unmarshal(target.Interface(), confmap.WithIgnoreUnused()) == nil && target.Elem().Field(0).String() == empty
}

// expanded is empty where a value is the text of a variable without one. Where a text is wanted the collector hands on a variable's text, be it
// empty; for a key that is written without a value it hands on no text.
type expanded string

const empty = "empty"

// UnmarshalScalar looks at what the collector hands on.
func (e *expanded) UnmarshalScalar(v confmap.ScalarValue) error {
	if text, ok := v.GetRaw().(string); ok && strings.TrimSpace(text) == "" {
		*e = empty
	}
	return nil
}

// dropNulls deletes the keys below t that have no value: the collector's decoder sets a number that has none to 0, and true to
// false. m is what conf has below prefix.
func dropNulls(conf *confmap.Conf, t reflect.Type, m map[string]any, prefix string) {
	for name, f := range fieldsOf(t) {
		v, ok := m[name]
		switch {
		case !ok:
		case v == nil:
			conf.Delete(prefix + name)
		case f.Kind() == reflect.Struct && !decodesItself(f):
			below, _ := v.(map[string]any)
			dropNulls(conf, f, below, prefix+name+confmap.KeyDelimiter)
		}
	}
}

// durationKeys lists the keys below t at which a time.Duration stands.
func durationKeys(t reflect.Type, prefix string) []string {
	var keys []string
	eachKey(t, prefix, func(key string, typ reflect.Type) {
		if typ == reflect.TypeFor[time.Duration]() {
			keys = append(keys, key)
		}
	})
	return keys
}

// listKeys gives the keys below t at which a list of texts, numbers or bools stands, and the list's type.
func listKeys(t reflect.Type, prefix string) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	eachKey(t, prefix, func(key string, typ reflect.Type) {
		if typ.Kind() != reflect.Slice {
			return
		}
		switch typ.Elem().Kind() {
		case reflect.Slice, reflect.Array, reflect.Map, reflect.Struct, reflect.Pointer, reflect.Interface:
		default:
			keys[key] = typ
		}
	})
	return keys
}

// eachKey calls do for each key below t but those of its structs, and its type.
func eachKey(t reflect.Type, prefix string, do func(key string, typ reflect.Type)) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		switch {
		case !f.IsExported():
		case f.Type.Kind() == reflect.Struct && strings.Contains(options, "squash"):
			eachKey(f.Type, prefix, do)
		case f.Type.Kind() == reflect.Struct && name != "":
			eachKey(f.Type, prefix+name+confmap.KeyDelimiter, do)
		case name != "":
			do(prefix+name, f.Type)
		}
	}
}

// listOf gives the list that v stands for where a list of the type stands; ok is false where v may stay as it is. A text where texts
// stand is cut at its commas, as the collector's decoder does for []string alone and with the blanks beside them. A whole number where
// texts stand is its digits.
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
	texts := make([]any, len(list))
	for i, one := range list {
		texts[i] = one
		switch one.(type) {
		case int, int64, uint64:
			texts[i], ok = fmt.Sprint(one), true
		}
	}
	return texts, ok
}

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

// Mask reads a mask of up to 64 bits: an integer, or text in hex ("0x3F") or decimal. A float is refused, since it has
// silently lost the low bits of a large mask. Text may have quotes around it: an environment variable that holds a mask beyond
// 63 bits needs them, since the collector reads it as YAML and has no number for it.
func Mask(v any) (uint64, error) {
	const want = "want an integer or a quoted string, hexadecimal (\"0x8000000000000FFF\") or decimal, of at most 64 bits"
	switch v := v.(type) {
	case int:
		if v >= 0 {
			return uint64(v), nil
		}
	case int64:
		if v >= 0 {
			return uint64(v), nil
		}
	case uint64:
		return v, nil
	case float64:
		return 0, fmt.Errorf("%v is a floating-point number, which loses bits of a large mask; %s", v, want)
	case string:
		text := strings.ToLower(strings.Trim(strings.TrimSpace(v), `"'`))
		base := 10
		if hex, ok := strings.CutPrefix(text, "0x"); ok {
			text, base = hex, 16
		}
		if n, err := strconv.ParseUint(text, base, 64); err == nil {
			return n, nil
		}
		return 0, fmt.Errorf("%q is not a mask; %s", v, want)
	}
	return 0, fmt.Errorf("%v is not a mask; %s", v, want)
}
