// SPDX-License-Identifier: Apache-2.0

// What a capture says of the recording that it is a file of: a comment of its section header, which other tools keep and show.

package events

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Recording is which file of which recording a capture is. The zero value is a capture that does not say.
type Recording struct {
	ID   [16]byte // random; of one run of a recorder
	Part uint32   // 1 for its first file
}

// recordingComment begins the comment: "otelcol-winnet recording 00112233445566778899aabbccddeeff part 2".
const recordingComment = "otelcol-winnet recording "

// Continues reports whether r is the file that the recorder began when it had ended the one before.
func (r Recording) Continues(before Recording) bool {
	return r.ID != [16]byte{} && r.ID == before.ID && before.Part > 0 && r.Part > 0 && r.Part == before.Part+1
}

// comment is how a section header says it.
func (r Recording) comment() string {
	return fmt.Sprintf("%s%x part %d", recordingComment, r.ID, r.Part)
}

// parseRecording reads a comment; false for another one.
func parseRecording(comment []byte) (r Recording, ok bool) {
	if len(comment) > len(recordingComment)+64 {
		return r, false
	}
	text, ok := strings.CutPrefix(string(comment), recordingComment)
	if !ok {
		return r, false
	}
	id, part, ok := strings.Cut(text, " part ")
	if !ok || len(id) != hex.EncodedLen(len(r.ID)) {
		return r, false
	}
	n, err := strconv.ParseUint(part, 10, 32)
	if _, bad := hex.Decode(r.ID[:], []byte(id)); bad != nil || err != nil {
		return Recording{}, false
	}
	r.Part = uint32(n)
	return r, true
}
