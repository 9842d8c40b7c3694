// SPDX-License-Identifier: Apache-2.0

package dnslog

import (
	"bytes"
	"fmt"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/attrs"
	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// PacketConfig configures the use of the DNS messages that the DNS Server's events carry. Parse is for the decoder, Keep for the mapper.
type PacketConfig struct {
	// Parse reads the query class, the answers, the client subnet, the upper bits of the response code, and values that the event has
	// no field for.
	Parse bool `mapstructure:"parse"`
	// Keep says when AdditionalFields.PacketData holds the message in hexadecimal.
	Keep PacketKeep `mapstructure:"keep"`
}

// PacketKeep says when a message is kept.
type PacketKeep string

// The values of PacketKeep. BufferSize has the size of the message in any case.
const (
	KeepPacketAlways  PacketKeep = "always"
	KeepPacketOnError PacketKeep = "on_error" // when it does not parse; this needs Parse
	KeepPacketNever   PacketKeep = "never"
)

// DefaultPacketConfig loses nothing of an event.
func DefaultPacketConfig() PacketConfig { return PacketConfig{Parse: true, Keep: KeepPacketAlways} }

// Validate returns an error for an unknown value of Keep. The error lists the known ones.
func (c *PacketConfig) Validate() error {
	switch c.Keep {
	case KeepPacketAlways, KeepPacketOnError, KeepPacketNever:
	default:
		return fmt.Errorf("keep: %q is not allowed; want %s, %s or %s", string(c.Keep), KeepPacketAlways, KeepPacketOnError, KeepPacketNever)
	}
	return nil
}

// answer returns the answers of a response, from the DNS Client's list or from the packet.
func (r *dnsRecord) answer() *dns.Answers {
	if r.isSum() {
		return &r.merged.Sums.Answers
	}
	list, text, listed := dns.AnswersOf(r.Event, &r.answers, r.builder.Text)
	r.builder.Text = text
	if listed && list.Count > 0 && list.Count == list.Len() && !list.Doubtful {
		r.use(dns.QueryResults) // otherwise the field has more than the list
	}
	return list
}

// appendAnswer appends the i-th answer to the builder's text, and returns the index of its data.
func (r *dnsRecord) appendAnswer(list *dns.Answers, i int) (data int) {
	from := len(r.builder.Text)
	r.builder.Text = append(r.builder.Text, list.At(i)...)
	data = from + list.DataAt(i)
	if typ, ok := list.Type(i); ok && list.MasterForm(i) {
		r.spellData(data, typ)
	}
	return data
}

// AnswersConfig configures the list of answers of a response.
type AnswersConfig struct {
	// Detail lists each answer with its name, type, time to live and data. Without it the list has the data only, after the type's name
	// if the data is no address.
	Detail bool `mapstructure:"detail"`
}

// Keys of an entry in the detailed list of answers.
const (
	answerName = "name"
	answerType = "type"
	answerTTL  = "ttl"
	answerData = "data"
)

// maxOwners bounds the names in the detailed list of answers, in bytes. Their data has a bound of its own.
const maxOwners = 8 << 10

// putAnswers writes the list of answers, and returns its length.
func (r *dnsRecord) putAnswers(m attrs.Attributes, list *dns.Answers) (listed int) {
	d := r.builder
	if !r.detail {
		first := d.Slices()
		for i := range list.Len() {
			from := len(d.Text)
			r.appendAnswer(list, i)
			d.AddElement(from)
		}
		m.PutSlice(dnsAnswers, first)
		return list.Len()
	}
	owners, first := 0, d.Groups()
	for i := range list.Len() {
		from, begin := len(d.Text), d.Entries()
		d.Text = list.AppendOwner(d.Text, r.Bytes(dns.PacketData), i)
		if owners += len(d.Text) - from; owners > maxOwners {
			d.Text = d.Text[:from]
			break
		}
		r.spellName(from)
		if len(d.Text) > from {
			d.AddEntryFrom(answerName, from)
		}
		if typ, ok := list.Type(i); ok {
			d.AddEntryText(answerType, r.typeName(uint64(typ)))
		}
		if ttl, ok := list.TTL(i); ok {
			d.AddEntryInt(answerTTL, int64(ttl))
		}
		d.AddEntryFrom(answerData, r.appendAnswer(list, i))
		d.AddGroup(begin)
	}
	m.PutGroups(dnsAnswers, first)
	return d.Groups() - first
}

// Names in AdditionalFields for values from a packet.
const (
	dnsAnswers           = "DnsAnswers"
	dnsAnswerCount       = "DnsAnswerCount"  // if DnsAnswers or DnsResponseName does not hold all answers
	dnsAnswerMinTTL      = "DnsAnswerMinTtl" // the least time to live of the answers, in seconds
	ednsClientSubnet     = "EdnsClientSubnet"
	ednsClientSubnetBits = "EdnsClientSubnetScope" // the prefix length that the answer is good for
)

// packetFields writes the values of the packet that have no attribute, and decides whether the packet itself is kept.
func (r *dnsRecord) packetFields(m attrs.Attributes) {
	list, d := r.answer(), r.builder
	listed := list.Len()
	switch {
	case listed == 0 || m.Omits(dnsAnswers):
	case r.answersSaid(list):
		r.omitAnswers(list)
	default:
		listed = r.putAnswers(m, list)
	}
	if r.isSum() {
		r.sumsOfAnswers(m)
		return
	}
	if list.HasTTL && !r.documents() {
		r.putUnlessMinimal(m, dnsAnswerMinTTL, int64(list.MinTTL))
	}
	if list.Count > listed {
		m.PutInt(dnsAnswerCount, int64(list.Count))
	}
	if msg := r.Packet(); msg != nil && msg.ClientSubnet.IsValid() {
		from := len(d.Text)
		d.Text = msg.ClientSubnet.AppendTo(d.Text)
		m.PutText(ednsClientSubnet, from)
		if msg.SubnetScope != 0 {
			m.PutInt(ednsClientSubnetBits, int64(msg.SubnetScope))
		}
	}
	r.updates(m)
	if r.keep == KeepPacketNever || r.keep == KeepPacketOnError && !r.PacketBroken() {
		r.use(dns.PacketData)
		if n := len(r.Bytes(dns.PacketData)); n > 0 {
			r.omittedPacket = int64(additionalSize("PacketData", len("0x")+2*n))
		}
	}
}

// answersSaid reports whether a slim record leaves the list of answers out: DnsResponseName of profile asim has the same answers, and no
// semicolon of their data looks like the end of one.
func (r *dnsRecord) answersSaid(list *dns.Answers) bool {
	if r.profile != dns.ProfileASIM || r.detail || !r.slims() || r.attrs.Omits("DnsResponseName") {
		return false
	}
	for i := range list.Len() {
		if bytes.IndexByte(list.At(i), ';') >= 0 {
			return false
		}
	}
	return true
}

// omitAnswers counts the list of answers as left out.
func (r *dnsRecord) omitAnswers(list *dns.Answers) {
	size := len(dnsAnswers) + len(`"":[],`)
	for i := range list.Len() {
		size += len(list.At(i)) + len(`"",`)
	}
	r.omit(size)
}
