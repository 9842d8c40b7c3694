// SPDX-License-Identifier: Apache-2.0

// Texts that are safe to show: names and messages are what others have chosen, and the hubble command prints them as they are.

package convert

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// printable returns a text in which no character moves the cursor, is invisible, or turns the direction of what follows. Such a character becomes
// \u202e or \U000e0001, and a byte that is not part of valid UTF-8 \x9b, as in the bodies of the receiver's records.
func printable(text string) string {
	if strings.IndexFunc(text, hides) < 0 && utf8.ValidString(text) {
		return text
	}
	var to strings.Builder
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&to, `\x%02x`, text[i])
		case !hides(r):
			to.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&to, `\U%08x`, r)
		default:
			fmt.Fprintf(&to, `\u%04x`, r)
		}
	}
	return to.String()
}

// hides reports whether printable escapes a character: a control or format character, a separator of lines, a variation selector, or a filler
// that shows nothing though it counts as a letter.
func hides(r rune) bool {
	if r < 0x7f {
		return r < ' '
	}
	switch r {
	case '\u2028', '\u2029', '\u115f', '\u1160', '\u3164', '\uffa0':
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector)
}

// escape escapes the texts in a message.
func escape(m protoreflect.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch list, kind := field.IsList(), field.Kind(); {
		case list && kind == protoreflect.StringKind:
			for i := range value.List().Len() {
				value.List().Set(i, protoreflect.ValueOfString(printable(value.List().Get(i).String())))
			}
		case list && kind == protoreflect.MessageKind:
			for i := range value.List().Len() {
				escape(value.List().Get(i).Message())
			}
		case kind == protoreflect.StringKind:
			m.Set(field, protoreflect.ValueOfString(printable(value.String())))
		case !list && !field.IsMap() && kind == protoreflect.MessageKind:
			escape(value.Message())
		}
		return true
	})
}
