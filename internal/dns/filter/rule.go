// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rule is a compiled Rule. An event matches it if it meets every condition.
type rule []clause

// clause is the condition on one field.
type clause struct {
	condition
	field int // index into table
}

// matches reports whether an event with these facts meets every condition.
func (r rule) matches(x *facts) bool {
	for i := range r {
		if !r[i].matches(x) {
			return false
		}
	}
	return true
}

// possible reports whether an event of the occurrence may match the rule.
func (r rule) possible(o *occurrence) bool {
	for i := range r {
		if !r[i].possible(o) {
			return false
		}
	}
	return true
}

// on returns the condition on a field, and adds one if the rule has none.
func (r *rule) on(name string) condition {
	at := find(name)
	i, there := slices.BinarySearchFunc(*r, at, func(c clause, at int) int { return c.field - at })
	if !there {
		*r = slices.Insert(*r, i, clause{table[at].ask(), at})
	}
	return (*r)[i].condition
}

// add adds the values of a field, and returns an error for each that is not allowed.
func (r *rule) add(name string, values []string) (errs []error) {
	if err := (Rule{}).CheckKey(name); err != nil {
		return []error{err}
	}
	if len(values) == 0 {
		return []error{errors.New("the field has no value; want one or a list")}
	}
	c := r.on(name)
	for _, v := range values {
		if err := c.add(v); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// split returns the rule with the names of the table in place of aliases, and with values split at commas, as the connector's are.
func (r Rule) split() Rule {
	whole := Rule{}
	for _, name := range slices.Sorted(maps.Keys(r)) {
		field := name
		if at := find(name); at >= 0 {
			field = table[at].name
		}
		for _, v := range r[name] {
			for part := range strings.SplitSeq(v, ",") {
				whole[field] = append(whole[field], strings.TrimSpace(part))
			}
		}
		if len(r[name]) == 0 && whole[field] == nil {
			whole[field] = nil // a field without values is an error
		}
	}
	return whole
}

// compileAll compiles the rules of a list. All rules with only one field, the same one, become one rule, so a list of thousands of them costs
// as much as one.
func compileAll(list string, from []Rule) ([]rule, error) {
	var compiled []rule
	var errs []error
	alone := map[string]int{} // the index of the rule with only one field, by field
	for i, r := range from {
		if len(r) == 0 {
			errs = append(errs, fmt.Errorf("%s[%d]: the rule names no field; want one or more of %s", list, i, fieldNames()))
			continue
		}
		r = r.split()
		at, merge := len(compiled), false
		if len(r) == 1 {
			field := slices.Collect(maps.Keys(r))[0]
			if at, merge = alone[field]; !merge {
				at = len(compiled)
				alone[field] = at
			}
		}
		if !merge {
			compiled = append(compiled, nil)
		}
		for _, field := range slices.Sorted(maps.Keys(r)) {
			for _, err := range compiled[at].add(field, r[field]) {
				errs = append(errs, fmt.Errorf("%s[%d].%s: %w", list, i, field, err))
			}
		}
	}
	return compiled, errors.Join(errs...)
}

func anyMatches(rules []rule, x *facts) bool {
	for i := range rules {
		if rules[i].matches(x) {
			return true
		}
	}
	return false
}
