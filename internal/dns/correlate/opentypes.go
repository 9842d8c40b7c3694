// SPDX-License-Identifier: Apache-2.0

// The query types of open calls, by process and name.

package correlate

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/budget"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

// openTypes lists the query types of the kept calls, by the hash of process and name. With a type an entry is found by its key. Two names with
// one hash count as one, so that neither is the only one; the seed of the hash is secret.
type openTypes struct {
	of     map[uint64]types
	seed   maphash.Seed
	memory budget.Account
	paid   int // the number of lists whose memory was taken; a map does not shrink
}

// maxTypes is the most types that are listed for a name. Programs ask for one to three at a time.
const maxTypes = 7

// OpenCallSize is the most that the list of types takes for a kept event, in bytes, besides hold.EntrySize. A map is at
// least seven sixteenths full.
const OpenCallSize = 80

// types are the types of one process and name.
type types struct {
	calls uint32 // the number of kept calls
	many  bool   // since the first of these calls there were more types than are listed, or a call without a type
	n     uint8
	list  [maxTypes]uint16
}

func newOpenTypes() openTypes { return openTypes{of: map[uint64]types{}, seed: maphash.MakeSeed()} }

// listsAtOnce is the number of lists whose memory is taken from the budget at once, and listsAhead the number that is taken ahead.
const listsAtOnce, listsAhead = 1 << 10, 64

// reserve reports whether the budget has room for the lists of the next events.
func (o *openTypes) reserve() bool {
	return len(o.of)+listsAhead <= o.paid || o.memory.Reserve(listsAtOnce*OpenCallSize)
}

// pay takes the memory of a new list.
func (o *openTypes) pay() {
	if len(o.of) >= o.paid {
		o.paid += listsAtOnce
		o.memory.Use(listsAtOnce * OpenCallSize)
	}
}

// cutCall splits the key of a call into the type, and process and name. ok is false for a call without a type, or with an impossible one.
func cutCall(key []byte) (typ uint16, ok bool, asker []byte) {
	if key[1] == 0 {
		return 0, false, key[2:]
	}
	n, size := binary.Uvarint(key[2:])
	return uint16(n), n <= math.MaxUint16, key[2+size:]
}

// add adds the call of a key to the list.
func (o *openTypes) add(key []byte) {
	typ, ok, asker := cutCall(key)
	hash := maphash.Bytes(o.seed, asker)
	t := o.of[hash]
	if t.calls++; t.calls == 1 {
		o.pay()
	}
	if !ok || t.n == maxTypes {
		t.many = true
	} else {
		t.list[t.n] = typ
		t.n++
	}
	o.of[hash] = t
}

// remove removes the call of a key from the list.
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

// onlyCall sets c.key to the key of the only call with a process and name that is open at a time. It reports whether there is exactly one.
func (c *Correlator) onlyCall(asker []byte, at int64) bool {
	t := c.open.of[maphash.Bytes(c.open.seed, asker)]
	if t.many {
		return false
	}
	found := -1
	for i, typ := range t.list[:t.n] {
		entry := c.store.Get(c.callKey(typ, asker))
		if entry == nil || entry.Tag&tagOver != 0 || !c.spans(entry, at) {
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
	c.callKey(t.list[found], asker)
	return true
}

// callKey sets c.key to the key of a call.
func (c *Correlator) callKey(typ uint16, asker []byte) []byte {
	c.key = binary.AppendUvarint(append(c.key[:0], byte(dns.ClientCall), 1), uint64(typ))
	c.key = append(c.key, asker...)
	return c.key
}

// drop removes an entry.
func (c *Correlator) drop(entry *hold.Entry) {
	if key := c.store.Key(entry); key[0] == byte(dns.ClientCall) && c.store.Get(key) == entry {
		c.open.remove(key)
	}
	c.store.Drop(entry)
}
