// SPDX-License-Identifier: Apache-2.0

// The size of an item's record as Sentinel bills it. It is that of asim.Bill, of attributes that are in no map.

package dnslog

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
)

// bill sets what the attribute adds to the bill of its record.
func (a *packAttribute) bill(level int) {
	size := elementSize(&a.Value)
	a.columnless = level == 1 || !asim.DNSBill.HasColumn(a.Key)
	switch {
	case a.isAdditional():
		a.size = 0 // its entries have theirs
	case level == 1:
		a.size = len(a.Key) + len(`"":,`) + size
	default:
		if a.Type == pcommon.ValueTypeStr {
			size -= len(`""`)
		}
		a.size = asim.DNSBill.Attribute(a.Key, size, a.Type == pcommon.ValueTypeStr)
	}
}

// billed returns the size of an item's record, in bytes.
func (p *pack) billed(item *packed) (size int) {
	columnless := 0
	for _, i := range p.ids[item.ends[0]:] {
		if a := &p.table[i]; a.columnless {
			columnless += a.size
		} else {
			size += a.size
		}
	}
	if columnless > 0 {
		size += columnless + len("{}") - len(",")
	}
	return size
}

// elementSize is asim.ElementSize.
func elementSize(v *attrs.Value) int {
	switch {
	case v.Other != nil:
		return asim.ElementSize(*v.Other)
	case v.Type == pcommon.ValueTypeStr:
		return len(`""`) + len(v.Text)
	case v.Type == pcommon.ValueTypeInt:
		return asim.DecimalLength(v.Num)
	case v.Type == pcommon.ValueTypeBool:
		return asim.BoolLength(v.Num != 0)
	}
	size := 0
	for _, text := range v.Texts {
		size += len(`"",`) + len(text)
	}
	return len("[]") + max(0, size-len(","))
}
