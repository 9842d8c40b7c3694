// SPDX-License-Identifier: Apache-2.0

package attrs

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// BenchmarkRecordOf45Attributes builds what a DNS record has, about: 25 attributes that do not change, 15 texts and 5 numbers. "Map" puts
// them into a pcommon.Map one by one, as a mapper without a Builder would.
func BenchmarkRecordOf45Attributes(b *testing.B) {
	const consts, texts, numbers = 25, 15, 5
	var names []string
	for i := range consts + texts + numbers {
		names = append(names, fmt.Sprintf("AttributeNumber%d", i))
	}
	b.Run("Builder", func(b *testing.B) {
		d, template, head := &Builder{}, Template{}, ConstAttrs{}
		for _, name := range names[:consts] {
			head.Text(name, "constant")
		}
		b.ReportAllocs()
		for b.Loop() {
			d.Begin(&template)
			a := d.Main()
			a.PutConsts(&head)
			for _, name := range names[consts : consts+texts] {
				a.PutStr(name, "www.example.com")
			}
			for _, name := range names[consts+texts:] {
				a.PutInt(name, 42)
			}
			d.Finish(pcommon.NewMap())
		}
	})
	b.Run("Map", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			to := pcommon.NewMap()
			to.EnsureCapacity(len(names))
			for _, name := range names[:consts] {
				to.PutStr(name, "constant")
			}
			text := make([]byte, 0, 15) // what an event has is bytes
			for _, name := range names[consts : consts+texts] {
				text = append(text[:0], "www.example.com"...)
				to.PutStr(name, string(text))
			}
			for _, name := range names[consts+texts:] {
				to.PutInt(name, 42)
			}
		}
	})
}
