// SPDX-License-Identifier: Apache-2.0

package configyaml

import (
	"reflect"

	"go.opentelemetry.io/collector/confmap"
)

// Optional is embedded, squashed, in a section that does nothing where it is left out. It knows whether the section is there, so that
// one without the key that makes it do something can be refused. Such a section has a method Enabled.
type Optional struct {
	there bool
}

// Look looks whether the section of that key has keys in a component's configuration. It comes before Unmarshal.
func (o *Optional) Look(component *confmap.Conf, section string) {
	o.there = HasKeys(component, section)
}

// There reports whether the section has keys.
func (o *Optional) There() bool { return o.there }

// enabler is a section with an Optional.
type enabler interface {
	Enabled() bool
	There() bool
}

// Marshal writes a component's configuration, without its optional sections that are not enabled: what is written is read again, and a
// section with keys would be there. from is a struct of a type that does not marshal itself.
func Marshal(conf *confmap.Conf, from any) error {
	if err := conf.Marshal(from); err != nil {
		return err
	}
	value := reflect.New(reflect.TypeOf(from)).Elem()
	value.Set(reflect.ValueOf(from))
	for key, f := range fieldsOf(value.Type()) {
		if section, ok := value.FieldByIndex(f.Index).Addr().Interface().(enabler); ok && !section.Enabled() {
			conf.Delete(key)
		}
	}
	return nil
}
