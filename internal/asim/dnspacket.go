// SPDX-License-Identifier: Apache-2.0

package asim

import (
	"errors"
	"fmt"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// PacketConfig says what becomes of the DNS messages that the DNS Server's events carry: Parse is for the decoder, Keep for the
// mapper.
type PacketConfig struct {
	// Parse reads them: the query class, the answers, the client subnet, the upper bits of the response code, and what an event
	// has no field of its own for.
	Parse bool `mapstructure:"parse"`
	// Keep says when AdditionalFields.PacketData holds the message in hexadecimal.
	Keep PacketKeep `mapstructure:"keep"`
}

// PacketKeep says when a message is kept.
type PacketKeep string

// When a message is kept. An event says the size in BufferSize in any case.
const (
	KeepPacketAlways  PacketKeep = "always"
	KeepPacketOnError PacketKeep = "on_error" // when it does not parse
	KeepPacketNever   PacketKeep = "never"
)

// DefaultPacketConfig is what holds where nothing is said: nothing of an event is lost.
func DefaultPacketConfig() PacketConfig { return PacketConfig{Parse: true, Keep: KeepPacketAlways} }

// Validate says which values there are.
func (c *PacketConfig) Validate() error {
	switch c.Keep {
	case KeepPacketAlways, KeepPacketNever:
	case KeepPacketOnError:
		if !c.Parse {
			return errors.New("keep: on_error needs parse: true")
		}
	default:
		return fmt.Errorf("keep: %q is not allowed; want %s, %s or %s", string(c.Keep), KeepPacketAlways, KeepPacketOnError, KeepPacketNever)
	}
	return nil
}

// answer gives the answers of a response: those that the DNS Client lists, or the packet's.
func (r *dnsRecord) answer() *dns.Answers {
	list := &r.answers
	list.Reset()
	if r.Phase != dns.Response {
		return list
	}
	text := r.draft.text
	if results, ok := r.Text(text, dns.QueryResults); ok {
		list.Listed(results[len(text):])
		if list.Count > 0 && list.Count == list.Len() && !list.Doubtful {
			r.use(dns.QueryResults) // else the field says more
		}
		r.draft.text = results[:len(text)]
		return list
	}
	if msg := r.Packet(); msg != nil {
		return &msg.Answers
	}
	return list
}

// Names in AdditionalFields of what a packet says.
const (
	dnsAnswers           = "DnsAnswers"
	dnsAnswerCount       = "DnsAnswerCount" // where DnsAnswers or DnsResponseName holds not all of them
	ednsClientSubnet     = "EdnsClientSubnet"
	ednsClientSubnetBits = "EdnsClientSubnetScope" // the prefix length that the answer is good for
)

// packetFields writes what the packet says and no attribute has a place for, and judges whether the packet itself is kept.
func (r *dnsRecord) packetFields(m attributes) {
	list, d := r.answer(), r.draft
	if r.profile != ProfileASIM && list.Len() > 0 && !m.omits(dnsAnswers) {
		first := len(d.slices)
		for i := range list.Len() {
			from := len(d.text)
			d.text = append(d.text, list.At(i)...)
			d.slices = append(d.slices, d.since(from))
		}
		m.PutSlice(dnsAnswers, first)
	}
	if list.Count > list.Len() {
		m.PutInt(dnsAnswerCount, int64(list.Count))
	}
	if msg := r.Packet(); msg != nil && msg.ClientSubnet.IsValid() {
		from := len(d.text)
		d.text = msg.ClientSubnet.AppendTo(d.text)
		m.PutText(ednsClientSubnet, from)
		if msg.SubnetScope != 0 {
			m.PutInt(ednsClientSubnetBits, int64(msg.SubnetScope))
		}
	}
	r.updates(m)
	if r.keep == KeepPacketNever || r.keep == KeepPacketOnError && !r.PacketBroken() {
		r.use(dns.PacketData)
	}
}
