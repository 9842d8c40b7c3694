// SPDX-License-Identifier: Apache-2.0

// Package sessions generates .etl files for tests: the DNS Server events of one trace session, in the forms of circular
// files, of series of files and of files of several processors as Windows writes them. Equal calls write equal files.
package sessions

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// Event is one event of a session.
type Event struct {
	CPU int           // the processor in whose buffer it is written, from 0
	At  time.Duration // since Start
	Raw []byte        // in wire form
}

// Start is when every session starts. The host booted an hour before.
func Start() time.Time { return time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC) }

// Query returns event 256, a received query. Its name is host<n>.example.com. Number, port, transaction id and GUID
// follow from n.
func Query(n, cpu int, at time.Duration) Event {
	return Event{cpu, at, encode(256, at, map[string]any{
		"InterfaceIP": "10.0.0.53", "Source": "10.1.4.21", "RD": 1, "QNAME": name(n), "QTYPE": 1, "XID": uint16(n), "Port": port(n),
		"Flags": 0x0100, "AdditionalInfo": ".", "GUID": guid(n),
	})}
}

// Answer returns event 257, the answer to Query with the same n.
func Answer(n, cpu int, at time.Duration) Event {
	return Event{cpu, at, encode(257, at, map[string]any{
		"InterfaceIP": "10.0.0.53", "Destination": "10.1.4.21", "AA": 1, "QNAME": name(n), "QTYPE": 1, "XID": uint16(n), "Port": port(n),
		"Flags": 0x8580, "Scope": "Default", "Zone": "example.com", "PolicyName": "NULL", "AdditionalInfo": ".", "GUID": guid(n),
	})}
}

// Exchanges returns queries and their answers in time order. Query n is asked n times `every` after Start, on processor
// n, and answered after a delay, on processor n + 1, both modulo the number of processors. If the delay is longer than
// `every`, several are open at any time.
func Exchanges(count, processors int, every, delay time.Duration) []Event {
	list := make([]Event, 0, 2*count)
	for n := range count {
		at := time.Duration(n) * every
		list = append(list, Query(n, n%processors, at), Answer(n, (n+1)%processors, at+delay))
	}
	slices.SortStableFunc(list, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	return list
}

func name(n int) string { return fmt.Sprintf("host%d.example.com.", n) }

func port(n int) uint16 { return uint16(49152 + n%16384) }

func guid(n int) string { return fmt.Sprintf("{%08X-4288-435F-9182-470BEDF5C0A4}", n) }

var manifest = sync.OnceValue(dns.ServerCatalog)

// encode returns an event in the manifest's own layout, in wire form.
func encode(id uint16, at time.Duration, fields map[string]any) []byte {
	const pointerSize = 8
	layout := manifest().Candidates(id, 0)[0]
	data, err := layout.Encode(nil, pointerSize, fields)
	if err != nil {
		panic(err) // the fields above do not fit the manifest
	}
	r := etw.Record{
		Flags: etw.Flag64BitHeader | 0x200, ProcessID: 3336, ThreadID: 3668, TimeStamp: etw.Filetime(Start().Add(at).UnixNano()),
		Provider: layout.Provider, ID: layout.ID, Version: layout.Version, Channel: layout.Channel, Level: layout.Level,
		Task: layout.Task, Keyword: layout.Keyword, UserData: data,
	}
	raw, err := r.Append(nil)
	if err != nil {
		panic(err)
	}
	return raw
}
