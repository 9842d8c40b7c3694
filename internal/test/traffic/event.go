// SPDX-License-Identifier: Apache-2.0

// The raw events. Their layouts are those of the provider's manifest.

package traffic

import (
	"encoding/binary"
	"fmt"

	windns "github.com/otelcol-winnet/otelcol-winnet/internal/dns"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
	"github.com/otelcol-winnet/otelcol-winnet/internal/etw/schema"
)

// values are the fields of an event by their names in the manifest. A missing one is zero or empty.
type values struct {
	numbers [numberCount]uint32
	texts   [textCount]string
	packet  []byte
}

// The numbers of events.
const (
	numTCP = iota
	numRD
	numAA
	numQType
	numXID
	numQXID
	numRCode
	numPort
	numFlags
	numElapsed
	numDepth
	numberCount
)

// The texts of events.
const (
	textInterface = iota
	textPeer      // Source or Destination
	textName
	textZone
	textScope
	textPolicy
	textReason
	textInfo
	textGUID
	textRecursion
	textCount
)

var fieldNumbers = map[string]int{
	"TCP": numTCP, "RD": numRD, "AA": numAA, "QTYPE": numQType, "XID": numXID, "QXID": numQXID, "RCODE": numRCode, "Port": numPort,
	"Flags": numFlags, "ElapsedTime": numElapsed, "RecursionDepth": numDepth,
}

var fieldTexts = map[string]int{
	"InterfaceIP": textInterface, "Source": textPeer, "Destination": textPeer, "QNAME": textName, "Zone": textZone, "Scope": textScope,
	"CacheScope": textScope, "PolicyName": textPolicy, "Reason": textReason, "AdditionalInfo": textInfo, "GUID": textGUID,
	"RecursionScope": textRecursion, "ZoneScope": textScope,
}

// layout is how an event's fields are written.
type layout struct {
	template *schema.Template
	fields   []field
}

type field struct {
	typ    schema.Type
	number int // in values.numbers, or -1
	text   int // in values.texts, or -1
	length bool
}

// layouts returns the layouts of the events that the generator makes, by id: the manifest's own.
func layouts() map[uint16]layout {
	all := map[uint16]layout{}
	for _, id := range []uint16{256, 257, 258, 260, 261, 263, 264, 270, 271} {
		t := windns.ServerCatalog().Candidates(id, 0)[0]
		if t.ID != id {
			panic(fmt.Sprintf("the manifest has no event %d", id))
		}
		l := layout{template: t}
		for i, f := range t.Fields {
			one := field{typ: f.Type, number: -1, text: -1}
			if n, ok := fieldNumbers[f.Name]; ok {
				one.number = n
			}
			if n, ok := fieldTexts[f.Name]; ok {
				one.text = n
			}
			for _, other := range t.Fields {
				one.length = one.length || other.LengthField == i
			}
			l.fields = append(l.fields, one)
		}
		all[id] = l
	}
	return all
}

// serverProcess and serverThread are those of all events.
const (
	serverProcess = 3336
	serverThread  = 3668
)

// append appends the event in wire form.
func (l *layout) append(dst []byte, at int64, v *values) []byte {
	t := l.template
	r := etw.Record{
		Flags: etw.Flag64BitHeader | 0x200, ProcessID: serverProcess, ThreadID: serverThread, TimeStamp: etw.Filetime(at),
		Provider: t.Provider, ID: t.ID, Version: t.Version, Channel: t.Channel, Level: t.Level, Task: t.Task, Keyword: t.Keyword,
	}
	from := len(dst)
	dst = r.AppendHeader(dst, etw.HeaderSize)
	le := binary.LittleEndian
	for _, f := range l.fields {
		var n uint32
		if f.number >= 0 {
			n = v.numbers[f.number]
		} else if f.length {
			n = uint32(len(v.packet))
		}
		text := ""
		if f.text >= 0 {
			text = v.texts[f.text]
		}
		switch f.typ {
		case schema.U8:
			dst = append(dst, byte(n))
		case schema.U32:
			dst = le.AppendUint32(dst, n)
		case schema.ANSI:
			dst = append(append(dst, text...), 0)
		case schema.UTF16: // the texts are ASCII
			for i := range len(text) {
				dst = append(dst, text[i], 0)
			}
			dst = append(dst, 0, 0)
		case schema.Binary:
			dst = append(dst, v.packet...)
		default:
			panic(fmt.Sprintf("event %d has a field of another type", t.ID))
		}
	}
	le.PutUint16(dst[from:], uint16(len(dst)-from))
	return dst
}
