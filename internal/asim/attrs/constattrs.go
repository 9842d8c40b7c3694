// SPDX-License-Identifier: Apache-2.0

package attrs

import "go.opentelemetry.io/collector/pdata/pcommon"

// ConstAttrs are consecutive attributes with constant values. They are made once and put into many records, each time in one step. They
// must not change after they were put into a record.
type ConstAttrs struct{ list []constAttr }

type constAttr struct {
	key   string
	value constant
}

// constant is a value that templates hold.
type constant struct {
	kind valueKind // kindConstant means no value
	num  int64
	text string
}

// Text adds a text. An empty one is left out.
func (c *ConstAttrs) Text(key, text string) {
	if text != "" {
		c.TextOrEmpty(key, text)
	}
}

// TextOrEmpty adds a text, which may be empty.
func (c *ConstAttrs) TextOrEmpty(key, text string) {
	c.list = append(c.list, constAttr{key, constant{kindText, 0, text}})
}

// Int adds a number.
func (c *ConstAttrs) Int(key string, n int64) {
	c.list = append(c.list, constAttr{key, constant{kindInt, n, ""}})
}

// Bool adds a truth value.
func (c *ConstAttrs) Bool(key string, b bool) {
	var v value
	v.setBool(b)
	c.list = append(c.list, constAttr{key, constant{kindBool, v.num, ""}})
}

// CopyTo puts the attributes into a map.
func (c *ConstAttrs) CopyTo(to pcommon.Map) {
	for i := range c.list {
		c.list[i].value.put(to, c.list[i].key)
	}
}

// Size is the length of all texts, in bytes.
func (c *ConstAttrs) Size() (size int) {
	for i := range c.list {
		size += len(c.list[i].value.text)
	}
	return size
}

// Len gives the number of attributes.
func (c *ConstAttrs) Len() int { return len(c.list) }
