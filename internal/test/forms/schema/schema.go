// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.yaml.in/yaml/v3"
)

const module = "github.com/otelcol-winnet/otelcol-winnet/"

// duration is the text of a time.Duration.
const duration = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$`

// declaration is a part of the section config of metadata.yaml, in mdatagen's form (metadata-schema.yaml of cmd/mdatagen).
type declaration struct {
	Description   string                  `yaml:"description"`
	Type          string                  `yaml:"type"`
	Ref           string                  `yaml:"$ref"`
	Embed         bool                    `yaml:"embed"`
	Properties    map[string]*declaration `yaml:"properties"`
	Required      []string                `yaml:"required"`
	Values        *declaration            `yaml:"values"`
	AnyOf         []*declaration          `yaml:"anyOf"`
	Enum          []any                   `yaml:"enum"`
	Pattern       string                  `yaml:"pattern"`
	Minimum       *number                 `yaml:"minimum"`
	Maximum       *number                 `yaml:"maximum"`
	Default       any                     `yaml:"default"`
	Lenient       bool                    `yaml:"x-lenient"`
	Single        bool                    `yaml:"x-single"`
	AnyCase       bool                    `yaml:"x-any-case"`
	SystemDefault bool                    `yaml:"x-system-default"`
}

// schema is a JSON Schema, draft 2020-12.
type schema struct {
	Schema               string             `yaml:"$schema,omitempty"`
	ID                   string             `yaml:"$id,omitempty"`
	Title                string             `yaml:"title,omitempty"`
	Description          string             `yaml:"description,omitempty"`
	Type                 string             `yaml:"type,omitempty"`
	Enum                 []any              `yaml:"enum,omitempty,flow"`
	Pattern              string             `yaml:"pattern,omitempty"`
	Minimum              *number            `yaml:"minimum,omitempty"`
	Maximum              *number            `yaml:"maximum,omitempty"`
	Default              any                `yaml:"default,omitempty"`
	AnyOf                []*schema          `yaml:"anyOf,omitempty"`
	Items                *schema            `yaml:"items,omitempty"`
	Required             []string           `yaml:"required,omitempty,flow"`
	Properties           map[string]*schema `yaml:"properties,omitempty"`
	AdditionalProperties any                `yaml:"additionalProperties,omitempty"` // false, or a schema
}

// number is written without an exponent where it is whole.
type number float64

func (n number) MarshalYAML() (any, error) {
	if n == number(int64(n)) {
		return int64(n), nil
	}
	return float64(n), nil
}

// Generate makes the config.schema.yaml of a component. root is the repository's folder.
func Generate(root string, c Component) ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(root, c.Folder, "metadata.yaml"))
	if err != nil {
		return nil, err
	}
	var metadata struct {
		DisplayName string       `yaml:"display_name"`
		Config      *declaration `yaml:"config"`
	}
	if err := yaml.Unmarshal(raw, &metadata); err != nil {
		return nil, err
	}
	if _, config, found := bytes.Cut(raw, []byte("\nconfig:\n")); !found || slices.ContainsFunc(strings.Split(string(config), "\n"), func(line string) bool {
		return line != "" && line[0] != ' ' && line[0] != '#'
	}) {
		return nil, fmt.Errorf("%s/metadata.yaml: want config as its last section, which make generate hides from mdatagen", c.Folder)
	}
	config := reflect.ValueOf(c.Factory.CreateDefaultConfig()).Elem()
	g := generator{folder: module + c.Folder, lenient: metadata.Config.Lenient}
	s, err := g.object(metadata.Config, config.Type(), config)
	if err != nil {
		return nil, fmt.Errorf("%s/metadata.yaml: config: %w", c.Folder, err)
	}
	s.Schema, s.ID, s.Title = "https://json-schema.org/draft/2020-12/schema", "https://"+module+c.Folder+"/config.schema.yaml", metadata.DisplayName
	var out bytes.Buffer
	out.WriteString("# Generated from metadata.yaml by make generate. DO NOT EDIT.\n")
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	err = errors.Join(encoder.Encode(s), encoder.Close())
	return out.Bytes(), err
}

type generator struct {
	folder  string // the component's import path
	lenient bool
}

// object makes the schema of a section. t and v are the structure that the section is read into and its default; they are needed for
// properties that refer to a type only.
func (g *generator) object(d *declaration, t reflect.Type, v reflect.Value) (*schema, error) {
	s := &schema{Description: d.Description, Type: "object", Required: d.Required, Properties: map[string]*schema{}, AdditionalProperties: false}
	var fields []Field
	if t != nil {
		fields = Fields(t, v)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Properties)) {
		p := d.Properties[name]
		if p.Embed {
			n := len(s.Properties)
			for _, f := range fields {
				if f.From != nil && g.reference(f.From, p.Ref) {
					s.Properties[f.Key] = overlay(foreign(f.Type, f.Value), p.Properties[f.Key], f.From)
				}
			}
			if len(s.Properties) == n {
				return nil, fmt.Errorf("%s: the configuration embeds no %s", name, p.Ref)
			}
			continue
		}
		var f Field
		if i := slices.IndexFunc(fields, func(f Field) bool { return f.Key == name }); i >= 0 {
			f = fields[i]
			f.Type, f.Value = Plain(f.Type, f.Value)
		}
		below, err := g.property(p, f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.Properties[name] = below
	}
	return s, nil
}

// property makes the schema of a key. Its field has no type where the key is of no structure.
func (g *generator) property(d *declaration, f Field) (*schema, error) {
	switch {
	case d.Ref != "":
		if f.Type == nil || !g.reference(f.Type, d.Ref) {
			return nil, fmt.Errorf("its type is %v, not %s", f.Type, d.Ref)
		}
		s := foreign(f.Type, f.Value)
		s.Description = d.Description
		return s, nil
	case d.Type == "object":
		if f.Type != nil && f.Type.Kind() != reflect.Struct {
			f = Field{}
		}
		return g.object(d, f.Type, f.Value)
	}
	s := &schema{Description: d.Description, Enum: d.Enum, Pattern: d.Pattern, Minimum: d.Minimum, Maximum: d.Maximum, Default: d.Default}
	bounds := func(low, high number) {
		s.Type = "integer"
		if s.Minimum == nil {
			s.Minimum = &low
		}
		if s.Maximum == nil && high > 0 {
			s.Maximum = &high
		}
	}
	switch d.Type {
	case "string", "opaque_string", "component_id":
		s.Type = "string"
		if d.AnyCase {
			s.alternatives(&schema{Type: "string", Enum: d.Enum}, &schema{Type: "string", Pattern: anyCase(d.Enum)})
		}
	case "bool":
		s.Type = "boolean"
	case "int", "int64":
		s.Type = "integer"
	case "uint16":
		bounds(0, math.MaxUint16)
	case "uint32":
		bounds(0, math.MaxUint32)
	case "uint64":
		bounds(0, 0)
	case "float64":
		s.Type = "number"
	case "duration":
		s.Type, s.Pattern = "string", duration
		if g.lenient {
			s.alternatives(&schema{Type: "string", Pattern: duration}, &schema{Type: "number"})
		}
	case "slice", "map":
		values, err := g.property(d.Values, Field{})
		if err != nil {
			return nil, fmt.Errorf("values: %w", err)
		}
		if d.Type == "map" {
			s.Type, s.AdditionalProperties = "object", values
			break
		}
		s.Type, s.Items = "array", values
		if scalar := values.Type != "object" && values.Type != "array"; scalar && (g.lenient || d.Single) {
			s.alternatives(&schema{Type: "array", Items: values}, values)
		}
	case "any", "":
		for _, one := range d.AnyOf {
			below, err := g.property(one, Field{})
			if err != nil {
				return nil, err
			}
			s.AnyOf = append(s.AnyOf, below)
		}
	default:
		return nil, fmt.Errorf("type %q is not known", d.Type)
	}
	return s, nil
}

// anyCase is a pattern of texts in any case. The patterns of JSON Schema have no flag for it.
func anyCase(texts []any) string {
	var pattern strings.Builder
	for i, text := range texts {
		if i > 0 {
			pattern.WriteByte('|')
		}
		for _, r := range fmt.Sprint(text) {
			if unicode.IsLetter(r) {
				fmt.Fprintf(&pattern, "[%c%c]", unicode.ToUpper(r), unicode.ToLower(r))
			} else {
				pattern.WriteRune(r)
			}
		}
	}
	return "^(" + pattern.String() + ")$"
}

// alternatives makes a schema that takes what one of several takes.
func (s *schema) alternatives(all ...*schema) {
	*s = schema{Description: s.Description, Default: s.Default, AnyOf: all}
}

// reference reports whether ref, in mdatagen's form, is a type: a package, a dot and the type's name with underscores.
func (g *generator) reference(t reflect.Type, ref string) bool {
	if below, relative := strings.CutPrefix(ref, "./"); relative {
		ref = g.folder + "/" + below
	}
	var name strings.Builder
	for i, r := range t.Name() {
		if i > 0 && unicode.IsUpper(r) {
			name.WriteByte('_')
		}
		name.WriteRune(unicode.ToLower(r))
	}
	return t.PkgPath()+"."+name.String() == ref
}

// overlay puts what metadata.yaml says about a key of an embedded type into its schema.
func overlay(s *schema, d *declaration, from reflect.Type) *schema {
	if s.Description == "" {
		s.Description = "A key of " + from.PkgPath() + "."
	}
	if d == nil {
		return s
	}
	if d.Description != "" {
		s.Description = d.Description
	}
	if d.SystemDefault {
		s.Default = nil
	}
	for key, below := range d.Properties {
		s.Properties[key] = overlay(s.Properties[key], below, from)
	}
	return s
}

// foreign makes the schema of a type that is not this project's, and whose keys metadata.yaml does not list.
func foreign(t reflect.Type, v reflect.Value) *schema {
	t, v = Plain(t, v)
	s := &schema{Type: Type(t), Default: Default(v)}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		s.Pattern = duration
	case t == reflect.TypeFor[configopaque.MapList]():
		s.alternatives(&schema{Type: "object", AdditionalProperties: &schema{Type: "string"}}, &schema{Type: "array", Items: &schema{
			Type: "object", Properties: map[string]*schema{"name": {Type: "string"}, "value": {Type: "string"}}, AdditionalProperties: false,
		}})
	case s.Type == "array":
		s.Items = foreign(t.Elem(), reflect.Value{})
	case t.Kind() == reflect.Map:
		s.AdditionalProperties = foreign(t.Elem(), reflect.Value{})
	case s.Type == "object":
		s.Properties, s.AdditionalProperties = map[string]*schema{}, false
		for _, f := range Fields(t, v) {
			s.Properties[f.Key] = foreign(f.Type, f.Value)
		}
	}
	return s
}
