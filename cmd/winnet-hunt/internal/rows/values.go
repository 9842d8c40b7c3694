// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// put stores a value of a row as the column has it. A value that does not fit is left out.
func (k *sink) put(i int, value []byte) {
	switch k.table.columns[i].kind {
	case text:
		k.values[i] = textOf(value)
	case number:
		if n, err := strconv.ParseInt(textOf(value), 10, 64); err == nil {
			k.values[i] = n
		}
	case stamp:
		if at, ok := microseconds(textOf(value)); ok {
			k.values[i] = at
		}
	case flag:
		switch string(value) {
		case "true":
			k.values[i] = int64(1)
		case "false":
			k.values[i] = int64(0)
		}
	case list:
		if value[0] == '[' && json.Valid(value) {
			k.values[i] = string(value)
		}
	}
}

// microseconds reads a time as the exporter writes it, "2026-03-04T05:06:07.8940001Z", or in any form of RFC 3339.
func microseconds(s string) (int64, bool) {
	at, err := time.Parse(time.RFC3339Nano, s)
	return at.UnixMicro(), err == nil
}

// domainOf is what is registered of a name: its last two labels, or three where the last two are a country's second level. It is the function domain of
// the queries.
func domainOf(name string) string {
	name = strings.ToLower(name)
	last := strings.LastIndexByte(name, '.')
	if last < 0 {
		return name
	}
	second := strings.LastIndexByte(name[:last], '.')
	if second < 0 {
		return name
	}
	if len(name)-last-1 == 2 {
		switch name[second+1 : last] {
		case "ac", "co", "com", "edu", "gov", "net", "org":
			if third := strings.LastIndexByte(name[:second], '.'); third >= 0 {
				second = third
			} else {
				return name
			}
		}
	}
	return name[second+1:]
}
