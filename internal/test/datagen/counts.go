// SPDX-License-Identifier: Apache-2.0

// The content of a file, for the console and for counts.json, which tests and documents compare with.

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
)

// counts is the content of a file in numbers.
type counts struct {
	Events int `json:"events"`
	// ByID counts the events by event id, or the records of a capture by message type.
	ByID map[id]int `json:"by_id"`
	// Inexact counts the events whose user data is longer or shorter than their layout.
	Inexact int `json:"inexact,omitempty"`
	// Unknown counts the events whose id, or the records whose message type, is not defined anywhere.
	Unknown int `json:"unknown,omitempty"`
	// Sent counts what was sent, by "address port > address port", if the capture is about that.
	Sent map[string]*sent `json:"sent,omitempty"`
}

// id is an event id or a message type. As a JSON key it is decimal.
type id uint16

// report prints a line for the file and a table of its events by id.
func (c counts) report(w io.Writer, path string) error {
	if _, err := fmt.Fprintf(w, "%s: %d events\n", path, c.Events); err != nil {
		return err
	}
	const columns = 8
	for i, n := range slices.Sorted(maps.Keys(c.ByID)) {
		end := "\n"
		if i%columns < columns-1 && i < len(c.ByID)-1 {
			end = ""
		}
		if _, err := fmt.Fprintf(w, "%8s %-4d%s", strconv.Itoa(int(n))+":", c.ByID[n], end); err != nil {
			return err
		}
	}
	return nil
}

// writeCounts writes counts.json. Its keys are sorted as text.
func writeCounts(path string, all map[string]counts) error {
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
