// SPDX-License-Identifier: Apache-2.0

// The size of a row as it is billed: "The data size of a single record is calculated from a string representation of the columns that are
// stored in the Log Analytics workspace for that record" (https://learn.microsoft.com/azure/azure-monitor/logs/cost-logs). So the names of
// columns do not count. AdditionalFields is a column, and its JSON text is its value.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

var errRow = errors.New("not an array of JSON objects")

// eachRow calls do for each object of a JSON array.
func eachRow(array []byte, do func(row []byte) error) error {
	for i := 0; i < len(array); {
		switch array[i] {
		case '{':
			end, err := endOf(array, i)
			if err != nil {
				return err
			}
			if err := do(array[i:end]); err != nil {
				return err
			}
			i = end
		case '[', ']', ',', ' ', '\n':
			i++
		default:
			return fmt.Errorf("%w: %q at %d", errRow, array[i], i)
		}
	}
	return nil
}

// endOf returns where the value that begins at i ends.
func endOf(text []byte, i int) (int, error) {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return i + 1, nil
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, nil
			}
			if depth < 0 {
				return i, nil
			}
		case ',':
			if depth == 0 {
				return i, nil
			}
		}
	}
	return 0, fmt.Errorf("%w: a value does not end", errRow)
}

// eachColumn calls do for each column of a row, with the JSON text of its value.
func eachColumn(row []byte, do func(name, value []byte)) error {
	for i := 1; i < len(row)-1; {
		if row[i] == ',' {
			i++
			continue
		}
		end, err := endOf(row, i)
		if err != nil {
			return err
		}
		if row[i] != '"' || end >= len(row) || row[end] != ':' {
			return fmt.Errorf("%w: want a name at %d", errRow, i)
		}
		name := row[i+1 : end-1]
		i = end + 1
		if end, err = endOf(row, i); err != nil {
			return err
		}
		do(name, row[i:end])
		i = end
	}
	return nil
}

// billed returns the size of a value, given as JSON text: of a text without its quotes and escapes, of anything else as it is.
func billed(value []byte) int {
	if value[0] != '"' {
		return len(value)
	}
	for _, c := range value {
		if c == '\\' {
			var s string
			if json.Unmarshal(value, &s) == nil {
				return len(s)
			}
		}
	}
	return len(value) - 2
}

// columnOf returns the text of a column, or "".
func columnOf(row []byte, column string) (text string, err error) {
	err = eachColumn(row, func(name, value []byte) {
		if string(name) == column && value[0] == '"' {
			text = string(value[1 : len(value)-1])
		}
	})
	return text, err
}

// add adds a row.
func (b *bill) add(row []byte) error {
	kind, size := "", 0
	err := eachColumn(row, func(name, value []byte) {
		n := billed(value)
		size += n
		sum := b.Columns[string(name)]
		if sum == nil {
			sum = new(int)
			b.Columns[string(name)] = sum
		}
		*sum += n
		switch string(name) {
		case "EventCount":
			count, _ := strconv.Atoi(string(value))
			b.Counted += count
		case "EventOriginalType":
			kind = string(value)
		}
	})
	b.Rows++
	b.Billed += size
	p := b.Parts[kind]
	if p == nil {
		p = &part{}
		b.Parts[kind] = p
	}
	p.Rows++
	p.Billed += size
	return err
}
