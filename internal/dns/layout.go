// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// Which layout an event has. Microsoft changes the fields of an event without a new version of it, so that what a layout makes of
// an event may be read from the wrong bytes. This file decides which values are kept:
//
//   - A layout that consumes the user data exactly is the event's, the newest first, unless a value shows that it is not: a flag
//     that is neither 0 nor 1, a 16-bit word of the server's that holds a larger number, or of another event two characters of a text, an
//     address, a name or a GUID that begins as none does. Where several could consume it exactly, the packet decides; where there is none, only what they agree on is kept. What
//     the host itself says of its events is not doubted.
//   - Where none does, the layout is not known. A value refutes a layout, or says nothing, or confirms it and every field before it
//     (see check). Kept is what the layout that is confirmed furthest says up to there, less what another confirmed layout says
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
