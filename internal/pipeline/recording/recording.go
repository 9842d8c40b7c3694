// SPDX-License-Identifier: Apache-2.0

// Package recording identifies the files of one recording, so that a replay reads them as one whatever their names, their folders and the
// host's clock. In comes the text that a file carries; out comes which recording and which part it is. The text is stored where other
// readers skip it: in a .pcapng as a comment of the section header, in an .etl behind the names of the header.
package recording

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// File identifies a file of a recording. The zero value is a file without an identity.
type File struct {
	ID   [16]byte // random, one for each run of a recorder
	Part uint32   // 1 for the first file of the run
}

// prefix begins the text: "otelcol-winnet recording 00112233445566778899aabbccddeeff part 2".
const prefix = "otelcol-winnet recording "

// MaxText is the size of the longest text in bytes.
const MaxText = len(prefix) + 32 + len(" part 4294967295")

// New begins a recording. The result is not a file yet: its Next is the first file. The error comes from the system's random numbers.
func New() (f File, err error) {
	_, err = rand.Read(f.ID[:])
	return f, err
}

// Next returns the file that the recorder begins after f.
func (f File) Next() File { return File{ID: f.ID, Part: f.Part + 1} }

// Continues reports whether f is the file that the recorder began after the one before.
func (f File) Continues(before File) bool {
	return f.ID != [16]byte{} && before.Part > 0 && f.Part > 0 && f == before.Next()
}

// String returns the text that a file carries, in ASCII.
func (f File) String() string {
	return fmt.Sprintf("%s%x part %d", prefix, f.ID, f.Part)
}

// Parse reads a text that String has returned. ok is false for any other text.
func Parse(text string) (f File, ok bool) {
	if len(text) > MaxText {
		return f, false
	}
	text, ok = strings.CutPrefix(text, prefix)
	if !ok {
		return f, false
	}
	id, part, ok := strings.Cut(text, " part ")
	if !ok || len(id) != hex.EncodedLen(len(f.ID)) {
		return f, false
	}
	n, err := strconv.ParseUint(part, 10, 32)
	if _, bad := hex.Decode(f.ID[:], []byte(id)); bad != nil || err != nil {
		return File{}, false
	}
	f.Part = uint32(n)
	return f, true
}
