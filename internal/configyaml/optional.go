// SPDX-License-Identifier: Apache-2.0

package configyaml

import "go.opentelemetry.io/collector/confmap"

// Optional is embedded, squashed, in a section that does nothing where it is left out. It knows whether the section is there, so that
// one without the key that makes it do something can be refused.
type Optional struct {
	there bool
}

// Look looks whether the section of that key has keys in a component's configuration. It comes before Unmarshal.
func (o *Optional) Look(component *confmap.Conf, section string) {
	o.there = HasKeys(component, section)
}

// There reports whether the section has keys.
func (o *Optional) There() bool { return o.there }

// MarshalOptional writes keys, a section's values, where the section does something, and else nothing: what is written is read again,
// and a section with keys would be there. keys is of a type that does not marshal itself.
func MarshalOptional(conf *confmap.Conf, enabled bool, keys any) error {
	if !enabled {
		return nil
	}
	return conf.Marshal(keys)
}
