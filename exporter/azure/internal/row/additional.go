// SPDX-License-Identifier: Apache-2.0

// AdditionalFields: one JSON object of the attributes without a column. It is always valid JSON, and short enough that
// the service does not cut it.

package row

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// appendAdditional appends the column AdditionalFields unless it is empty: the fields of the record's own
// AdditionalFields, then the attributes without a column, then the resource's attributes of the device that the record
// lacks, then the selected attributes of the resource. If they are too long, the largest are left out, and the field
// Shed names them.
func (e *Encoder) appendAdditional(dst []byte, given pcommon.Value, isGiven bool) []byte {
	before := len(dst)
	dst = append(dst, e.table.Columns[e.table.Additional].Key...)
	dst = e.object.Begin(dst, additionalFields{e}, e.limit)
	if isGiven && given.Type() == pcommon.ValueTypeMap {
		for name, v := range given.Map().All() {
			dst = e.object.Put(dst, name, v)
		}
	} else if isGiven {
		dst = e.object.Put(dst, "AdditionalFields", given)
	}
	for _, x := range e.extra {
		dst = e.object.Put(dst, x.name, x.value)
	}
	for _, x := range e.device {
		if !slices.ContainsFunc(e.extra, func(own namedValue) bool { return own.name == x.name }) {
			dst = e.object.Put(dst, x.name, x.value)
		}
	}
	for _, x := range e.more {
		dst = e.object.Put(dst, x.name, x.value)
	}
	dst, ok := e.object.End(dst)
	if !ok {
		return dst[:before]
	}
	return dst
}

// additionalFields counts what is altered within AdditionalFields.
type additionalFields struct{ e *Encoder }

func (a additionalFields) AppendText(dst []byte, s string) []byte {
	return a.e.appendText(dst, s, a.e.table.Additional)
}

func (a additionalFields) TooDeep()     { a.e.count(RuleNested, a.e.table.Additional) }
func (a additionalFields) CutName()     { a.e.count(RuleCut, a.e.table.Additional) }
func (a additionalFields) InvalidName() { a.e.count(RuleUTF8, a.e.table.Additional) }
func (a additionalFields) Shed()        { a.e.count(RuleShed, a.e.table.Additional) }
