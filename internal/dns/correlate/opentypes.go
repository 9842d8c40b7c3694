// SPDX-License-Identifier: Apache-2.0

// Which types a process asks for at a time, by name.

package correlate

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// openTypes lists the query types of the calls that are kept back, by the hash of process and name: those whose entry is found by its
// key. Two names of one hash, whose seed nobody knows, are taken for one, and then neither is the only one.
type openTypes struct {
	of   map[uint64]types
	seed maphash.Seed
}

// maxTypes is for how many types at a time a name's are listed. Programs ask for one to three.
const maxTypes = 7

// OpenCallSize is what the list of types takes for an event that Correlate keeps back, beside hold.EntrySize, at most, in bytes: a map is
// at least seven sixteenths full.
const OpenCallSize = 80

// types are those of one process and name.
type types struct {
	calls uint32 // that are kept back
	many  bool   // since the first of these calls more types were asked for than are listed, or none
	n     uint8
	list  [maxTypes]uint16
}

func newOpenTypes() openTypes { return openTypes{map[uint64]types{}, maphash.MakeSeed()} }

// cutCall gives the type in the key of a call, and process and name. ok is false for a call without a type, or with one that DNS cannot
// have.
func cutCall(key []byte) (typ uint16, ok bool, asker []byte) {
	if key[1] == 0 {
		return 0, false, key[2:]
	}
	n, size := binary.Uvarint(key[2:])
	return uint16(n), n <= math.MaxUint16, key[2+size:]
}

// add lists the call of a key.
func (o *openTypes) add(key []byte) {
	typ, ok, asker := cutCall(key)
	hash := maphash.Bytes(o.seed, asker)
	t := o.of[hash]
	t.calls++
	if !ok || t.n == maxTypes {
		t.many = true
	} else {
		t.list[t.n] = typ
		t.n++
	}
	o.of[hash] = t
}

// remove takes the call of a key off the list.
func (o *openTypes) remove(key []byte) {
	typ, ok, asker := cutCall(key)
	hash := maphash.Bytes(o.seed, asker)
	t := o.of[hash]
	if t.calls--; t.calls == 0 {
		delete(o.of, hash)
		return
	}
	if i := slices.Index(t.list[:t.n], typ); ok && i >= 0 {
		t.n--
		t.list[i] = t.list[t.n]
	}
	o.of[hash] = t
}

// onlyCall makes k.key the key of the one call of a process and a name that is open at a time. It reports whether there is exactly one.
func (k *Correlator) onlyCall(asker []byte, at int64) bool {
	t := k.open.of[maphash.Bytes(k.open.seed, asker)]
	if t.many {
		return false
	}
	found := -1
	for i, typ := range t.list[:t.n] {
		entry := k.store.Get(k.callKey(typ, asker))
		if entry == nil || entry.Tag&tagOver != 0 || !k.spans(entry, at) {
			continue
		}
		if found >= 0 || entry.Tag&tagSeveral != 0 {
			return false
		}
		found = i
	}
	if found < 0 {
		return false
	}
	k.callKey(t.list[found], asker)
	return true
}

// callKey makes k.key the key of a call.
func (k *Correlator) callKey(typ uint16, asker []byte) []byte {
	k.key = binary.AppendUvarint(append(k.key[:0], clientCall, 1), uint64(typ))
	k.key = append(k.key, asker...)
	return k.key
}

// drop lets an entry go.
func (k *Correlator) drop(entry *hold.Entry) {
	if key := k.store.Key(entry); k.Mode == Correlate && key[0] == clientCall && k.store.Get(key) == entry {
		k.open.remove(key)
	}
	k.store.Drop(entry)
}
