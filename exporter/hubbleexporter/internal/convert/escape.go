// SPDX-License-Identifier: Apache-2.0

// Texts that are safe to show: names and messages are what others have chosen, and the hubble command prints them as they are.

package convert

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/printable"
)

// escape escapes the texts in a message.
func escape(m protoreflect.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch list, kind := field.IsList(), field.Kind(); {
		case list && kind == protoreflect.StringKind:
			for i := range value.List().Len() {
				value.List().Set(i, protoreflect.ValueOfString(printable.String(value.List().Get(i).String())))
			}
		case list && kind == protoreflect.MessageKind:
			for i := range value.List().Len() {
				escape(value.List().Get(i).Message())
			}
		case kind == protoreflect.StringKind:
			m.Set(field, protoreflect.ValueOfString(printable.String(value.String())))
		case !list && !field.IsMap() && kind == protoreflect.MessageKind:
			escape(value.Message())
		}
		return true
	})
}
