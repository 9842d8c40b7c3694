// SPDX-License-Identifier: Apache-2.0

package configyaml

import (
	"reflect"

	"go.opentelemetry.io/collector/confmap"
)

// Optional is embedded, squashed, in a section that does nothing if it is left out. It records whether the section is there, so that Validate
// can refuse a section without the key that enables it. Such a section has a method Enabled.
type Optional struct {
	there bool
}

// Look records whether the section with that key has keys in a component's configuration. Call it before Unmarshal.
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

// Marshal writes a component's configuration without optional sections that are not enabled. A written section has keys, so Validate would
// refuse it when it is read again. from is a struct of a type that does not marshal itself.
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
