// SPDX-License-Identifier: Apache-2.0

// Converts the value of an attribute to the type of a column, if both mean the same.

package row

import (
	"math"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/columns"
)

type result uint8

const (
	written result = iota
	nothing        // an empty value
	misfit         // the column cannot hold this value
)

// appendValue appends the value in the column's type. The appended bytes are valid only if the result is written.
func (e *Encoder) appendValue(dst []byte, column int, typ pcommon.ValueType, v pcommon.Value) ([]byte, result) {
	if typ == pcommon.ValueTypeEmpty || typ == pcommon.ValueTypeStr && v.Str() == "" {
		return dst, nothing
	}
	same := false
	ok := true
	switch e.table.Columns[column].Type {
	case columns.String:
		dst, ok = appendScalarAsText(dst, v)
	case columns.Int:
		same = typ == pcommon.ValueTypeInt
		dst, ok = appendInteger(dst, v, math.MinInt32, math.MaxInt32)
	case columns.Long:
		same = typ == pcommon.ValueTypeInt
		dst, ok = appendInteger(dst, v, math.MinInt64, math.MaxInt64)
	case columns.Real:
		same = typ == pcommon.ValueTypeDouble
		dst, ok = appendReal(dst, v)
	case columns.Bool:
		same = typ == pcommon.ValueTypeBool
		dst, ok = appendBool(dst, v)
	case columns.Datetime:
		same = true
		ok = false
		if typ == pcommon.ValueTypeStr {
			dst, ok = e.datetimes.append(dst, v.Str())
		}
	default:
		ok = false
	}
	if !ok {
		return dst, misfit
	}
	if !same {
		e.count(RuleConverted, column)
	}
	return dst, written
}

func appendScalarAsText(dst []byte, v pcommon.Value) ([]byte, bool) {
	dst = append(dst, '"')
	switch v.Type() {
	case pcommon.ValueTypeInt:
		dst = strconv.AppendInt(dst, v.Int(), 10)
	case pcommon.ValueTypeBool:
		dst = strconv.AppendBool(dst, v.Bool())
	case pcommon.ValueTypeDouble:
		if !finite(v.Double()) {
			return dst, false
		}
		dst = strconv.AppendFloat(dst, v.Double(), 'g', -1, 64)
	default:
		return dst, false
	}
	return append(dst, '"'), true
}

// appendInteger accepts an integer, a double with an integer value, and the usual text of an integer.
func appendInteger(dst []byte, v pcommon.Value, lowest, highest int64) ([]byte, bool) {
	var n int64
	switch v.Type() {
	case pcommon.ValueTypeInt:
		n = v.Int()
	case pcommon.ValueTypeDouble:
		f := v.Double()
		if n = int64(f); f != math.Trunc(f) || f < -1<<53 || f > 1<<53 {
			return dst, false
		}
	case pcommon.ValueTypeStr:
		s := v.Str()
		if !plainInteger(s) {
			return dst, false
		}
		var err error
		if n, err = strconv.ParseInt(s, 10, 64); err != nil {
			return dst, false
		}
	default:
		return dst, false
	}
	if n < lowest || n > highest {
		return dst, false
	}
	return strconv.AppendInt(dst, n, 10), true
}

// plainInteger reports whether a text is an integer in the form that this package writes: no sign but "-", no leading
// zeros.
func plainInteger(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || len(digits) > 19 || digits[0] == '0' && s != "0" {
		return false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return true
}

// appendReal accepts a finite double, an integer that a double can represent, and the decimal text of a finite double.
func appendReal(dst []byte, v pcommon.Value) ([]byte, bool) {
	var f float64
	switch v.Type() {
	case pcommon.ValueTypeDouble:
		f = v.Double()
	case pcommon.ValueTypeInt:
		if v.Int() < -1<<53 || v.Int() > 1<<53 {
			return dst, false
		}
		return strconv.AppendInt(dst, v.Int(), 10), true
	case pcommon.ValueTypeStr:
		s := v.Str()
		if strings.Trim(s, "+-.0123456789eE") != "" || len(s) > 64 {
			return dst, false
		}
		var err error
		if f, err = strconv.ParseFloat(s, 64); err != nil {
			return dst, false
		}
	default:
		return dst, false
	}
	if !finite(f) {
		return dst, false
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64), true
}

// appendBool accepts a bool, "true" and "false" in any case, and 0 and 1.
func appendBool(dst []byte, v pcommon.Value) ([]byte, bool) {
	switch v.Type() {
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(dst, v.Bool()), true
	case pcommon.ValueTypeInt:
		if n := v.Int(); n == 0 || n == 1 {
			return strconv.AppendBool(dst, n == 1), true
		}
	case pcommon.ValueTypeStr:
		if s := v.Str(); strings.EqualFold(s, "true") || strings.EqualFold(s, "false") {
			return strconv.AppendBool(dst, s[0] == 't' || s[0] == 'T'), true
		}
	}
	return dst, false
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
