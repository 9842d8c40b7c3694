// SPDX-License-Identifier: Apache-2.0

// Package schema makes the JSON Schema of a component's configuration. In go the section config of the component's metadata.yaml and the
// default configuration of its factory; out comes config.schema.yaml.
//
// mdatagen has a generator too. It also writes the Go type of the configuration, and then there is no room for one that is written by
// hand; the section has mdatagen's form, so that it can take over. The section adds keys to that form:
//
//   - x-lenient, of the whole: the component takes a bare number as seconds where a duration is wanted, and one value where a list of
//     values is wanted. x-single says the latter of one list.
//   - x-any-case, of a key: its values are taken in any case.
//   - x-system-default, of a key: the default differs between systems, and the schema has none.
package schema

import "go.opentelemetry.io/collector/component"

// Component is a component with a schema.
type Component struct {
	// Folder is its place in the repository.
	Folder string
	// Kind is the section of the collector's configuration that it is configured in, such as receivers.
	Kind string
	// Factory makes its default configuration.
	Factory component.Factory
}
