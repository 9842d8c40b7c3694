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

// appendAnswer appends the i-th answer to the draft's text, and gives where its data begins.
func (r *dnsRecord) appendAnswer(list *dns.Answers, i int) (data int) {
	from := len(r.draft.text)
	r.draft.text = append(r.draft.text, list.At(i)...)
	data = from + list.DataAt(i)
	if typ, ok := list.Type(i); ok && list.MasterForm(i) {
		r.spellData(data, typ)
	}
	return data
}

// AnswersConfig says how the answers of a response are listed.
type AnswersConfig struct {
	// Detail lists each with its name, type, time to live and data. Without it the list has the data, behind the type's name where it
	// is no address.
	Detail bool `mapstructure:"detail"`
}

// Names in each entry of the list of answers in detail.
const (
	answerName = "name"
	answerType = "type"
	answerTTL  = "ttl"
	answerData = "data"
)

// maxOwners bounds the names of the answers in detail, in bytes, as the list of their data is bounded.
const maxOwners = 8 << 10

// putAnswers writes the list of answers, and gives how many it has.
func (r *dnsRecord) putAnswers(m attributes, list *dns.Answers) (listed int) {
	d := r.draft
	if !r.detail {
		first := len(d.slices)
		for i := range list.Len() {
			from := len(d.text)
			r.appendAnswer(list, i)
			d.slices = append(d.slices, d.since(from))
		}
		m.PutSlice(dnsAnswers, first)
		return list.Len()
	}
	owners, first := 0, len(d.groups)
	for i := range list.Len() {
		from, begin := len(d.text), len(d.entries)
		d.text = list.AppendOwner(d.text, r.Bytes(dns.PacketData), i)
		if owners += len(d.text) - from; owners > maxOwners {
			d.text = d.text[:from]
			break
		}
		r.spellName(from)
		if len(d.text) > from {
			d.entryPiece(answerName, from)
		}
		if typ, ok := list.Type(i); ok {
			d.entryText(answerType, r.typeName(uint64(typ)))
		}
		if ttl, ok := list.TTL(i); ok {
			d.entryInt(answerTTL, int64(ttl))
		}
		d.entryPiece(answerData, r.appendAnswer(list, i))
		d.groups = append(d.groups, piece{int32(begin), int32(len(d.entries))})
	}
	m.PutGroups(dnsAnswers, first)
	return len(d.groups) - first
}

// Names in AdditionalFields of what a packet says.
const (
	dnsAnswers           = "DnsAnswers"
	dnsAnswerCount       = "DnsAnswerCount"  // where DnsAnswers or DnsResponseName holds not all of them
	dnsAnswerMinTTL      = "DnsAnswerMinTtl" // the least time to live of them, in seconds
	ednsClientSubnet     = "EdnsClientSubnet"
	ednsClientSubnetBits = "EdnsClientSubnetScope" // the prefix length that the answer is good for
)

// packetFields writes what the packet says and no attribute has a place for, and judges whether the packet itself is kept.
func (r *dnsRecord) packetFields(m attributes) {
	list, d := r.answer(), r.draft
	listed := list.Len()
	if listed > 0 && !m.omits(dnsAnswers) {
		listed = r.putAnswers(m, list)
	}
	if list.HasTTL && !r.documents() {
		m.PutInt(dnsAnswerMinTTL, int64(list.MinTTL))
	}
	if list.Count > listed {
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
