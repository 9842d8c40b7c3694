// SPDX-License-Identifier: Apache-2.0

package incident

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// sid gives the binary form of a SID of the NT authority, S-1-5-…; nil for "".
func sid(text string) (etw.SID, error) {
	if text == "" {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(text, "S-1-5-")
	if !ok {
		return nil, fmt.Errorf("%q is no SID of the NT authority", text)
	}
	parts := strings.Split(rest, "-")
	b := []byte{1, byte(len(parts)), 0, 0, 0, 0, 0, 5}
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, err
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b, nil
}
