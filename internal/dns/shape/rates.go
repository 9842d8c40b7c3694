// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"hash/maphash"
	"net/netip"
	"time"
)

// rates counts the exchanges of each client in a minute, in bounded memory. It never counts too few: where a client has no room, it takes over the
// smallest count of its set ("space saving").
type rates struct {
	limit uint32
	late  int64 // minutes by which an exchange may be older than those before it
	seed  maphash.Seed
	sets  []rateSet
}

// rateSets is the number of sets, and rateWays of clients in a set: room for 8,192 clients in the same minute, in 160 KiB.
const rateSets, rateWays = 1024, 8

type rateSet struct {
	clients [rateWays]uint64 // hashes; 0 is empty
	minutes [rateWays]int64  // since 1970
	counts  [rateWays]uint32
}

// newRates makes rates for exchanges that come at most so late.
func newRates(limit int, late time.Duration) *rates {
	return &rates{limit: uint32(limit), late: int64(late/time.Minute) + 1, seed: maphash.MakeSeed(), sets: make([]rateSet, rateSets)}
}

func (r *rates) forget() { clear(r.sets) }

// exceeds counts an exchange of a client, and reports whether it is beyond the limit in its minute. One that comes late, such as a query
// whose answer was waited for, counts for the minute of the latest. A time that is further back is a clock that was set back, and begins anew.
func (r *rates) exceeds(client netip.Addr, at int64) bool {
	addr := client.As16()
	hash := max(1, maphash.Bytes(r.seed, addr[:]))
	minute := at / int64(time.Minute)
	set := &r.sets[hash%rateSets]
	victim, least := 0, uint32(1<<32-1)
	for i := range set.clients {
		count := set.counts[i]
		if set.clients[i] == 0 || set.minutes[i] < minute || set.minutes[i] > minute+r.late {
			count = 0 // its minute is over
		}
		if set.clients[i] == hash {
			victim, least = i, count
			break
		}
		if count < least {
			victim, least = i, count
		}
	}
	later := minute
	if least > 0 {
		later = max(minute, set.minutes[victim])
	}
	if least < 1<<32-1 {
		least++
	}
	set.clients[victim], set.minutes[victim], set.counts[victim] = hash, later, least
	return least > r.limit
}
