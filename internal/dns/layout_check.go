// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// verdict is the evidence of a value for or against the layout by which it was read.
type verdict uint8

const (
	neutral  verdict = iota
	refutes          // the field cannot have this value
	confirms         // other bytes hardly ever look like this
)

func isGood(good bool) verdict {
	if good {
		return confirms
	}
	return refutes
}

func notRefuted(good bool) verdict {
	if good {
		return neutral
	}
	return refutes
}

// check returns the verdict of the i-th value. These confirm the layout: an address, a list of addresses, a GUID's text, a packet that
// agrees with the fields, and a name before a small number.
func (e *Event) check(pl *plan, i int) verdict {
	d := &e.decoded
	f, v := &d.Template.Fields[i], &d.Values[i]
	switch pl.fields[i] {
	case TCP, RD, AA, AD:
		return notRefuted(v.Num <= 1)
	case QueryType, XID, Port, Flags, ResponseCode:
		return notRefuted(v.Num <= math.MaxUint16)
	case Status: // a Win32 error, or an HRESULT or NTSTATUS
		return notRefuted(v.Num <= math.MaxUint16 || v.Num >= 1<<31)
	case InterfaceIP, ForwardInterfaceIP, Source, Destination:
		_, ok := ParseAddr(v.Bytes)
		return isGood(ok)
	case LocalAddress, ServerAddress:
		return isGood(isAddressList(v.Bytes))
	case ServerList:
		if len(v.Bytes) > 0 {
			return isGood(isAddressList(v.Bytes))
		}
	case QueryResults:
		if isAddressList(v.Bytes) {
			return confirms
		}
	case Address:
		if _, ok := ParseSockaddr(v.Bytes); ok {
			return confirms
		}
	case SessionGUID:
		if f.Type == schema.UTF16 && len(v.Bytes) > 0 {
			return isGood(isGUIDText(v.Bytes))
		}
	case QueryName:
		switch {
		case len(v.Bytes) == 0 || isOddName(f.Type, v.Bytes) || !isText(f.Type, v.Bytes) || f.Type == schema.ANSI && v.Bytes[len(v.Bytes)-1] != '.':
			return refutes
		case f.Type == schema.UTF16 && len(v.Bytes) <= 2: // as a small number would be read
			return neutral
		case i+1 < len(d.Values) && d.Template.Fields[i+1].Type == schema.U32 && d.Values[i+1].Num <= math.MaxUint16:
			return confirms
		}
	case PacketData:
		if len(v.Bytes) > 0 {
			n, against := pl.compare(d.Values[:i], v.Bytes, false)
			return isGood(n > 0 && !against)
		}
	}
	switch {
	case i+1 < len(d.Template.Fields) && d.Template.Fields[i+1].LengthField == i:
		return notRefuted(v.Num <= math.MaxUint16)
	case f.Type == schema.Bool32:
		return notRefuted(v.Num <= 1)
	case f.Type == schema.UTF16 && pl.fields[i] == NoField:
		return notRefuted(isText(f.Type, v.Bytes) && !isAddressList(v.Bytes))
	case f.Type == schema.ANSI || f.Type == schema.UTF16:
		return notRefuted(isText(f.Type, v.Bytes))
	}
	return neutral
}

// lastLetter is the greatest character that is accepted in a UTF-16 text of an unknown layout. Bytes of other fields give greater ones: two
// ASCII characters read as one.
const lastLetter = 0x1FFF

// isText reports whether the bytes of a string are text: no control characters, and none beyond lastLetter.
func isText(t schema.Type, b []byte) bool {
	if t == schema.UTF16 {
		for i := 0; i+1 < len(b); i += 2 {
			if u := binary.LittleEndian.Uint16(b[i:]); u < ' ' || u == 0x7F || u > lastLetter {
				return false
			}
		}
		return true
	}
	for _, c := range b {
		if c < ' ' || c == 0x7F {
			return false
		}
	}
	return true
}

// isAddressList reports whether a UTF-16 text is one or more addresses, separated by semicolons.
func isAddressList(units []byte) bool {
	text := bytes.TrimSuffix(schema.AppendUTF16(make([]byte, 0, 128), units), []byte{';'})
	for one := range bytes.SplitSeq(text, []byte{';'}) {
		if _, ok := ParseAddr(one); !ok {
			return false
		}
	}
	return true
}

// isGUIDText reports whether a UTF-16 text has the form of "{BF629903-4288-435F-9182-470BEDF5C0A4}".
func isGUIDText(units []byte) bool {
	var buf [16]byte
	_, ok := appendGUID(buf[:0], units, 2)
	return ok
}
