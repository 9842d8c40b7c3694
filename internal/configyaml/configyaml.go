// SPDX-License-Identifier: Apache-2.0

// Package configyaml reads the values in a receiver's YAML that the collector's own decoder takes wrongly or not at all: bare
// numbers where a duration stands, one value where a list stands, and keyword masks of all 64 bits. It stands between the collector's
// confmap and the packages that have a section of the configuration: they need no confmap.
package configyaml

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// Unmarshal reads conf into target, a pointer to a struct with mapstructure tags, as conf.Unmarshal does, but takes a bare
// number where a time.Duration stands as seconds, one value where a list of them stands as a list of one, and a key without a value
// as one that is not there. It does so below sections, lists and maps. A mapping for a field with the tag `configyaml:"replace"` replaces
// the field's default: nothing of the default is left. Keys that target does not have are an error, and so is a number that an integer has
// no room for. An error names the key, the value and what is allowed.
func Unmarshal(conf *confmap.Conf, target any) error {
	to := reflect.ValueOf(target).Elem()
	changed := map[string]any{}
	if err := normalize(conf, to, conf.ToStringMap(), "", changed); err != nil {
		return err
	}
	if len(changed) > 0 {
		if err := conf.Merge(confmap.NewFromStringMap(changed)); err != nil {
			return err
		}
	}
	if err := checkNumbers(to.Type(), conf.ToStringMap(), ""); err != nil {
		return err
	}
	err := conf.Unmarshal(target)
	if err == nil {
		return nil
	}
	if better := explain(to.Type(), conf.ToStringMap(), ""); better != nil {
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
