// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// The layout of an event. Microsoft changes the fields of an event without a new version, so a layout may read values from the wrong
// bytes. This file decides which values are kept:
//
//   - A layout that consumes the user data exactly is the event's layout; the newest is tried first. A value can show that it is not: a flag
//     that is neither 0 nor 1, a 16-bit word with a larger number (an event of the server) or with two characters of text (any other
//     event), or an address, a name or a GUID with an impossible beginning. If several layouts consume the data exactly, the packet
//     decides. Without a packet only the fields that they have in common are kept. A layout from the host itself is always believed.
//   - If no layout consumes the data exactly, the layout is unknown. A value refutes a layout, is neutral, or confirms the layout up to the
//     value's field (see check). The event gets the fields of the layout that is confirmed furthest, up to the last confirmed field. It does
//     not get fields that another confirmed layout reads differently. A refuted layout is confirmed only as far as the packet agrees with it.

// LayoutUnknown reports whether the event's id is known and its layout is not. The event then has the fields that are certain, and the
// bytes of the other fields are undecoded.
func (e *Event) LayoutUnknown() bool {
	d := e.Decoded()
	return d.Template != nil && !d.Exact
}

// Undecoded reports whether the undecoded bytes of the event may hold the field.
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

// plausible reports whether the values of the exact layout are possible. It checks only numbers and first characters, since it runs for
// every event.
func (e *Event) plausible() bool {
	values, pl := e.decoded.Values, e.planOf(e.decoded.Template)
	var flags uint64
	for _, i := range pl.flags {
		flags |= values[i].Num
	}
	if flags > 1 {
		return false
	}
	var words uint64
	for _, i := range pl.words {
		words |= values[i].Num
	}
	if words > math.MaxUint16 && (pl.slots[XID] >= 0 || slices.ContainsFunc(pl.words, func(i int) bool { return looksLikeText(values[i].Num) })) {
		return false
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
		case QueryName: // a client may choose any byte, so a name that the packet has as well is possible
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

// isOddName reports whether a name begins with bytes of a number, which no host's name does, or is one letter.
func isOddName(t schema.Type, name []byte) bool {
	first := rune(name[0])
	if t == schema.UTF16 {
		first |= rune(name[1]) << 8
		return first <= ' ' || first == 0x7F || first >= 0xDC00 && first <= 0xDFFF
	}
	return first <= ' ' || first == 0x7F || first >= utf8.RuneSelf && !utf8.Valid(name) || len(name) == 1 && first != '.'
}

// beginsAddress has the possible first bytes of an address as text.
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

// settle decides on the layout of an event. The first exact layout, if there is one, is in e.decoded.
func (e *Event) settle() {
	d := &e.decoded
	if d.Exact && (e.planOf(d.Template).host || e.plausible() && (len(d.Rivals()) == 0 || e.headerAgrees())) {
		return
	}
	if !e.exact() {
		e.agree(e.certain)
	}
}

// exact looks for the event's layout among the exact ones. It reports whether it has decided; the result is in e.decoded.
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

// agree keeps the fields of the layout that is confirmed furthest, up to the first that another confirmed layout reads differently.
// confirmed returns the number of confirmed leading fields of the layout that was read last.
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

// certain returns the number of leading fields that are certain in the layout that was read last. No layout consumes the event exactly.
func (e *Event) certain() (sure int) {
	d, pl := &e.decoded, e.planOf(e.decoded.Template)
	read, refuted := len(d.Values), false
	for i := range d.Values {
		verdict := e.check(pl, i)
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
