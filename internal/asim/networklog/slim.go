// SPDX-License-Identifier: Apache-2.0

// Slim records, and the size of records as Sentinel bills it. The README has the table of what slim records leave out.

package networklog

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim"
)

// digits is an estimate of the length of a number's text.
const digits = 3

// repeats reports whether a slim record leaves an attribute out, and counts its size. said is whether other attributes of the record say the
// same, or its value says nothing; size is the length of the value's text.
func (r *networkRecord) repeats(name string, size int, said bool) bool {
	if !said || !r.options.Slim {
		return false
	}
	if !r.attrs.Omits(name) && size > 0 {
		r.left += asim.NetworkBill.Attribute(name, size, true)
	}
	return true
}

// column returns the attribute that has the value of another one: in a slim record a column of the schema, whose name is not billed. text is whether the value is a text without a column, too.
func (r *networkRecord) column(name, column string, text bool) string {
	if !r.options.Slim || r.attrs.Omits(name) {
		return name
	}
	r.left += asim.NetworkBill.Attribute(name, 0, text)
	return column
}

// count adds what the record has left out to the sum.
func (r *networkRecord) count() {
	if r.left > 0 {
		r.saved.Add(int64(r.left))
		r.left = 0
	}
}

// Saved returns the size of the attributes that slim records have left out, in bytes. It may be called from any goroutine.
func (m *Mapper) Saved() int64 { return m.saved.Load() }

// RecordSize returns the size of a record as Sentinel bills it, in bytes, with the attributes of the device, which fill the columns of each row
// from the resource, too.
func (m *Mapper) RecordSize(record pcommon.Map) int {
	return asim.NetworkBill.Record(record) + m.deviceSize()
}

// AppendedSize is RecordSize of the record that was appended last. It takes a fraction of the time.
func (m *Mapper) AppendedSize() int { return m.builder.Size(&asim.NetworkBill) + m.deviceSize() }

// deviceSize is the size of the device's attributes in the resource.
func (m *Mapper) deviceSize() int {
	if !m.options.DeviceInResource {
		return 0
	}
	return m.dvc.Size()
}
