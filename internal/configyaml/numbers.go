// SPDX-License-Identifier: Apache-2.0

package configyaml

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
)

// checkNumbers returns an error for a number in v that does not fit its integer type below t, and for a list without a value or with an
// element without one. The collector's decoder truncates such a number silently: port 65616 becomes 80, and 1.5 MiB become 1. It makes an
// empty element 0. It refuses other wrong values itself. v is from YAML.
func checkNumbers(t reflect.Type, v any, path string) error {
	if v == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return checkNumbers(t.Elem(), v, path)
	case reflect.Struct:
		m, _ := v.(map[string]any)
		for i := range t.NumField() {
			f := t.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
			below, at := m[name], join(path, name)
			if strings.Contains(options, "squash") {
				below, at = v, path
			}
			if err := checkNumbers(f.Type, below, at); err != nil {
				return err
			}
		}
	case reflect.Map:
		m, _ := v.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if m[name] == nil && t.Elem().Kind() == reflect.Slice {
				return missing(join(path, name))
			}
			if err := checkNumbers(t.Elem(), m[name], join(path, name)); err != nil {
				return err
			}
		}
	case reflect.Slice:
		list, _ := v.([]any)
		for i := range list {
			if list[i] == nil {
				return missing(fmt.Sprintf("%s[%d]", path, i))
			}
			if err := checkNumbers(t.Elem(), list[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	default:
		low, high, isInteger := limits(t)
		switch {
		case !isInteger || fits(v, t):
		case low == math.MinInt64:
			return fmt.Errorf("%s: %v is not allowed; want a whole number of at most 64 bits", path, v)
		default:
			return fmt.Errorf("%s: %v is not allowed; want a whole number from %d to %d", path, v, low, high)
		}
	}
	return nil
}

// missing is the error for a required value that is missing.
func missing(path string) error {
	return fmt.Errorf("%s: it is missing or empty, for example because a variable is not set; want a value, or \"null\" in quotes for that text", path)
}

// join appends a key's name to a path.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// limits returns the least and the greatest number of an integer type.
func limits(t reflect.Type) (low int64, high uint64, isInteger bool) {
	switch zero := reflect.Zero(t); {
	case zero.CanUint():
		return 0, math.MaxUint64 >> (64 - t.Bits()), true
	case zero.CanInt():
		return math.MinInt64 >> (64 - t.Bits()), math.MaxInt64 >> (64 - t.Bits()), true
	}
	return 0, 0, false
}

// fits reports whether v fits the integer type t. It is true if v is no number.
func fits(v any, t reflect.Type) bool {
	low, high, _ := limits(t)
	switch n := reflect.ValueOf(v); {
	case n.CanInt():
		return n.Int() >= low && (n.Int() < 0 || uint64(n.Int()) <= high)
	case n.CanUint():
		return n.Uint() <= high
	case n.CanFloat():
		const exact = 1 << 53 // from here on a float stands for several integers
		whole := n.Float() == math.Trunc(n.Float()) && math.Abs(n.Float()) < exact
		return whole && fits(int64(n.Float()), t)
	}
	return true
}
