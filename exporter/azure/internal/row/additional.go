// SPDX-License-Identifier: Apache-2.0

// AdditionalFields: one JSON object of the attributes without a column. It is always valid JSON, and short enough that
// the service does not cut it.

package row

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/jsontext"
)

// appendAdditional appends the column AdditionalFields unless it is empty: an object, or its text in a table where the
// column is a string.
func (e *Encoder) appendAdditional(dst []byte, given pcommon.Value, isGiven bool) []byte {
	key := e.table.Columns[e.table.Additional].Key
	if e.table.Columns[e.table.Additional].Type != columns.String {
		before := len(dst)
		dst, ok := e.appendObject(append(dst, key...), given, isGiven)
		if !ok {
			return dst[:before]
		}
		return dst
	}
	var ok bool
	if e.scratch, ok = e.appendObject(e.scratch[:0], given, isGiven); !ok {
		return dst
	}
	return jsontext.AppendQuoted(append(dst, key...), e.scratch)
}

// appendObject appends AdditionalFields as an object: the fields of the record's own AdditionalFields, then the
// attributes without a column, then the resource's attributes of the device that the record lacks, then the selected
// attributes of the resource. If they are too long, the largest are left out, and the field Shed names them. ok is false
// if there are none.
func (e *Encoder) appendObject(dst []byte, given pcommon.Value, isGiven bool) (_ []byte, ok bool) {
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
	return e.object.End(dst)
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
