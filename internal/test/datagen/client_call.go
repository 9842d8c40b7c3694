// SPDX-License-Identifier: Apache-2.0

// A call of a program, and the values that its events carry.

package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/win32"
)

// program is a process that looks up names.
type program struct {
	process uint32
	thread  uint32
}

// programs are the programs of the workstation: two browsers, a chat client, a mail client, a shell, an update service.
func programs() []program {
	return []program{{7312, 7420}, {9044, 9100}, {11860, 12004}, {6028, 6032}, {42576, 41208}, {updateService, 1936}}
}

// updateService is the process of the last of the programs.
const updateService = 1480

// call is a program's call of the DNS Client.
type call struct {
	*workstation
	program
	at      time.Duration
	thread  uint32 // the service's thread
	version uint8  // newest version of the service's events
	blob    uint64 // the service's state of the query, as version 2 shows it
}

func (w *workstation) begin(at time.Duration) *call {
	return &call{
		workstation: w, program: pick(w.trace, programs()), at: at, thread: pick(w.trace, []uint32{2588, 2604, 3396, 6480}),
		version: pick(w.trace, []uint8{0, 1, 1, 2, 2, 2, 2}), blob: 0x1E5A3C00000 + uint64(w.IntN(1<<20))<<4,
	}
}

func (c *call) wait(low, high time.Duration) { c.at += c.between(low, high) }

// pace waits for the time between two events of one call on the host itself.
func (c *call) pace() { c.wait(15*time.Microsecond, 400*time.Microsecond) }

// own adds an event that the program itself writes.
func (c *call) own(event uint16, f fields) {
	c.add(from{c.at, c.process, c.program.thread, c.user()}, c.template(event, 0, 0), f)
}

// user returns the user of the program: the update service runs as the host, the others as the user who is logged on.
func (c *call) user() etw.SID {
	if c.process == updateService {
		return localSystem()
	}
	return domainUser(employee)
}

// service adds an event that the service writes, in the call's version or the newest existing one.
func (c *call) service(event uint16, f fields) {
	layout := c.template(event, 0, 0)
	for v := uint8(1); v <= c.version; v++ {
		for _, newer := range c.catalog.Candidates(event, v) {
			if newer.Version == v {
				layout = newer
			}
		}
	}
	for name, value := range map[string]any{
		"ClientPID": c.process, "QueryBlob": c.blob, "ParentBlob": 0, "SendBlob": c.blob + 0x2D0, "SendBlobContext": c.blob + 0x340,
	} {
		if _, set := f[name]; !set && layout.Find(name) >= 0 {
			f[name] = value
		}
	}
	c.add(from{c.at, serviceProcess, c.thread, networkService()}, layout, f)
}

// Query options: the usual value, and single bits (windns.h).
const (
	usualOptions = 1073766400 // 0x40006000
	onlyTCP      = 0x2        // DNS_QUERY_USE_TCP_ONLY
	noRecursion  = 0x4        // DNS_QUERY_NO_RECURSION
)

// sockaddr returns a SOCKADDR_IN (16 bytes) or a SOCKADDR_IN6 (28 bytes) with port 53.
func sockaddr(address string) []byte {
	const inet, inet6, port = 2, 23, 53
	a := netip.MustParseAddr(address)
	b := make([]byte, 16, 28)
	binary.BigEndian.PutUint16(b[2:], port)
	if a.Is4() {
		b[0] = inet
		copy(b[4:], a.AsSlice())
		return b
	}
	b = b[:28]
	b[0] = inet6
	copy(b[8:], a.AsSlice())
	return b
}

// status returns the result of looking up a name.
func (w *workstation) status(name string, qtype uint16) (status int, answer []dns.RR) {
	r := w.known.lookup(dns.Question{Name: name + ".", Qtype: qtype})
	switch {
	case r.rcode == dns.RcodeNameError:
		return win32.StatusNXDomain, nil
	case len(r.answer) == 0 || r.answer[len(r.answer)-1].Header().Rrtype != qtype:
		return win32.StatusNoRecords, nil
	}
	return win32.StatusSuccess, withoutSignatures(r.answer)
}

// results formats an answer as the DNS Client does: bare addresses, and names after the type's number, each followed by
// a semicolon. For a program that accepts both kinds of addresses, IPv4 is mapped into IPv6.
func results(answer []dns.RR, mapped bool) string {
	var text strings.Builder
	for _, rr := range answer {
		switch rr := rr.(type) {
		case *dns.A:
			if mapped {
				text.WriteString("::ffff:")
			}
			text.WriteString(rr.A.String())
		case *dns.AAAA:
			text.WriteString(rr.AAAA.String())
		case *dns.CNAME:
			fmt.Fprintf(&text, "type: %d %s", dns.TypeCNAME, strings.TrimSuffix(rr.Target, "."))
		case *dns.PTR:
			fmt.Fprintf(&text, "type: %d %s", dns.TypePTR, strings.TrimSuffix(rr.Ptr, "."))
		case *dns.SRV:
			fmt.Fprintf(&text, "type: %d %s", dns.TypeSRV, strings.TrimSuffix(rr.Target, "."))
		case *dns.MX:
			fmt.Fprintf(&text, "type: %d %s", dns.TypeMX, strings.TrimSuffix(rr.Mx, "."))
		case *dns.TXT:
			fmt.Fprintf(&text, "type: %d %s", dns.TypeTXT, strings.Join(rr.Txt, ""))
		default:
			fmt.Fprintf(&text, "type: %d", rr.Header().Rrtype)
		}
		text.WriteByte(';')
	}
	return text.String()
}
