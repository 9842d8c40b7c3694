// SPDX-License-Identifier: Apache-2.0

package capture_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/recording"
)

func recordingOf(t *testing.T, file []byte) recording.File {
	t.Helper()
	c, err := capture.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = c.Next()
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	return c.Recording()
}

func TestAFileOfARecordingSaysWhichItIs(t *testing.T) {
	want := recording.File{ID: [16]byte{0xAB, 15: 0xCD}, Part: 7}
	var file bytes.Buffer
	w, err := capture.NewRecordingWriter(&file, want)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(event(1, "a")); err != nil {
		t.Fatal(err)
	}
	if size := w.Size(); w.Flush() != nil || size != int64(file.Len()) {
		t.Errorf("the size was %d, of %d bytes", size, file.Len())
	}
	c, err := capture.NewReader(bytes.NewReader(file.Bytes()))
	if err != nil || c.Recording() != want {
		t.Errorf("%+v, %v before the first record; want %+v", c.Recording(), err, want)
	}
	if got := recordingOf(t, file.Bytes()); got != want {
		t.Errorf("%+v; want %+v", got, want)
	}
	const comment = "otelcol-winnet recording ab0000000000000000000000000000cd part 7"
	if !bytes.Contains(file.Bytes(), []byte(comment)) {
		t.Errorf("the file has not the comment %q", comment)
	}
	if got := recordingOf(t, write(t, event(1, "a"))); got != (recording.File{}) {
		t.Errorf("a capture that is no recording's is of %+v", got)
	}
}

func TestACommentThatIsNoRecordingsMakesNoRecording(t *testing.T) {
	const id = "ab0000000000000000000000000000cd"
	for _, p := range []pcapng{little, big} {
		for comment, part := range map[string]uint32{
			"":                                  0,
			"a comment":                         0,
			"otelcol-winnet recording ":         0,
			"otelcol-winnet recording " + id:    0,
			"otelcol-winnet recording x part 1": 0,
			"otelcol-winnet recording " + id + " part 4294967296": 0,
			"otelcol-winnet recording " + id + " part -1":         0,
			"otelcol-winnet recording zz" + id[2:] + " part 1":    0,
			"otelcol-winnet recording " + id + "00 part 1":        0,
			"otelcol-winnet recording " + id + " part 1":          1,
		} {
			section := p.sectionOf(p.option(4, []byte("an application")), p.option(1, []byte("another comment")), p.option(1, []byte(comment)), p.option(0, nil))
			if got := recordingOf(t, join(section, p.nanos(), p.record(1, "a"))); got.Part != part || got.ID[0] != byte(0xAB*part) {
				t.Errorf("%q: %+v; want part %d", comment, got, part)
			}
		}
		cut := p.sectionOf(p.u16(1), p.u16(400)) // an option longer than the header
		expect(t, join(cut, p.nanos(), p.record(1, "a")), event(1, "a"))
	}
}
