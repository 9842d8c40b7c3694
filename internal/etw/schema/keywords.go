// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/binary"
	"fmt"
)

// Keyword is a keyword of a provider, as its manifest defines it.
type Keyword struct {
	Name string
	Bits uint64
}

// PROVIDER_FIELD_INFOARRAY (tdh.h): the number of elements and their kind, 4 bytes each, then a PROVIDER_FIELD_INFO for each: the offsets
// of the name and of a description, 4 bytes each, and the value.
const (
	fieldInfoHeader = 8
	fieldInfoSize   = 16
)

// parseKeywords reads a PROVIDER_FIELD_INFOARRAY of keywords.
func parseKeywords(info []byte) ([]Keyword, error) {
	le := binary.LittleEndian
	if len(info) < fieldInfoHeader {
		return nil, fmt.Errorf("a PROVIDER_FIELD_INFOARRAY of %d bytes; want at least %d", len(info), fieldInfoHeader)
	}
	count := le.Uint32(info)
	if uint64(count)*fieldInfoSize > uint64(len(info)-fieldInfoHeader) {
		return nil, fmt.Errorf("%d keywords do not fit a PROVIDER_FIELD_INFOARRAY of %d bytes", count, len(info))
	}
	keywords := make([]Keyword, count)
	for i := range keywords {
		field := info[fieldInfoHeader+i*fieldInfoSize:]
		keywords[i] = Keyword{Name: textAt(info, le.Uint32(field)), Bits: le.Uint64(field[8:])}
	}
	return keywords, nil
}
