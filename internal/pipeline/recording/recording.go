// SPDX-License-Identifier: Apache-2.0

// Package recording names the files of one recording, so that a replay reads them as one, whatever they are called, wherever they lie
// and whatever the clock was. The recorder's formats carry the name where other readers step over it: a .pcapng as a comment of its
// section header, an .etl behind the names of its header.
package recording

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// File is which file of which recording a file is. The zero value is a file that does not say.
type File struct {
	ID   [16]byte // random; of one run of a recorder
	Part uint32   // 1 for its first file
}

// prefix begins the text: "otelcol-winnet recording 00112233445566778899aabbccddeeff part 2".
const prefix = "otelcol-winnet recording "

// MaxText is the size of the longest text in bytes.
const MaxText = len(prefix) + 32 + len(" part 4294967295")

// New begins a recording: it is what stands before its first file. The error is that of the system's random numbers.
func New() (f File, err error) {
	_, err = rand.Read(f.ID[:])
	return f, err
}

// Next is the file that the recorder begins when it has ended f.
func (f File) Next() File { return File{ID: f.ID, Part: f.Part + 1} }

// Continues reports whether f is the file that the recorder began when it had ended the one before.
func (f File) Continues(before File) bool {
	return f.ID != [16]byte{} && before.Part > 0 && f.Part > 0 && f == before.Next()
}

// String is how a file says it, in ASCII.
func (f File) String() string {
	return fmt.Sprintf("%s%x part %d", prefix, f.ID, f.Part)
}

// Parse reads what String gives; false for another text.
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
