// SPDX-License-Identifier: Apache-2.0

package capture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
)

func TestAnotherLinkTypeIsRefusedAtOnceWithItsName(t *testing.T) {
	p := little
	for link, name := range map[uint16]string{1: "ETHERNET", 148: "USER1", 162: "USER15", 276: "LINUX_SLL2", 999: "not one of this reader's"} {
		_, err := capture.NewReader(bytes.NewReader(join(p.section(), p.iface(link, 0), p.record(1, "a"))))
		want := fmt.Sprintf("the capture's link type is %d (%s); want 147 (USER0), where one packet is one raw record of the events map", link, name)
		if !hasReason(err, capture.ReasonLinkType) || err.Error() != want {
			t.Errorf("link type %d: %v; want %q", link, err, want)
		}
	}
	records, _, err := readAll(join(p.section(), p.nanos(), p.record(1, "a"), p.iface(1, 0), p.packet(1, 1, 1, "b")))
	if len(records) != 1 || !hasReason(err, capture.ReasonLinkType) {
		t.Errorf("a second interface of another link type: %d records, %v", len(records), err)
	}
}

func hasReason(err error, want capture.Reason) bool {
	var e *capture.Error
	return errors.As(err, &e) && e.Reason == want
}

func TestAFileThatIsNoPcapngIsRefusedWithWhatItIs(t *testing.T) {
	etl := make([]byte, 4096)
	binary.LittleEndian.PutUint32(etl, 4096)
	binary.LittleEndian.PutUint32(etl[4:], 800)
	binary.LittleEndian.PutUint16(etl[54:], 4)
	for _, c := range []struct {
		name, file string
		reason     capture.Reason
		text       string
	}{
		{"empty", "", capture.ReasonEmpty, "the file is empty"},
		{"png", "\x89PNG\r\n\x1a\n", capture.ReasonFormat, "a PNG image"},
		{"pcap", "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", capture.ReasonFormat, "a classic pcap file; convert it with: editcap -F pcapng"},
		{"big-endian pcap", "\xa1\xb2\xc3\xd4\x00\x02\x00\x04", capture.ReasonFormat, "a classic pcap file"},
		{"nanosecond pcap", "\x4d\x3c\xb2\xa1\x02\x00\x04\x00", capture.ReasonFormat, "a classic pcap file"},
		{"gzip", "\x1f\x8b\x08", capture.ReasonFormat, "compressed with gzip"},
		{"etl", string(etl), capture.ReasonFormat, "an event trace log (.etl)"},
		{"json", `{"flow":{}}`, capture.ReasonFormat, "JSON"},
		{"text", "hello, world", capture.ReasonFormat, "begins with 68 65 6c 6c 6f 2c 20 77"},
		{"one byte", "x", capture.ReasonFormat, "begins with 78"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := capture.Open(path)
		if !hasReason(err, c.reason) || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; want %q, the path and reason %q", c.name, err, c.text, c.reason)
		}
	}
}

func TestADirectoryIsRefusedWithWhatToName(t *testing.T) {
	dir := t.TempDir()
	if _, err := capture.Open(dir); !hasReason(err, capture.ReasonFormat) || !strings.Contains(err.Error(), dir+": it is a directory; name a file in it, or a pattern") {
		t.Errorf("%v; want that it is a directory", err)
	}
}

func TestAFileThatCannotBeReadIsTheSystemsError(t *testing.T) {
	if _, err := capture.Open(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	broken := errors.New("broken disk")
	c, err := capture.NewReader(io.MultiReader(bytes.NewReader(join(little.section(), little.nanos())), brokenReader{broken}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next(); !errors.Is(err, broken) {
		t.Errorf("a disk that breaks: %v", err)
	}
}

type brokenReader struct{ err error }

func (r brokenReader) Read([]byte) (int, error) { return 0, r.err }

func TestReplayHandsOutWireForm(t *testing.T) {
	p := little
	path := filepath.Join(t.TempDir(), "capture.pcapng")
	file := join(p.section(), p.nanos(), p.record(1, "a", p.option(6, p.u32(4))), p.record(2, "bc"))
	if err := os.WriteFile(path, file[:len(file)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	var wires []string
	emit := func(_ context.Context, head, body []byte) error {
		wires = append(wires, string(head)+string(body))
		return nil
	}
	stats, err := capture.Replay(t.Context(), path, emit)
	if !hasReason(err, capture.ReasonTruncated) {
		t.Errorf("error is %v; want that of a truncated file", err)
	}
	want := []string{"\x01\x00\x00\x00\x00\x00\x00\x00" + "\x04\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "a"}
	if !reflect.DeepEqual(wires, want) {
		t.Errorf("wire forms are %q; want %q", wires, want)
	}
	if stats != (capture.Stats{Records: 1, Damages: 1, SteppedOver: 35}) {
		t.Errorf("stats are %+v; want 1 record, and what was cut", stats)
	}

	stop := errors.New("stop")
	if _, err := capture.Replay(t.Context(), path, func(context.Context, []byte, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error is %v; want that of emit", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := capture.Replay(ctx, path, emit); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v; want the context's", err)
	}
}
