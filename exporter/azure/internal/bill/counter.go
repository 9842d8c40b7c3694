// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"hash/maphash"
	"time"

	windns "github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// counter counts answers with the same client, name, type and result.
type counter struct {
	seed         maphash.Seed
	catalog      *schema.Catalog
	record       etw.Record
	decoded      schema.Decoded
	last         map[uint64]time.Time // by key, of all answers
	answers      int                  // in the measured span
	first        int                  // of these, without an equal one in the 24 hours before
	in5m, inHour map[key]struct{}
}

type key struct {
	hash uint64
	at   int64
}

func newCounter() *counter {
	return &counter{
		seed: maphash.MakeSeed(), catalog: windns.ServerCatalog(), last: map[uint64]time.Time{}, in5m: map[key]struct{}{}, inHour: map[key]struct{}{},
	}
}

// add adds an event, of the measured span or before it.
func (c *counter) add(raw []byte, at time.Time, measured bool) {
	if err := c.record.Parse(raw); err != nil || c.record.ID != 257 && c.record.ID != 258 {
		return
	}
	c.catalog.Decode(&c.record, &c.decoded)
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, name := range []string{"Destination", "QNAME"} {
		_, _ = h.Write(bytes.ToLower(c.decoded.Values[c.decoded.Template.Find(name)].Bytes))
		_ = h.WriteByte(0)
	}
	for _, name := range []string{"QTYPE", "RCODE"} {
		_ = h.WriteByte(byte(c.decoded.Values[c.decoded.Template.Find(name)].Num))
	}
	sum := h.Sum64()
	before, known := c.last[sum]
	c.last[sum] = at
	if !measured {
		return
	}
	c.answers++
	if !known || at.Sub(before) > 24*time.Hour {
		c.first++
	}
	c.in5m[key{sum, at.Unix() / 300}] = struct{}{}
	c.inHour[key{sum, at.Unix() / 3600}] = struct{}{}
}

// repetition is how often answers repeat: the mean number of equal ones in five minutes and in an hour, and the share of those without an equal
// one in the day before.
type repetition struct{ In5m, InHour, First float64 }

func (c *counter) repetition() repetition {
	n := float64(c.answers)
	return repetition{n / float64(len(c.in5m)), n / float64(len(c.inHour)), float64(c.first) / n}
}
