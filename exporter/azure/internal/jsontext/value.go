// SPDX-License-Identifier: Apache-2.0

package jsontext

import (
	"encoding/base64"
	"math"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// MaxDepth is the deepest nesting of values. A value that is nested deeper becomes a text.
const MaxDepth = 16

// Texts writes the texts of a value.
type Texts interface {
	// AppendText appends a text, or a name, as a JSON string. It may cut it.
	AppendText(dst []byte, s string) []byte
	// TooDeep counts a value that is nested deeper than MaxDepth.
	TooDeep()
}

// AppendValue appends any value as JSON: bytes in base64, an empty value as null, an empty name as "_". ok is false if
// the buffer would become longer than end; the appended bytes are then useless.
func AppendValue(dst []byte, v pcommon.Value, to Texts, end int) (_ []byte, ok bool) {
	return appendValue(dst, v, to, 0, end)
}

func appendValue(dst []byte, v pcommon.Value, to Texts, depth, end int) (_ []byte, ok bool) {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		s := v.Str()
		if len(dst)+len(s)+2 > end {
			return dst, false
		}
		dst = to.AppendText(dst, s)
	case pcommon.ValueTypeInt:
		dst = strconv.AppendInt(dst, v.Int(), 10)
	case pcommon.ValueTypeBool:
		dst = strconv.AppendBool(dst, v.Bool())
	case pcommon.ValueTypeDouble:
		dst = AppendDouble(dst, v.Double())
	case pcommon.ValueTypeBytes:
		if len(dst)+v.Bytes().Len() > end {
			return dst, false
		}
		dst = append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes().AsRaw()), '"')
	case pcommon.ValueTypeMap:
		if depth == MaxDepth {
			return appendTooDeep(dst, to), true
		}
		dst = append(dst, '{')
		first := true
		for name, inner := range v.Map().All() {
			if len(dst)+len(name) > end {
				return dst, false
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			if name == "" {
				name = "_"
			}
			dst = append(to.AppendText(dst, name), ':')
			if dst, ok = appendValue(dst, inner, to, depth+1, end); !ok {
				return dst, false
			}
		}
		dst = append(dst, '}')
	case pcommon.ValueTypeSlice:
		if depth == MaxDepth {
			return appendTooDeep(dst, to), true
		}
		dst = append(dst, '[')
		for i := range v.Slice().Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, ok = appendValue(dst, v.Slice().At(i), to, depth+1, end); !ok {
				return dst, false
			}
		}
		dst = append(dst, ']')
	default:
		dst = append(dst, "null"...)
	}
	return dst, len(dst) <= end
}

func appendTooDeep(dst []byte, to Texts) []byte {
	to.TooDeep()
	return append(dst, `"[nested too deep]"`...)
}

// AppendDouble appends a double. JSON has no infinite numbers and no NaN, so these become texts.
func AppendDouble(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(AppendNumber(append(dst, '"'), f), '"')
	}
	return AppendNumber(dst, f)
}

// AppendNumber appends a double in the form of ECMAScript and encoding/json; or NaN, Infinity or -Infinity.
func AppendNumber(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	if abs := math.Abs(f); abs == 0 || abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' { // e-09 becomes e-9
		dst = append(dst[:n-2], dst[n-1])
	}
	return dst
}
