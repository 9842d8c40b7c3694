// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"bytes"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// Which layout an event has. Microsoft changes the fields of an event without a new version of it, so that what a layout makes of
// an event may be read from the wrong bytes. This file decides which values are kept:
//
//   - A layout that consumes the user data exactly is the event's, the newest first, unless a value shows that it is not: a flag
//     that is neither 0 nor 1, a 16-bit word that holds two characters of a text, an address, a name or a GUID that begins as none
//     does. Where several could consume it exactly, the packet decides; where there is none, only what they agree on is kept. What
//     the host itself says of its events is not doubted.
//   - Where none does, the layout is not known. A value refutes a layout, or says nothing, or confirms it and every field before it
//     (see judge). Kept is what the layout that is confirmed furthest says up to there, less what another confirmed layout says
//     otherwise. A layout that a value refutes is confirmed only as far as the packet agrees with it.

// LayoutUnknown reports whether the event's id is known and its layout is not: it then has the fields that are certain, and the
// bytes of the others are undecoded.
func (e *Event) LayoutUnknown() bool {
	d := e.Decoded()
	return d.Template != nil && !d.Exact
}

// Undecoded reports whether the event may carry the field in bytes that are not decoded, so that its absence says nothing.
func (e *Event) Undecoded(f Field) bool {
	if !e.LayoutUnknown() || e.value(f) != nil {
		return false
	}
	for _, t := range e.decoded.Candidates() {
		if e.decoder.plans[t.Index].slots[f] >= 0 {
			return true
		}
	}
	return false
}

// plausible reports whether the values of the exact layout are not plainly another layout's: what they begin with, and whether the
// numbers are such. It is on the way of every event, so it is no more than that.
func (e *Event) plausible() bool {
	values, pl := e.decoded.Values, e.planOf(e.decoded.Template)
	var flags uint64
	for _, i := range pl.flags {
		flags |= values[i].Num
	}
	if flags > 1 {
		return false
	}
	for _, i := range pl.words {
		if n := values[i].Num; n > math.MaxUint16 && looksLikeText(n) {
			return false
		}
	}
	for _, i := range pl.texts {
		b := values[i].Bytes
		if len(b) == 0 {
			continue
		}
		switch first := b[0]; pl.fields[i] {
		case SessionGUID:
			if first != '{' && e.decoded.Template.Fields[i].Type == schema.UTF16 {
				return false
			}
		case QueryName: // whoever asks may choose any byte; what the packet has too is no other field's
			if isOddName(e.decoded.Template.Fields[i].Type, b) && !e.packetAgrees() {
				return false
			}
		default:
			if !beginsAddress[first] {
				return false
			}
		}
	}
	return true
}

// isOddName reports whether a name begins with what a number does and a host's name does not, or is one letter.
func isOddName(t schema.Type, name []byte) bool {
	first := rune(name[0])
	if t == schema.UTF16 {
		first |= rune(name[1]) << 8
		return first <= ' ' || first == 0x7F || first >= 0xDC00 && first <= 0xDFFF
	}
	return first <= ' ' || first == 0x7F || first >= utf8.RuneSelf && !utf8.Valid(name) || len(name) == 1 && first != '.'
}

// beginsAddress has the bytes that the text of an address begins with.
var beginsAddress = func() (is [256]bool) {
	for _, c := range "0123456789abcdefABCDEF:" {
		is[c] = true
	}
	return is
}()

// looksLikeText reports whether a 32-bit number is two 16-bit units of ASCII text.
func looksLikeText(n uint64) bool {
	low, high := n&0xFFFF, n>>16
	return low >= ' ' && low <= '~' && high >= ' ' && high <= '~'
}

// settle decides about the layout of an event whose first exact layout, if there is one, is in e.decoded.
func (e *Event) settle() {
	d := &e.decoded
	if d.Exact && (e.planOf(d.Template).host || e.plausible() && (len(d.Rivals()) == 0 || e.headerAgrees())) {
		return
	}
	if !e.exact() {
		e.agree(e.certain)
	}
}

// exact looks for the one layout that is the event's. It reports whether that is decided, and leaves it in e.decoded.
func (e *Event) exact() bool {
	d := &e.decoded
	var found *schema.Template
	several := false
	for _, t := range d.Candidates() {
		d.Try(t)
		switch {
		case !d.Exact || !e.plausible():
		case e.packetAgrees():
			return true
		case found == nil:
			found = t
		case t.Agrees(found) < len(t.Fields):
			several = true
		}
	}
	if several {
		e.agree(func() int {
			if d.Exact && e.plausible() {
				return len(d.Values)
			}
			return 0
		})
		return true
	}
	if found != nil {
		d.Try(found)
	}
	return found != nil
}

// agree keeps what the layout says that is confirmed furthest, up to where another one that is confirmed there says otherwise.
// confirmed gives the number of leading fields that are, of the layout that has just been read.
func (e *Event) agree(confirmed func() int) {
	d := &e.decoded
	best, most := d.Candidates()[0], 0
	for _, t := range d.Candidates() {
		d.Try(t)
		if n := confirmed(); n > most {
			best, most = t, n
		}
	}
	keep := most
	for _, t := range d.Candidates() {
		d.Try(t)
		if same := t.Agrees(best); same < keep && confirmed() > same {
			keep = same
		}
	}
	d.Keep(best, keep)
}

// certain gives the number of leading fields that are certain of an event that no layout consumes exactly, by the layout that it
// has just been read by.
func (e *Event) certain() (sure int) {
	d, pl := &e.decoded, e.planOf(e.decoded.Template)
	read, refuted := len(d.Values), false
	for i := range d.Values {
		verdict := e.judge(pl, i)
		if verdict == refutes {
			read, refuted = i, true
			break
		}
		if verdict == confirms {
			sure = i + 1
		}
	}
	packet, inPlace := e.searchPacket(pl, read)
	if packet == nil {
		if refuted {
			return 0
		}
		return sure
	}
	refuted = refuted || !inPlace
	byPacket, against := pl.compare(d.Values[:read], packet, refuted)
	if refuted || against {
		return byPacket
	}
	return max(sure, byPacket)
}

// verdict is what a value says about the layout that it was read by.
type verdict uint8

const (
	neutral  verdict = iota
	refutes          // no such field has this value
	confirms         // bytes that lie elsewhere hardly ever look like this
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

// judge gives the verdict of the i-th value. An address, a list of addresses, a GUID's text, a packet that agrees with the fields,
// and a name before a small number confirm.
func (e *Event) judge(pl *plan, i int) verdict {
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

// lastLetter is the last character that a text of UTF-16 is believed to have where its layout is not known: what lies elsewhere
// would be read as characters of higher numbers, two of ASCII in one.
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

// isAddressList reports whether a UTF-16 text is one address or more, divided by semicolons.
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
	text := schema.AppendUTF16(make([]byte, 0, 64), units)
	if len(text) != 38 || text[0] != '{' || text[37] != '}' {
		return false
	}
	for i, c := range text[1:37] {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return false
			}
		}
	}
	return true
}
