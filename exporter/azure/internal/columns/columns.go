// SPDX-License-Identifier: Apache-2.0

// Package columns has the tables of Microsoft Sentinel that the project writes, with the names and types of their
// columns. The lists *.tsv in this folder name their sources. The tables are generated from them.
package columns

import (
	"errors"
	"math/rand/v2"
	"slices"
)

//go:generate go run ./generate
//go:generate go run ./parsers ../../../../deploy/sentinel
//go:generate go run ./deployment ../../../../deploy/sentinel
//go:generate go run ./solution ../../../../deploy/sentinel ../../../../deploy/sentinel/solution

// Type is the type of a column, in the words of the Kusto query language.
type Type uint8

// The types of columns. The API uses the same names, except "boolean" for Bool.
const (
	String   Type = iota
	Int           // 32 bits
	Long          // 64 bits
	Real          // a double
	Bool          //
	Datetime      // ISO 8601
	Dynamic       // any JSON
)

// Column is one column of a table.
type Column struct {
	Name string
	Type Type
	Key  string // the name as it is written in a JSON object after another field: with comma, quotes and colon
}

// Table is a table, or the stream of a data collection rule that feeds it.
type Table struct {
	Name       string
	Columns    []Column // in the order of the list; fewer than 255
	Time       int      // the index of TimeGenerated
	Additional int      // the index of AdditionalFields
	Auxiliary  bool     // the table's plan is Auxiliary

	values [][]string // by column: the values that the table's schema enumerates, or nil; may be shorter than Columns

	seed  uint64
	slots [slotCount]uint8 // by hash: 1 + the index of the column, or 0
}

// Lookup returns the index of the column with that name, or -1. It allocates nothing and compares at most one name.
func (t *Table) Lookup(name string) int {
	if len(name) < minName {
		return -1
	}
	i := int(t.slots[slot(name, t.seed)]) - 1
	if i < 0 || t.Columns[i].Name != name {
		return -1
	}
	return i
}

// Enumerated reports whether the table's schema enumerates the values of a column.
func (t *Table) Enumerated(column int) bool { return column < len(t.values) && t.values[column] != nil }

// Lists reports whether the table's schema enumerates the value for a column. Case matters.
func (t *Table) Lists(column int, value string) bool { return slices.Contains(t.values[column], value) }

const (
	slotBits  = 11
	slotCount = 1 << slotBits
	minName   = 3 // the length of Dvc
)

// slot returns the slot of a name: a hash of its length, its first and its last eight bytes, multiplied by the table's
// seed. A shorter name uses four of its bytes.
func slot(name string, seed uint64) int {
	n := len(name)
	x := uint64(n)
	if n >= 8 {
		x ^= load(name) * 0x9e3779b97f4a7c15
		x += load(name[n-8:])
	} else {
		x |= uint64(name[0])<<8 | uint64(name[1])<<16 | uint64(name[n/2])<<24 | uint64(name[n-1])<<32
	}
	return int(x * seed >> (64 - slotBits))
}

// load reads eight bytes at once.
func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// PerfectHash finds a seed for which no two names share a slot. The generator uses it. The slots are those of Table.
func PerfectHash(names []string) (seed uint64, slots [slotCount]uint8, err error) {
	if len(names) >= 255 {
		return 0, slots, errors.New("too many columns; want fewer than 255")
	}
	source := rand.New(rand.NewPCG(1, 2)) // the same at each run
search:
	for range 1 << 22 {
		seed, slots = source.Uint64()|1, [slotCount]uint8{}
		for i, name := range names {
			if len(name) < minName {
				return 0, slots, errors.New("a column's name is too short; want three letters")
			}
			s := slot(name, seed)
			if slots[s] != 0 {
				continue search
			}
			slots[s] = uint8(i + 1)
		}
		return seed, slots, nil
	}
	return 0, slots, errors.New("no seed was found; two names are too alike for the hash")
}
