// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"encoding/binary"
)

// AnswerSet is the union of lists of answers, as bytes that a caller may keep. Each entry has a head and the answer's text. Names and times
// to live of the records are not kept. The zero value is the empty set.
type AnswerSet []byte

// entryHead is the size of an entry's head, in bytes: the length of the text, the type, the index of the data, and flags.
const entryHead = 2 + 2 + 1 + 1

// Bounds of an AnswerSet, each over all of its entries.
const (
	maxSetAnswers = 64
	// MaxAnswerSet is the most bytes of an AnswerSet.
	MaxAnswerSet = 4 << 10
)

const (
	entryKnown = 1 << iota // the type is known
	entryLoose             // the data may not be in master file form
)

// entryOf is the head of an entry as a number of 48 bits, and its text.
func (a *Answers) entryOf(i int) (head uint64, text []byte) {
	h := &a.heads[i]
	var flags uint64
	if h.known {
		flags |= entryKnown
	}
	if h.loose {
		flags |= entryLoose
	}
	text = a.At(i)
	return uint64(len(text)) | uint64(h.typ)<<16 | uint64(byte(h.data))<<32 | flags<<40, text
}

// Has reports whether Add changes nothing, and the list holds all answers of its source.
func (s AnswerSet) Has(list *Answers) bool {
	if list.Count > list.Len() {
		return false
	}
	next := 0 // most lists have the answers of the one before, in the same order
	for i := range list.Len() {
		head, text := list.entryOf(i)
		switch end, ok := s.holds(next, head, text); {
		case ok:
			next = end
		case len(text)+entryHead > MaxAnswerSet || !s.find(head, text):
			return false
		}
	}
	return true
}

// Add adds the answers of a list. whole is false if the list does not hold all answers of its source, or the set has no room for one.
func (s AnswerSet) Add(list *Answers) (_ AnswerSet, whole bool) {
	whole = list.Count <= list.Len()
	n := s.count()
	for i := range list.Len() {
		head, text := list.entryOf(i)
		switch {
		case len(text)+entryHead > MaxAnswerSet:
			whole = false
		case s.find(head, text):
		case n == maxSetAnswers || len(s)+entryHead+len(text) > MaxAnswerSet:
			whole = false
		default:
			s = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint32(s, uint32(head)), uint16(head>>32))
			s, n = append(s, text...), n+1
		}
	}
	return s, whole
}

// holds reports whether the entry at an index has a head and a text, and where it ends.
func (s AnswerSet) holds(at int, head uint64, text []byte) (end int, ok bool) {
	end = at + entryHead + len(text)
	return end, end <= len(s) && binary.LittleEndian.Uint32(s[at:]) == uint32(head) && binary.LittleEndian.Uint16(s[at+4:]) == uint16(head>>32) &&
		string(s[at+entryHead:end]) == string(text)
}

// after returns the index of the entry after the one at an index.
func (s AnswerSet) after(at int) int { return at + entryHead + int(binary.LittleEndian.Uint16(s[at:])) }

func (s AnswerSet) count() (n int) {
	for at := 0; at < len(s); at = s.after(at) {
		n++
	}
	return n
}

func (s AnswerSet) find(head uint64, text []byte) bool {
	for at := 0; at < len(s); at = s.after(at) {
		if _, ok := s.holds(at, head, text); ok {
			return true
		}
	}
	return false
}

// Set replaces the list by the answers of a set.
func (a *Answers) Set(s AnswerSet) {
	a.Reset()
	for at := 0; at < len(s); at = s.after(at) {
		a.text = append(a.text, s[at+entryHead:s.after(at)]...)
		a.ends = append(a.ends, len(a.text))
		a.heads = append(a.heads, answerHead{
			typ: binary.LittleEndian.Uint16(s[at+2:]), data: int(s[at+4]), known: s[at+5]&entryKnown != 0, loose: s[at+5]&entryLoose != 0,
		})
		a.Count++
	}
}

// AnswersOf returns the answers of a response: those of the DNS Client's list, which it reads into list, or those of the packet. listed
// reports whether the DNS Client's list is used. Text is read into scratch, which is returned. Another event has none.
func AnswersOf(e *Event, list *Answers, scratch []byte) (_ *Answers, text []byte, listed bool) {
	list.Reset()
	if e.Phase != Response {
		return list, scratch, false
	}
	from := len(scratch)
	if scratch, listed = e.Text(scratch, QueryResults); listed {
		list.Listed(scratch[from:])
		return list, scratch[:from], true
	}
	if msg := e.Packet(); msg != nil {
		return &msg.Answers, scratch, false
	}
	return list, scratch, false
}
