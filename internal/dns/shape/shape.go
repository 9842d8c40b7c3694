// SPDX-License-Identifier: Apache-2.0

// Package shape decides how DNS exchanges are summed. An exchange goes in, in the order of events; its class comes out: a record of its own,
// the first for its name, one of many of a client, part of a sum, or part of a longer sum of noise. What is rare, failing, new or long is not summed.
//
// Time is the events' own. Memory is bounded. An error of the bounded memory makes an exchange a record of its own, never part of a sum.
package shape

import (
	"net/netip"
	"time"
	"unsafe"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold/prefetch"
)

// Exchange is what the class depends on.
type Exchange struct {
	// Client is the host that asks; the zero value is this host, or not known.
	Client netip.Addr
	// Name is the queried name, folded by dns.Fold.
	Name []byte
	// Type is the query's type, if HasType is set.
	Type    uint16
	HasType bool
	// Code is the response code, if HasCode is set.
	Code    uint64
	HasCode bool
	// Failed is set if EventResult is Failure: an error code, or no answer.
	Failed bool
	// Change is set for an event that is no query: an update, a transfer, a notification, an audit event, or one that only informs.
	Change bool
	// Time is the event's own, in nanoseconds since 1970.
	Time int64
}

// Of returns an event's exchange. outcome is that of the record. The name is written into buffer, if it has room.
func Of(e *dns.Event, outcome dns.Outcome, at int64, buffer []byte) Exchange {
	x := Exchange{Name: dns.WithoutFinalDot(e.LowerQName(buffer[:0])), Code: outcome.Code, HasCode: outcome.HasCode, Failed: outcome.Result == dns.ResultFailure, Time: at}
	x.Client, _ = e.AskerAddr()
	if typ, ok := e.QType(); ok && typ < 1<<16 {
		x.Type, x.HasType = uint16(typ), true
	}
	if e.Fault {
		x.Failed, x.HasCode = true, false // its code is of a packet that came
	}
	switch e.Role() {
	case dns.RoleUpdate, dns.RoleTransfer, dns.RoleAudit, dns.RoleInfo:
		x.Change = true
	}
	return x
}

// Classifier gives exchanges their classes. Use it from one goroutine.
type Classifier struct {
	whole WholeConfig
	types map[uint16]bool
	noise *noise // nil if nothing is noise
	seen  *seen  // nil if new names are summed as well
	rates *rates // of NXDOMAINs; nil if all are summed
	apart *rates // of what is whole otherwise; nil if there is no limit
	bits  entropy
}

// New makes a Classifier. late is how much older an exchange may be than those that were classified before it. New returns an error if the file
// of noise cannot be read or has an invalid line.
func New(whole WholeConfig, noise NoiseConfig, late time.Duration) (*Classifier, error) {
	c := &Classifier{whole: whole, types: map[uint16]bool{}, bits: newEntropy()}
	for _, name := range whole.Types {
		code, _ := dns.TypeCode(name) // Validate has checked it
		c.types[code] = true
	}
	var err error
	if noise.Window > 0 {
		if c.noise, err = noise.read(&whole); err != nil {
			return nil, err
		}
	}
	if whole.NewWithin > 0 {
		c.seen = newSeen(whole.NewWithin, whole.newBytes())
	}
	if whole.NXDomainPerMinute > 0 {
		c.rates = newRates(whole.NXDomainPerMinute, late)
	}
	if whole.RecordsPerMinute > 0 {
		c.apart = newRates(whole.RecordsPerMinute, late)
	}
	return c, nil
}

// nxdomain is the response code of a name that does not exist (RFC 1035 section 4.1.1).
const nxdomain = 3

// Class gives the class of an exchange. It must see every exchange, in the order in which they are summed: it remembers names and rates.
func (c *Classifier) Class(x *Exchange) aggregate.Class {
	if x.Change {
		if c.whole.Changes {
			return aggregate.Whole
		}
		return aggregate.Sum
	}
	isNew := c.seen != nil && c.seen.add(x.Client, x.Name, x.Time)
	switch missing := x.HasCode && x.Code == nxdomain; {
	case missing && c.rates != nil && c.rates.exceeds(x.Client, x.Time):
		return aggregate.Burst
	case x.Failed && !missing && c.whole.Failures || c.isOdd(x):
		if c.apart != nil && c.apart.exceeds(x.Client, x.Time) {
			return aggregate.Burst
		}
		return aggregate.Whole
	case isNew:
		return aggregate.First
	case c.noise != nil && c.noise.has(x):
		return aggregate.Noise
	}
	return aggregate.Sum
}

// isOdd reports whether an exchange is of a type, or for a name, that is never summed.
func (c *Classifier) isOdd(x *Exchange) bool {
	return x.HasType && c.types[x.Type] ||
		c.whole.NameLength > 0 && len(x.Name) > c.whole.NameLength ||
		c.whole.LabelEntropy > 0 && c.bits.exceeds(x.Name, c.whole.LabelEntropy)
}

// Asked notes that a client asked for the name of an exchange that was not classified.
func (c *Classifier) Asked(x *Exchange) {
	if c.seen != nil && !x.Change {
		c.seen.add(x.Client, x.Name, x.Time)
	}
}

// Fetch starts to load the memory that Class or Asked needs for an exchange, a wait for memory otherwise.
func (c *Classifier) Fetch(x *Exchange) {
	if c.seen != nil && !x.Change {
		prefetch.Line(unsafe.Pointer(c.seen.set(x.Client, x.Name)))
	}
}

// Static reports whether all exchanges like this one have the same class once the first of them has been classified. Their number and times change
// nothing, unless their name becomes new again. The class of any other exchange depends on a rate.
func Static(e *dns.Event) bool {
	outcome := e.Outcome()
	_, typed := e.StatedQType()
	return typed && outcome.Result == dns.ResultSuccess && outcome.Code == 0
}

// Forget forgets names and rates, for events of another host.
func (c *Classifier) Forget() {
	if c.seen != nil {
		c.seen.forget()
	}
	for _, r := range [...]*rates{c.rates, c.apart} {
		if r != nil {
			r.forget()
		}
	}
}
