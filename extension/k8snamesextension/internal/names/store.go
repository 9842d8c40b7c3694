// SPDX-License-Identifier: Apache-2.0

package names

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
)

// Options of a Store.
type Options struct {
	Cluster string                  // the cluster's name, where no label has it
	Wanted  func(label string) bool // whether a label with its source is written; nil for all
	Keep    time.Duration           // how long the owners before the last change are kept
	MaxSize int64                   // of everything kept, in bytes
}

// Store has the names. It implements flow.Names.
type Store struct {
	cluster string
	wanted  func(string) bool
	keep    int64
	maxSize int64

	addresses *table[netip.Addr, owner]
	services  *table[frontend, flow.Service]
	reserved  [maxReserved + 1]reserved

	// The addresses of the node that the events are of. generation changes with them, so that endpoints that were made before are made again.
	ownAddresses atomic.Pointer[[]netip.Addr]
	generation   atomic.Uint32

	numbers struct {
		sync.RWMutex
		identities map[uint32]*identity
	}

	account account

	// All below is for changes.
	mu         sync.Mutex
	records    [kinds]map[string]*record
	ownPods    map[podName]flow.Workload
	namespaces pool[string, string]
	workloads  pool[flow.Workload, []flow.Workload]
	sets       pool[string, *identity] // sets of labels without an identity
	expiry     expiry
	size       int64 // of what the objects hold, without owners before the last change
	refused    [kinds]int64
}

// record is what an object holds.
type record struct {
	ends      []held
	identity  uint32
	service   *flow.Service
	frontends []frontend
	size      int64
}

type held struct {
	owner     *owner
	addresses []netip.Addr
	labels    string // the key of its set of labels, if it has one
}

// Sizes in bytes, with the allocator's and the maps' overhead. BenchmarkMemory measures what they estimate.
const (
	objectSize   = 180 // a record and its entry in the map
	ownerSize    = 220 // an owner and its endpoint
	addressSize  = 130 // an address, its entry in the table, its span
	pastSize     = 400 // a span that has ended, and its owner
	endedSize    = 160 // what is in the queue and in the map of what is to be forgotten
	factsSize    = 320 // an identity or a set of labels
	frontendSize = 150
)

// New makes a store without names.
func New(o Options) *Store {
	s := &Store{
		cluster: o.Cluster, wanted: o.Wanted, keep: int64(o.Keep), maxSize: o.MaxSize,
		addresses: newTable(hashOfAddress, sameEnd), services: newTable(hashOfFrontend, sameService),
		ownPods: map[podName]flow.Workload{}, namespaces: pool[string, string]{}, workloads: pool[flow.Workload, []flow.Workload]{}, sets: pool[string, *identity]{},
	}
	if s.wanted == nil {
		s.wanted = func(string) bool { return true }
	}
	s.numbers.identities = map[uint32]*identity{}
	s.ownAddresses.Store(&[]netip.Addr{})
	for number, labels := range reservedLabels {
		endpoint := flow.Endpoint{Identity: uint32(number), Labels: labels}
		s.reserved[number].remote.Endpoint, s.reserved[number].local.Endpoint = endpoint, endpoint
		s.reserved[number].local.Local = true
	}
	for k := range s.records {
		s.records[k] = map[string]*record{}
	}
	return s
}

// Endpoint implements flow.Names.
func (s *Store) Endpoint(address netip.Addr, number uint32, time int64) *flow.Endpoint {
	e := s.addresses.of(address.Unmap().WithZone(""))
	had := e.at(time)
	if had != nil && had.owner.agrees(number) {
		if had.until == open {
			s.account.lookups[Current].n.Add(1)
		} else {
			s.account.lookups[Earlier].n.Add(1)
		}
		return s.named(had.owner, number)
	}
	if number == 0 {
		s.account.lookups[Unresolved].n.Add(1)
		return nil
	}
	// An owner of the address with the event's identity is the event's, though the times do not fit.
	if number > maxReserved {
		for other := range e.each {
			if o := other.owner; !o.node && o.identity.number == number {
				if had != nil {
					s.account.conflicts[WonOwner].n.Add(1)
				}
				s.account.lookups[Earlier].n.Add(1)
				return s.named(o, number)
			}
		}
	}
	alone := s.alone(number)
	won, outcome := WonIdentity, IdentityOnly
	if alone == nil {
		won, outcome = WonNobody, Unresolved
	}
	if had != nil {
		s.account.conflicts[won].n.Add(1)
	}
	s.account.lookups[outcome].n.Add(1)
	return alone
}

// alone is an end of which only the identity is known; nil if its labels are not known.
func (s *Store) alone(number uint32) *flow.Endpoint {
	if number <= maxReserved {
		return &s.reserved[number].of(number == host).Endpoint
	}
	s.numbers.RLock()
	i := s.numbers.identities[number]
	s.numbers.RUnlock()
	if i == nil {
		return nil
	}
	if known := i.known.Load(); known != nil {
		return &known.alone
	}
	return nil
}

// Service implements flow.Names.
func (s *Store) Service(address netip.Addr, port uint16, protocol flow.L4Protocol, time int64) *flow.Service {
	f := frontend{address.Unmap().WithZone(""), port, protocol}
	var found *flow.Service
	if protocol == flow.L4None {
		found = s.anyService(f, time)
	} else if had := s.services.of(f).at(time); had != nil {
		found = had.owner
	}
	if found != nil {
		s.account.services.n.Add(1)
	}
	return found
}

// anyService is the service of a frontend whose protocol is not known; nil if two services have the port, each with its protocol.
func (s *Store) anyService(f frontend, time int64) (found *flow.Service) {
	for _, f.protocol = range [...]flow.L4Protocol{flow.L4TCP, flow.L4UDP, flow.L4SCTP} {
		had := s.services.of(f).at(time)
		switch {
		case had == nil:
		case found != nil && *found != *had.owner:
			return nil
		default:
			found = had.owner
		}
	}
	return found
}

// Apply takes an object that is new or has changed.
func (s *Store) Apply(kind Kind, o *Object, a Arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apply(kind, o, a)
}

// Replace takes the list of all objects of a kind. Those that are not in it are gone.
func (s *Store) Replace(kind Kind, objects []*Object, a Arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	there := make(map[string]bool, len(objects))
	for _, o := range objects {
		there[o.Key] = true
	}
	for key := range s.records[kind] {
		if !there[key] {
			s.remove(kind, key, a.at)
		}
	}
	for _, o := range objects {
		s.apply(kind, o, a)
	}
}

// Delete takes that an object is gone.
func (s *Store) Delete(kind Kind, key string, now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(kind, key, now)
}

// Has reports whether an object is held.
func (s *Store) Has(kind Kind, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records[kind][key] != nil
}

// Sweep removes the owners that were kept for long enough.
func (s *Store) Sweep(now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e, ok := s.expiry.next(now - s.keep); ok; e, ok = s.expiry.next(now - s.keep) {
		s.forget(e, now-s.keep)
	}
}

// forget forgets what ended and was learnt of before a time. The ends after it are for later.
func (s *Store) forget(e expiring, learnt int64) {
	var next int64
	switch {
	case e.service:
		next = s.services.forget(e.frontend, learnt)
	case e.number != 0:
		s.forgetIdentity(e.number)
		return
	default:
		next = s.addresses.forget(e.frontend.address, learnt)
	}
	if next != open {
		s.expiry.push(expiring{next, e.ended})
	}
}

func (s *Store) apply(kind Kind, o *Object, a Arrival) {
	if o.Identity == nil && len(o.Ends) == 0 && len(o.Frontends) == 0 { // such as a pod in the host's network, or one that has ended
		s.remove(kind, o.Key, a.at)
		return
	}
	r := s.records[kind][o.Key]
	if r == nil {
		size := int64(objectSize + len(o.Key))
		if !s.fits(size + estimate(o)) {
			s.refused[kind]++
			return
		}
		r = &record{size: size}
		s.size += size
		s.records[kind][o.Key] = r
	}
	switch kind {
	case Identities:
		s.applyIdentity(r, o.Identity)
	case Services:
		s.applyService(r, o, a)
	case OwnPods:
		s.applyOwnPod(o)
	default:
		s.applyEnds(kind, r, o, a)
	}
	if !s.fits(0) { // it has grown, or brought labels to an identity
		s.remove(kind, o.Key, a.at)
		s.refused[kind]++
	}
}

// estimate is the size of what an object brings.
func estimate(o *Object) (size int64) {
	for i := range o.Ends {
		size += endSize(&o.Ends[i]) + labelsSize(o.Ends[i].Labels)
	}
	if o.Identity != nil {
		size += factsSize + labelsSize(o.Identity.Labels)
	}
	return size + frontendSize*int64(len(o.Frontends))
}

func labelsSize(labels []string) (size int64) {
	for _, l := range labels {
		size += int64(len(l)) + 16
	}
	return size
}

func endSize(e *End) int64 {
	return heldSize(len(e.Addresses), e.Pod)
}

func heldSize(addresses int, pod string) int64 {
	return int64(ownerSize + addressSize*addresses + len(pod))
}

// fits reports whether there is room. When there is none, owners before the last change make some.
func (s *Store) fits(size int64) bool {
	for s.total()+size > s.maxSize {
		e, ok := s.expiry.next(open)
		if !ok {
			return false
		}
		s.forget(e, open)
	}
	return true
}

// total is the size of everything.
func (s *Store) total() int64 {
	return s.size + pastSize*int64(s.addresses.past+s.services.past) + endedSize*int64(len(s.expiry.queue))
}

func (s *Store) applyEnds(kind Kind, r *record, o *Object, a Arrival) {
	before := r.ends
	r.ends = nil
	for i := range o.Ends {
		e := &o.Ends[i]
		j := slices.IndexFunc(before, func(h held) bool {
			return h.owner != nil && h.owner.PodName == e.Pod && h.owner.Namespace == e.Namespace
		})
		if j < 0 {
			s.hold(r, e, a, a.from(e.Since))
			continue
		}
		old := before[j]
		before[j].owner = nil
		if !s.same(&old, e) {
			// Its names changed now. An address that is new with them is the same pod's, so it may be older.
			fresh := s.held(e)
			for _, address := range e.Addresses {
				from := a.at
				if !slices.Contains(old.addresses, address) {
					from = a.from(e.Since)
				}
				s.claim(address, fresh.owner, from, a)
			}
			for _, address := range old.addresses {
				if !slices.Contains(e.Addresses, address) {
					s.release(address, old.owner, a.at)
				}
			}
			s.drop(r, &old, a.at)
			s.add(r, fresh, e)
			continue
		}
		r.ends = append(r.ends, old)
	}
	for i := range before {
		if before[i].owner != nil {
			s.letGo(r, &before[i], a.at)
		}
	}
	if kind == Nodes {
		s.applyOwnNode(o)
	}
}

// hold gives an end its addresses.
func (s *Store) hold(r *record, e *End, a Arrival, from int64) {
	h := s.held(e)
	for _, address := range e.Addresses {
		s.claim(address, h.owner, from, a)
	}
	s.add(r, h, e)
}

func (s *Store) add(r *record, h held, e *End) {
	r.ends = append(r.ends, h)
	size := endSize(e)
	r.size += size
	s.size += size
}

// held makes the owner of an end's addresses.
func (s *Store) held(e *End) held {
	o := &owner{node: e.Node, local: e.Local, host: e.Host}
	o.Endpoint = flow.Endpoint{ID: e.ID, Identity: e.Identity, PodName: e.Pod, Namespace: s.namespaces.take(e.Namespace, func() string { return e.Namespace })}
	h := held{owner: o, addresses: e.Addresses}
	workload := e.Workload
	if workload.Name == "" {
		workload = s.ownPods[podName{e.Namespace, e.Pod}]
	}
	var workloads []flow.Workload
	if workload.Name != "" {
		workloads = s.workloads.take(workload, func() []flow.Workload { return []flow.Workload{workload} })
	}
	switch {
	case e.Node:
		return h
	case e.Identity != 0:
		o.identity = s.identityOf(e.Identity)
		o.identity.users++
		if e.Labels != nil && o.identity.known.Load() == nil {
			s.setFacts(o.identity, learn(e.Identity, e.Labels, s.wanted))
		}
	default:
		h.labels = strings.Join(e.Labels, "\n")
		o.identity = s.sets.take(h.labels, func() *identity {
			i := &identity{}
			if e.Labels != nil {
				s.setFacts(i, learn(0, e.Labels, s.wanted))
			}
			return i
		})
	}
	o.made = *s.make(o, workloads, o.identity.known.Load(), s.generation.Load())
	return h
}

// same reports whether an end is as it was.
func (s *Store) same(h *held, e *End) bool {
	o := h.owner
	if o.ID != e.ID || o.Identity != e.Identity || o.node != e.Node || o.local != e.Local || o.host != e.Host || !slices.Equal(h.addresses, e.Addresses) {
		return false
	}
	if e.Workload.Name != "" && (len(o.Workloads) == 0 || o.Workloads[0] != e.Workload) {
		return false
	}
	return e.Node || e.Identity != 0 || h.labels == strings.Join(e.Labels, "\n")
}

// letGo takes an end's addresses away.
func (s *Store) letGo(r *record, h *held, now int64) {
	for _, address := range h.addresses {
		s.release(address, h.owner, now)
	}
	s.drop(r, h, now)
}

// drop forgets that an object holds an end. Spans may still have its owner.
func (s *Store) drop(r *record, h *held, now int64) {
	o := h.owner
	size := heldSize(len(h.addresses), o.PodName)
	r.size -= size
	s.size -= size
	s.namespaces.leave(o.Namespace)
	if len(o.Workloads) > 0 {
		s.workloads.leave(o.Workloads[0])
	}
	switch {
	case o.node:
	case o.Identity != 0:
		o.identity.users--
		s.unused(o.identity, now)
	case s.sets.leave(h.labels):
		s.size -= costOf(o.identity.known.Load())
	}
}

func (s *Store) claim(address netip.Addr, o *owner, from int64, a Arrival) {
	if s.addresses.claim(address, o, from, a.exact(from), a.at, a.listed) {
		s.expiry.push(expiring{a.at, ended{frontend: frontend{address: address}}})
	}
}

func (s *Store) release(address netip.Addr, o *owner, now int64) {
	if s.addresses.release(address, o, now, now) {
		s.expiry.push(expiring{now, ended{frontend: frontend{address: address}}})
	}
}

func (s *Store) remove(kind Kind, key string, now int64) {
	r := s.records[kind][key]
	if r == nil {
		return
	}
	delete(s.records[kind], key)
	for i := range r.ends { // they reduce the record's size
		s.letGo(r, &r.ends[i], now)
	}
	for _, f := range r.frontends {
		if s.services.release(f, r.service, now, now) {
			s.expiry.push(expiring{now, ended{frontend: f, service: true}})
		}
	}
	s.size -= r.size
	switch kind {
	case Identities:
		if i := s.numbers.identities[r.identity]; i != nil {
			i.listed = false
			s.unused(i, now)
		}
	case OwnPods:
		delete(s.ownPods, nameOf(key))
	}
	s.fits(0) // owners before the last change have their place in it
}
