// SPDX-License-Identifier: Apache-2.0

// The properties of an item: texts with unique names.

package envelope

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/jsontext"
)

const (
	additionalFields = "AdditionalFields"
	// startTime is the property with the true time of an item that was too old.
	startTime = `"EventStartTime"`
	// missing is the property with the number of properties that were left out. If the item has one of its own with that
	// name, it gets _2 to _9.
	missing = `"Shed"`
)

// appendProperties appends the properties: the record's attributes, then those of the scope and the resource that the
// record does not have. from is where the item begins. On the first try, it stops when the item becomes too large. On
// the second one, it leaves out what does not fit.
func (e *Encoder) appendProperties(dst []byte, from int, record plog.LogRecord, at, sent uint64) []byte {
	e.names.Reset()
	open, shed := len(dst), 0
	for name, v := range record.Attributes().All() {
		before := len(dst)
		var ok bool
		dst, ok = e.appendProperty(e.comma(dst, open), name, v)
		if ok && e.large && len(dst)-from > MaxItem-endRoom {
			ok = false
			e.names.Undo(dst)
		}
		switch {
		case !ok:
			dst = dst[:before]
			shed++
		case !e.large && len(dst)-from > MaxItem:
			return dst
		}
	}
	if at != sent && !e.names.Has(dst, []byte(startTime)) {
		dst = append(e.comma(dst, open), startTime...)
		e.names.Add(dst, len(dst)-len(startTime))
		dst = append(e.times.Append(append(dst, `:"`...), at), '"')
	}
	for _, p := range e.common {
		if e.names.Has(dst, e.texts[p.from:p.name]) {
			continue
		}
		if e.large && len(dst)-from+p.to-p.from+1 > MaxItem-endRoom {
			shed++
			continue
		}
		dst = append(e.comma(dst, open), e.texts[p.from:p.to]...)
	}
	for range shed {
		e.count(RuleShed, FieldProperty)
	}
	if shed > 0 {
		if name := e.freeName(dst); name != nil {
			dst = append(append(e.comma(dst, open), name...), `:"`...)
			dst = append(strconv.AppendInt(dst, int64(shed), 10), '"')
		}
	}
	return dst
}

// freeName returns missing, or missing with a suffix, that no property of the record, the scope or the resource has. It
// returns nil if there is none.
func (e *Encoder) freeName(dst []byte) []byte {
	name := []byte(missing)
	for n := byte('2'); ; n++ {
		common := slices.ContainsFunc(e.common, func(p property) bool { return bytes.Equal(e.texts[p.from:p.name], name) })
		if !common && !e.names.Has(dst, name) {
			return name
		}
		if n > '9' {
			return nil
		}
		name = append(append(name[:0], missing[:len(missing)-1]...), '_', n, '"')
	}
}

// comma appends a comma unless the properties, which begin at open, are empty.
func (e *Encoder) comma(dst []byte, open int) []byte {
	if len(dst) > open {
		return append(dst, ',')
	}
	return dst
}

// appendProperty appends a property. If the name exists already, it appends _2 to _9 to the name. ok is false if all of
// these exist too.
func (e *Encoder) appendProperty(dst []byte, name string, v pcommon.Value) (_ []byte, ok bool) {
	from := len(dst)
	dst = e.appendName(dst, name, maxName)
	if !e.names.Add(dst, from) {
		e.count(RuleRepeated, FieldName)
		dst = e.appendName(dst[:from], name, maxName-2)
		end := len(dst) - 1
		for n := byte('2'); ; n++ {
			if n > '9' {
				return dst, false
			}
			if dst = append(dst[:end], '_', n, '"'); e.names.Add(dst, from) {
				break
			}
		}
	}
	f := FieldProperty
	if name == additionalFields {
		f = FieldAdditional
	}
	limit := maxValue
	if e.large {
		limit = maxValueOfLarge
	}
	return e.appendValue(append(dst, ':'), v, limit, f), true
}

// appendName appends the name of a property, at most limit characters. An empty name becomes "_".
func (e *Encoder) appendName(dst []byte, name string, limit int) []byte {
	if name == "" {
		name = "_"
	}
	if len(name) > limit {
		if n := prefix(name, limit); n < len(name) {
			if limit == maxName {
				e.count(RuleCut, FieldName)
			}
			name = name[:n]
		}
	}
	dst, valid := jsontext.AppendString(append(dst, '"'), name)
	if !valid && limit == maxName {
		e.count(RuleUTF8, FieldName)
	}
	return append(dst, '"')
}

// appendValue appends any value as a JSON string of at most limit characters: a map as an object within the string, a
// list as a list, bytes in base64, an empty value as an empty text.
func (e *Encoder) appendValue(dst []byte, v pcommon.Value, limit int, f Field) []byte {
	e.json = jsonFields{e, f}
	switch v.Type() {
	case pcommon.ValueTypeStr:
		if f == FieldAdditional && len(v.Str()) > limit { // it may be JSON, which must not be cut
			e.count(RuleShed, f)
			return append(dst, `"{\"Shed\":[\"AdditionalFields\"],\"ShedCount\":1}"`...)
		}
		return e.appendText(dst, v.Str(), limit, f)
	case pcommon.ValueTypeBool:
		return append(strconv.AppendBool(append(dst, '"'), v.Bool()), '"')
	case pcommon.ValueTypeInt:
		return append(strconv.AppendInt(append(dst, '"'), v.Int(), 10), '"')
	case pcommon.ValueTypeDouble:
		return append(jsontext.AppendNumber(append(dst, '"'), v.Double()), '"')
	case pcommon.ValueTypeBytes:
		if room := limit/4*3 - len(jsontext.CutMark); v.Bytes().Len() > limit/4*3 {
			e.count(RuleCut, f)
			dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes().AsRaw()[:room/3*3])
			return append(append(dst, jsontext.CutMark...), '"')
		}
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes().AsRaw()), '"')
	case pcommon.ValueTypeMap:
		e.scratch = e.object.Begin(e.scratch[:0], &e.json, limit)
		for name, inner := range v.Map().All() {
			e.scratch = e.object.Put(e.scratch, name, inner)
		}
		e.scratch, _ = e.object.End(e.scratch)
		return jsontext.AppendQuoted(dst, e.scratch)
	case pcommon.ValueTypeSlice:
		const far = 16 // multiples of the limit: data beyond that is ignored
		var ok bool
		if e.scratch, ok = jsontext.AppendValue(e.scratch[:0], v, &e.json, far*limit); !ok {
			e.scratch = append(e.scratch[:0], '[')
		}
		if !ok || len(e.scratch) > limit {
			e.count(RuleShed, f)
			e.scratch = jsontext.CutList(e.scratch, limit)
		}
		return jsontext.AppendQuoted(dst, e.scratch)
	}
	return append(dst, `""`...)
}

// jsonFields counts what is altered within a value that is JSON.
type jsonFields struct {
	e *Encoder
	f Field
}

func (j *jsonFields) AppendText(dst []byte, s string) []byte {
	dst, valid := jsontext.AppendString(append(dst, '"'), s)
	if !valid {
		j.e.count(RuleUTF8, j.f)
	}
	return append(dst, '"')
}

func (j *jsonFields) TooDeep()     { j.e.count(RuleNested, j.f) }
func (j *jsonFields) CutName()     { j.e.count(RuleCut, j.f) }
func (j *jsonFields) InvalidName() { j.e.count(RuleUTF8, j.f) }
func (j *jsonFields) Shed()        { j.e.count(RuleShed, j.f) }
