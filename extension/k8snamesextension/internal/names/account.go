// SPDX-License-Identifier: Apache-2.0

package names

import "sync/atomic"

// Outcome is how a look-up of an address ended.
type Outcome uint8

// The outcomes.
const (
	Current      Outcome = iota // the address's owner now
	Earlier                     // one of its owners before
	IdentityOnly                // nobody that fits; the labels of the event's identity
	Unresolved                  // nothing
	outcomes
)

// String returns the outcome's name in the metric.
func (o Outcome) String() string {
	return [outcomes]string{"owner", "earlier_owner", "identity", "unresolved"}[o]
}

// Won is what a look-up returned whose event has another identity than the address's owner.
type Won uint8

// What can win.
const (
	WonOwner    Won = iota // another owner of the address, with the event's identity
	WonIdentity            // the labels of the event's identity, without a pod
	WonNobody              // nothing, since the labels of the event's identity are not known
	winners
)

// String returns the winner's name in the metric.
func (w Won) String() string {
	return [winners]string{"other_owner", "identity", "nobody"}[w]
}

// counter has a cache line to itself, so that two workers' counts do not meet.
type counter struct {
	n atomic.Int64
	_ [56]byte
}

type account struct {
	lookups   [outcomes]counter
	conflicts [winners]counter
	services  counter
}

// Account is what a store has done, and what it holds.
type Account struct {
	Lookups   [outcomes]int64
	Conflicts [winners]int64
	Services  int64        // look-ups that found a service
	Objects   [kinds]int64 // that are held
	Refused   [kinds]int64 // objects that found no room, since the start
	Size      int64        // of everything, in bytes, estimated
}

// Account returns the account.
func (s *Store) Account() (a Account) {
	for i := range a.Lookups {
		a.Lookups[i] = s.account.lookups[i].n.Load()
	}
	for i := range a.Conflicts {
		a.Conflicts[i] = s.account.conflicts[i].n.Load()
	}
	a.Services = s.account.services.n.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.records {
		a.Objects[k] = int64(len(s.records[k]))
	}
	a.Refused, a.Size = s.refused, s.total()
	return a
}
