// SPDX-License-Identifier: Apache-2.0

package asimdnsreceiver

import (
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/aggregate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/shape"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// classification gives exchanges their classes.
type classification struct {
	classifier *shape.Classifier // nil if all are summed alike
	name       []byte            // memory for the name of an exchange
	noiseOnly  bool              // only noise is summed
	packsNew   bool              // an exchange of the class First or Burst is packed, instead of a record of its own
	joins      bool              // an exchange whose class cannot change joins a row without being classified
}

// classify makes the handler ask how an exchange is summed. late is how long after its time an exchange may be ready.
func (h *handler) classify(c *aggregationConfig, late time.Duration) (err error) {
	if h.aggregator == nil || !c.Whole.Enabled() && c.Noise.Window == 0 {
		return nil
	}
	h.shape.noiseOnly, h.shape.packsNew, h.shape.joins = c.Window == 0, c.Pack == packNew, c.joins()
	h.shape.classifier, err = shape.New(c.Whole, c.Noise, late)
	h.class = h.classOf
	return err
}

// joins reports whether no name can become new while a row of it is open: it is remembered for longer than any row is open, with a second of
// rounding for each end.
func (c *aggregationConfig) joins() bool {
	const rounding = 2 * time.Second
	return c.Whole.NewWithin == 0 || c.Whole.NewWithin >= max(c.Window, c.Noise.Window)+rounding
}

// classOf returns the class of an exchange. Its record is made of the event e.
func (h *handler) classOf(e *dns.Event, x *correlate.Exchange) aggregate.Class {
	outcome := e.Outcome()
	if x.Unanswered {
		outcome.Result = dns.ResultFailure
	}
	s := &h.shape
	exchange := shape.Of(e, outcome, etw.UnixNano(e.TimeStamp), s.name)
	s.name = exchange.Name
	class := s.classifier.Class(&exchange)
	switch class {
	case aggregate.Sum:
		if s.noiseOnly {
			return aggregate.Whole
		}
	case aggregate.First, aggregate.Burst:
		if s.noiseOnly || !s.packsNew {
			return aggregate.Whole
		}
	}
	return class
}

// fetch starts to load what is known of the name of an event's exchange, which the caller will ask for soon. at is the exchange's time, in
// nanoseconds since 1970. The result is valid until the next call of a method.
func (c *classification) fetch(e *dns.Event, at int64) shape.Exchange {
	x := shape.Of(e, dns.Outcome{}, at, c.name)
	c.name = x.Name
	c.classifier.Fetch(&x)
	return x
}

// forget forgets names and rates, for the events of another host.
func (c *classification) forget() {
	if c.classifier != nil {
		c.classifier.Forget()
	}
}
