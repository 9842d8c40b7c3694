// SPDX-License-Identifier: Apache-2.0

package jsontext

import "bytes"

// Names are the names in one object, which are stored in a buffer. The zero value is empty. It holds no reference to
// the buffer.
type Names struct {
	bits  [16]uint64 // by hash: a clear bit means that a name is new
	spans []nameSpan
	known map[string]struct{} // used from manyNames on
}

type nameSpan struct{ from, to int }

// manyNames is the number of names from which they are looked up in a map.
const manyNames = 64

// maxKept is the number of names for which a set keeps memory. No usual record has as many.
const maxKept = 1 << 10

// Reset forgets all names, and releases memory if there were many.
func (n *Names) Reset() {
	n.bits = [16]uint64{}
	if cap(n.spans) > maxKept {
		n.spans = nil
	}
	n.spans = n.spans[:0]
	if len(n.known) > maxKept {
		n.known = nil
	}
	if len(n.known) > 0 {
		clear(n.known)
	}
}

// Add adds the name that is stored in the buffer from `from` to its end. It reports whether the name is new.
func (n *Names) Add(buf []byte, from int) bool {
	name := buf[from:]
	word, bit := hash(name)
	if n.bits[word]&bit != 0 && n.find(buf, name) {
		return false
	}
	n.bits[word] |= bit
	n.spans = append(n.spans, nameSpan{from, len(buf)})
	if len(n.spans) == manyNames {
		if n.known == nil {
			n.known = map[string]struct{}{}
		}
		clear(n.known)
		for _, s := range n.spans {
			n.known[string(buf[s.from:s.to])] = struct{}{}
		}
	} else if len(n.spans) > manyNames {
		n.known[string(name)] = struct{}{}
	}
	return true
}

// Undo removes the name that was added last. buf is the buffer with the added names.
func (n *Names) Undo(buf []byte) {
	last := n.spans[len(n.spans)-1]
	if len(n.spans) >= manyNames {
		delete(n.known, string(buf[last.from:last.to]))
	}
	n.spans = n.spans[:len(n.spans)-1]
}

// Last returns where the name that was added last begins and ends in the buffer.
func (n *Names) Last() (from, to int) {
	last := n.spans[len(n.spans)-1]
	return last.from, last.to
}

// Has reports whether a name was added. buf is the buffer with the added names.
func (n *Names) Has(buf, name []byte) bool {
	word, bit := hash(name)
	return n.bits[word]&bit != 0 && n.find(buf, name)
}

// find is Has for a name whose bit is set.
func (n *Names) find(buf, name []byte) bool {
	if len(n.spans) >= manyNames {
		_, has := n.known[string(name)]
		return has
	}
	for _, s := range n.spans {
		if s.to-s.from == len(name) && bytes.Equal(buf[s.from:s.to], name) {
			return true
		}
	}
	return false
}

// hash returns the word and the bit of a name in bits. The first and the last byte of most names are quotes.
func hash(name []byte) (word int, bit uint64) {
	n := len(name)
	h := uint(n) * 37
	if n > 2 {
		h += uint(name[1])*5 + uint(name[n/2])*71 + uint(name[n-2])*11
	}
	return int(h >> 6 & 15), 1 << (h & 63)
}
