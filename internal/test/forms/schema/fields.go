// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding"
	"reflect"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
)

// Field is a key of a configuration.
type Field struct {
	Key   string
	Type  reflect.Type
	Value reflect.Value // its default, invalid where there is none
	// From is the embedded structure that the key is of, nil for one of the structure itself.
	From reflect.Type
}

// Fields lists the keys of a structure, those of its embedded structures among them. v is the structure's default, or invalid.
func Fields(t reflect.Type, v reflect.Value) (all []Field) {
	for i := range t.NumField() {
		f := t.Field(i)
		key, options, tagged := strings.Cut(f.Tag.Get("mapstructure"), ",")
		var value reflect.Value
		if v.IsValid() {
			value = v.Field(i)
		}
		switch {
		case !f.IsExported() || key == "-":
		case tagged && strings.Contains(options, "squash"):
			for _, below := range Fields(f.Type, value) {
				if below.From = f.Type; below.Key != "" {
					all = append(all, below)
				}
			}
		case key != "":
			all = append(all, Field{Key: key, Type: f.Type, Value: value})
		}
	}
	return all
}

// Plain takes pointers and optional values off a type and its default. The default is invalid where there is none.
func Plain(t reflect.Type, v reflect.Value) (reflect.Type, reflect.Value) {
	for {
		switch {
		case t.Kind() == reflect.Pointer:
			t = t.Elem()
			if v.IsValid() {
				v = v.Elem() // invalid for nil
			}
		case strings.HasPrefix(t.Name(), "Optional[") && strings.HasSuffix(t.PkgPath(), "/configoptional"):
			get, _ := reflect.PointerTo(t).MethodByName("Get")
			t = get.Type.Out(0).Elem()
			if v.IsValid() {
				at := reflect.New(v.Type())
				at.Elem().Set(v)
				v = at.MethodByName("Get").Call(nil)[0].Elem()
			}
		default:
			return t, v
		}
	}
}

// Type is the type of JSON that a configuration's plain type is read from; "" is any.
func Type(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "string"
	case t == reflect.TypeFor[configopaque.MapList]():
		return "object"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "integer"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.String:
		return "string"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Map:
		return "object"
	case reflect.Struct:
		if isText(t) {
			return "string"
		}
		return "object"
	}
	return ""
}

// isText reports whether a structure without keys is read from a text.
func isText(t reflect.Type) bool {
	return len(Fields(t, reflect.Value{})) == 0 && reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// Default gives a default as it is written in YAML, nil where there is none: for a text, a list or a map that is empty, and for a section.
func Default(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	switch d := v.Interface().(type) {
	case time.Duration:
		return d.String()
	case configopaque.MapList:
		return nil
	}
	switch Type(v.Type()) {
	case "boolean":
		return v.Bool()
	case "integer":
		if v.CanUint() {
			return v.Uint()
		}
		return v.Int()
	case "number":
		return v.Float()
	case "string":
		text := ""
		if v.Kind() == reflect.String {
			text = v.String()
		} else if m, ok := v.Interface().(encoding.TextMarshaler); ok {
			raw, err := m.MarshalText()
			if err != nil {
				return nil
			}
			text = string(raw)
		}
		if text == "" {
			return nil
		}
		return text
	case "array":
		var list []any
		for i := range v.Len() {
			list = append(list, Default(v.Index(i)))
		}
		if len(list) > 0 {
			return list
		}
	}
	return nil
}
