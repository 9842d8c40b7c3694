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

// answer gives the answers of a response, those that the DNS Client lists or the packet's, and how many there are in all.
func (r *dnsRecord) answer() (list []string, count int) {
	if r.Phase != dns.Response {
		return nil, 0
	}
	if _, ok := r.Num(dns.QueryResults); ok {
		r.answers, count = dns.ListedAnswers(r.answers[:0], r.text(dns.QueryResults))
		if count > 0 && count == len(r.answers) {
			r.use(dns.QueryResults) // else the field says more
		}
		return r.answers, count
	}
	if msg := r.Packet(); msg != nil {
		return msg.Answers, msg.AnswerCount
	}
	return nil, 0
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
	list, count := r.answer()
	if r.profile != ProfileASIM && len(list) > 0 && !m.omits(dnsAnswers) {
		to := m.PutEmptySlice(dnsAnswers)
		to.EnsureCapacity(len(list))
		for _, answer := range list {
			to.AppendEmpty().SetStr(answer)
		}
	}
	if count > len(list) {
		m.PutInt(dnsAnswerCount, int64(count))
	}
	if msg := r.Packet(); msg != nil && msg.ClientSubnet.IsValid() {
		m.PutStr(ednsClientSubnet, msg.ClientSubnet.String())
		if msg.SubnetScope != 0 {
			m.PutInt(ednsClientSubnetBits, int64(msg.SubnetScope))
		}
	}
	if r.keep == KeepPacketNever || r.keep == KeepPacketOnError && !r.PacketBroken() {
		r.use(dns.PacketData)
	}
}
