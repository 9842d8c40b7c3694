// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// allowed are the licences that a linked module may have, and the systems on which: nil for all. An executable that links a module under
// the GPL is as a whole under the GPL. Only Windows has one, golang-etw, and the notice says so.
var allowed = map[string][]string{
	"Apache-2.0": nil, "BSD-2-Clause": nil, "BSD-3-Clause": nil, "CC0-1.0": nil, "ISC": nil, "MIT": nil, "MPL-2.0": nil, "Unlicense": nil,
	"GPL-3.0": {"windows"},
}

// audited are the systems for which the programs' modules are audited.
var audited = []string{"darwin", "linux", "windows"}

// audit returns an error for each module that the programs link whose licence is unknown or not allowed. It returns how many modules
// there are.
func audit(sources []string) (int, error) {
	modules := map[string]*module{}
	for _, folder := range sources {
		for _, system := range audited {
			if err := linked(folder, system, modules); err != nil {
				return 0, err
			}
		}
	}
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(modules)) {
		m := modules[key]
		if err := m.read(); err != nil {
			return 0, err
		}
		errs = append(errs, m.audit())
	}
	return len(modules), errors.Join(errs...)
}

// audit checks the licences of one module.
func (m *module) audit() error {
	kinds := m.kinds()
	if len(kinds) == 0 {
		return fmt.Errorf("%s %s: no known licence in %s", m.Path, m.Version, m.Dir)
	}
	var errs []error
	for _, kind := range kinds {
		systems, known := allowed[kind]
		if !known {
			errs = append(errs, fmt.Errorf("%s %s: the licence %s is not allowed; want one of %s", m.Path, m.Version, kind, strings.Join(slices.Sorted(maps.Keys(allowed)), ", ")))
			continue
		}
		for _, system := range m.systems {
			if systems != nil && !slices.Contains(systems, system) {
				errs = append(errs, fmt.Errorf("%s %s: it is linked for %s, where the licence %s is not allowed; want it for %s only", m.Path, m.Version, system, kind, strings.Join(systems, ", ")))
			}
		}
	}
	return errors.Join(errs...)
}
