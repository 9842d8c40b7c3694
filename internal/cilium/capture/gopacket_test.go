// SPDX-License-Identifier: Apache-2.0

// The capture reader and writer compared with gopacket's.

package capture_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
)

func TestGopacketReadsWhatIsWritten(t *testing.T) {
	file := write(t, events.Record{Time: 1_700_000_000_123_456_789, CPU: 5, Data: []byte("first")}, events.Record{Time: 2, CPU: -1, Data: []byte("second, and longer")})
	r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	if r.LinkType() != layers.LinkType(147) {
		t.Errorf("link type is %d; want 147", r.LinkType())
	}
	data, info, options, err := r.ReadPacketDataWithOptions()
	if err != nil || string(data) != "first" || info.Timestamp.UnixNano() != 1_700_000_000_123_456_789 || options.Queue == nil || *options.Queue != 5 {
		t.Errorf("first packet is %q at %v, %v", data, info.Timestamp, err)
	}
	data, info, options, err = r.ReadPacketDataWithOptions()
	if err != nil || string(data) != "second, and longer" || info.Timestamp.UnixNano() != 2 || options.Queue != nil {
		t.Errorf("second packet is %q at %v, %v", data, info.Timestamp, err)
	}
	if _, _, err := r.ReadPacketData(); err != io.EOF {
		t.Errorf("after the last packet: %v", err)
	}
}

func TestWhatGopacketWritesIsRead(t *testing.T) {
	var file bytes.Buffer
	w, err := pcapgo.NewNgWriter(&file, layers.LinkType(147))
	if err != nil {
		t.Fatal(err)
	}
	for i, data := range []string{"first", "second, and longer"} {
		info := gopacket.CaptureInfo{Timestamp: time.Unix(1_700_000_000, int64(i)), CaptureLength: len(data), Length: len(data) + i}
		if err := w.WritePacket(info, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	stats := expect(t, file.Bytes(), event(1_700_000_000_000_000_000, "first"), event(1_700_000_000_000_000_001, "second, and longer"))
	if stats.Cut != 1 {
		t.Errorf("%d cut; want 1", stats.Cut)
	}
}
