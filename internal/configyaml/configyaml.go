// SPDX-License-Identifier: Apache-2.0

// Package configyaml decodes the configuration of components. A confmap.Conf goes in, a struct comes out. It accepts forms that the
// collector's own decoder takes wrongly or not at all: bare numbers for durations, one value for a list, and keyword masks of all 64 bits.
// Packages with a section of the configuration need no confmap: they give a struct with tags.
package configyaml

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// Unmarshal decodes conf into target, a pointer to a struct with mapstructure tags, as conf.Unmarshal does, with these differences, also
// below sections, lists and maps:
//
//   - A bare number for a time.Duration is seconds.
//   - One value for a list is a list of one.
//   - A key without a value is left out.
//   - A mapping for a field with the tag `configyaml:"replace"` replaces the field's default: nothing of the default is left.
//   - A number that does not fit its integer is an error, as is an unknown key. An error has the key, the value and what is allowed.
func Unmarshal(conf *confmap.Conf, target any) error {
	to := reflect.ValueOf(target).Elem()
	changed := map[string]any{}
	if err := normalize(conf, to, conf.ToStringMap(), "", changed); err != nil {
		return err
	}
	if err := merge(conf, changed); err != nil {
		return err
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

// UnmarshalWith is Unmarshal after the given keys of conf were set to other values.
func UnmarshalWith(conf *confmap.Conf, values map[string]any, target any) error {
	if err := merge(conf, values); err != nil {
		return err
	}
	return Unmarshal(conf, target)
}

func merge(conf *confmap.Conf, values map[string]any) error {
	if len(values) == 0 {
		return nil
	}
	return conf.Merge(confmap.NewFromStringMap(values))
}

// HasKeys reports whether a section of the configuration has a key, with or without a value. It is also true for a section that is a
// variable without a value, as in ${env:SECTION}: its author meant to have keys. Unmarshal leaves such keys and sections out. A section that
// is written without keys has none, and null removes a section of another configuration.
func HasKeys(conf *confmap.Conf, section string) bool {
	switch v := conf.Get(section).(type) {
	case map[string]any:
		return len(v) > 0
	case nil:
		return unset(conf, section)
	}
	return false
}

// unset reports whether a key has no value because its variable is not set or empty.
func unset(conf *confmap.Conf, key string) bool {
	target := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Value", Type: reflect.TypeFor[expanded](), Tag: reflect.StructTag(`mapstructure:"` + key + `"`)},
	}))
	return conf.Unmarshal(target.Interface(), confmap.WithIgnoreUnused()) == nil && target.Elem().Field(0).String() == empty
}

// expanded finds a variable without a value. For a text the collector passes on a variable's text, even an empty one. For a key that is
// written without a value it passes on no text.
type expanded string

const empty = "empty"

// UnmarshalScalar looks at the value that the collector passes on.
func (e *expanded) UnmarshalScalar(v confmap.ScalarValue) error {
	if text, ok := v.GetRaw().(string); ok && strings.TrimSpace(text) == "" {
		*e = empty
	}
	return nil
}

// Mask reads a mask of up to 64 bits: an integer, or text in hex ("0x3F") or decimal. A float is refused: it has lost the low bits of a large
// mask. Text may have quotes: an environment variable with a mask of more than 63 bits needs them, since the collector reads it as YAML
// and has no such number.
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
