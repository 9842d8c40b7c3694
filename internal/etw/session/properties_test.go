// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

// bytesOf returns the memory that Windows sees.
func bytesOf(p *properties) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p))
}

// Offsets in EVENT_TRACE_PROPERTIES on 64-bit Windows, computed by a C compiler from evntrace.h.
func TestStartPropertiesHaveTheBytesThatWindowsDocuments(t *testing.T) {
	raw := bytesOf(newStartProperties(testConfig()))
	assert.Len(t, raw, 120+2*1024*2)
	guid := ownGUID(testConfig().Name)
	want := map[int]uint32{
		0:   120 + 2*1024*2,                       // Wnode.BufferSize
		24:  binary.LittleEndian.Uint32(guid[0:]), // Wnode.Guid
		28:  binary.LittleEndian.Uint32(guid[4:]),
		32:  binary.LittleEndian.Uint32(guid[8:]),
		36:  binary.LittleEndian.Uint32(guid[12:]),
		40:  2,          // Wnode.ClientContext: system time
		44:  0x00020000, // Wnode.Flags: WNODE_FLAG_TRACED_GUID
		48:  256,        // BufferSize, KB
		52:  64,         // MinimumBuffers
		56:  256,        // MaximumBuffers
		64:  0x08800100, // LogFileMode
		68:  1,          // FlushTimer, s
		116: 120,        // LoggerNameOffset
	}
	for offset := 0; offset < len(raw); offset += 4 {
		assert.Equal(t, want[offset], binary.LittleEndian.Uint32(raw[offset:]), "offset %d", offset)
	}
}

// A collector must recognize the session that an older one left behind, so the value is fixed.
func TestTheGUIDOfASessionDependsOnItsNameAlone(t *testing.T) {
	assert.Equal(t, "{F64DB9EE-ABCD-FB55-9CB8-C2FB9950FD09}", ownGUID("ASIMDNSServerTrace").String())
	assert.Equal(t, ownGUID("ASIMDNSServerTrace"), ownGUID("asimdnsSERVERtrace"), "ETW ignores case")
	assert.NotEqual(t, ownGUID("ASIMDNSServerTrace"), ownGUID("ASIMDNSClientTrace"))
}

func TestControlPropertiesHaveRoomForBothNames(t *testing.T) {
	raw := bytesOf(newControlProperties())
	want := map[int]uint32{0: 120 + 2*1024*2, 44: 0x00020000, 112: 120 + 1024*2, 116: 120}
	for offset := 0; offset < len(raw); offset += 4 {
		assert.Equal(t, want[offset], binary.LittleEndian.Uint32(raw[offset:]), "offset %d", offset)
	}
}

func TestStatsAreReadWhereWindowsWritesThem(t *testing.T) {
	p := newControlProperties()
	raw := bytesOf(p)
	for offset := 48; offset < 104; offset += 4 {
		binary.LittleEndian.PutUint32(raw[offset:], uint32(offset))
	}
	assert.Equal(t, KernelStats{
		BufferSize: 48, MinimumBuffers: 52, MaximumBuffers: 56, LogFileMode: 64, FlushInterval: 68e9, NumberOfBuffers: 80,
		FreeBuffers: 84, EventsLost: 88, BuffersWritten: 92, LogBuffersLost: 96, RealTimeBuffersLost: 100,
	}, p.stats())
}

func TestNameEndsAtItsTerminatorOrWithTheRoom(t *testing.T) {
	p := newControlProperties()
	assert.Empty(t, p.name())
	copy(p.loggerName[:], utf16.Encode([]rune("Sitzung Ä")))
	assert.Equal(t, "Sitzung Ä", p.name())
	for i := range p.loggerName {
		p.loggerName[i] = 'x'
	}
	assert.Len(t, p.name(), nameRoom)
}

func TestStrippedModes(t *testing.T) {
	assert.Empty(t, strippedModes(0x08800100))
	assert.Empty(t, strippedModes(0xFFFFFFFF))
	assert.Len(t, strippedModes(0), 3)
	assert.Equal(t, "EVENT_TRACE_INDEPENDENT_SESSION_MODE", strippedModes(0x00800100)[0].name)
}

func TestEventRecordHasTheLayoutOfA64BitWindows(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("a 32-bit platform")
	}
	var r eventRecord
	assert.EqualValues(t, 112, unsafe.Sizeof(r))
	assert.EqualValues(t, 86, unsafe.Offsetof(r.userDataLength))
	assert.EqualValues(t, 96, unsafe.Offsetof(r.userData))
	assert.EqualValues(t, 104, unsafe.Offsetof(r.userContext))
}

func TestProviderListed(t *testing.T) {
	entry := func(g etw.GUID) []byte { return append(g[:], 0, 0, 0, 0, 0, 0, 0, 0) }
	info := binary.LittleEndian.AppendUint32(nil, 2)
	info = append(info, 0, 0, 0, 0)
	info = append(info, entry(lostEventProvider)...)
	info = append(info, entry(testProvider)...)
	info = append(info, entry(headerProvider)...) // beyond the count: names, not providers
	assert.True(t, providerListed(info, lostEventProvider))
	assert.True(t, providerListed(info, testProvider))
	assert.False(t, providerListed(info, headerProvider))
	assert.False(t, providerListed(info[:40], testProvider), "cut short")
	assert.False(t, providerListed(nil, testProvider))
}
