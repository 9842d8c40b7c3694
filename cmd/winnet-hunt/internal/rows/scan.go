// SPDX-License-Identifier: Apache-2.0

// Reads the JSON text of a row without building a tree of it.

package rows

import (
	"bytes"
	"encoding/json"
	"errors"
)

var errJSON = errors.New("the row is no JSON object; want what the exporter sentinel sends")

// members calls do for each member of a JSON object. key is without its quotes, value the text of the value. Both are parts of object.
func members(object []byte, do func(key, value []byte) error) error {
	i := blank(object, 0)
	if i >= len(object) || object[i] != '{' {
		return errJSON
	}
	if i = blank(object, i+1); i < len(object) && object[i] == '}' {
		return nil
	}
	for {
		end := after(object, i)
		if end <= i || object[i] != '"' {
			return errJSON
		}
		key := object[i+1 : end-1]
		if i = blank(object, end); i >= len(object) || object[i] != ':' {
			return errJSON
		}
		i = blank(object, i+1)
		if end = after(object, i); end <= i {
			return errJSON
		}
		if err := do(key, object[i:end]); err != nil {
			return err
		}
		if i = blank(object, end); i >= len(object) {
			return errJSON
		}
		switch object[i] {
		case ',':
			i = blank(object, i+1)
		case '}':
			return nil
		default:
			return errJSON
		}
	}
}

func blank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// after returns where the value that begins at i ends, or 0.
func after(b []byte, i int) int {
	if i >= len(b) {
		return 0
	}
	switch b[i] {
	case '"':
		return afterText(b, i)
	case '{', '[':
		depth := 0
		for ; i < len(b); i++ {
			switch b[i] {
			case '"':
				end := afterText(b, i)
				if end == 0 {
					return 0
				}
				i = end - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		return 0
	}
	for ; i < len(b); i++ {
		switch b[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			return i
		}
	}
	return i
}

// afterText looks for the quote, since most texts have no backslash.
func afterText(b []byte, i int) int {
	i++
	for {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return 0
		}
		escape := bytes.IndexByte(b[i:i+n], '\\')
		if escape < 0 {
			return i + n + 1
		}
		if i += escape + 2; i > len(b) {
			return 0
		}
	}
}

// textOf returns the text that a JSON string stands for, or the value's own text.
func textOf(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return string(value)
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value[1 : len(value)-1])
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}
