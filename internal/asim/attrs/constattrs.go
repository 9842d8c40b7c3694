// SPDX-License-Identifier: Apache-2.0

package attrs

// ConstAttrs are attributes that follow each other with values that do not change. They are made once and put into many records,
// each time as one step. They must not change after the first record has them.
type ConstAttrs struct{ list []constAttr }

type constAttr struct {
	key   string
	value constant
}

// constant is a value that templates hold.
type constant struct {
	kind valueKind // kindConstant is none
	num  int64
	text string
}

// Text adds a text. An empty one is left out.
func (c *ConstAttrs) Text(key, text string) {
	if text != "" {
		c.TextOrEmpty(key, text)
	}
}

// TextOrEmpty adds a text, be it empty.
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

// Len gives the number of attributes.
func (c *ConstAttrs) Len() int { return len(c.list) }
