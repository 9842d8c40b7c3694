// SPDX-License-Identifier: Apache-2.0

package etl

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

// readSpan returns the events of a part of a file.
func readSpan(t *testing.T, file []byte, s span.Span) (events []string) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	if s != (span.Span{}) {
		r.ReadSpan(s)
	}
	for {
		raw, err := r.Next()
		if err == io.EOF {
			require.True(t, r.Stats().Complete(), "%s", r.Stats())
			return events
		}
		require.NoError(t, err)
		events = append(events, string(raw))
	}
}

// A file is read as it grows, in buffers of many processors and by single records; nothing is skipped or repeated, and each part can be
// read again later.
func TestTheSpansOfAGrowingFileAreItsEventsOnceHoweverItGrows(t *testing.T) {
	whole, err := os.ReadFile("../../../testdata/dnsserver.etl")
	require.NoError(t, err)
	want := readSpan(t, whole, span.Span{})
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 0))
		var got []string
		var spans []span.Span
		var id span.ID
		at := span.Place{}
		for size := 0; size < len(whole); {
			size = min(len(whole), size+1+random.IntN(len(whole)/8))
			x, err := Survey(bytes.NewReader(whole[:size]), int64(size), span.Query{From: at, Growing: true, Digest: true})
			if err != nil { // within the header
				require.ErrorIs(t, err, ErrTruncated)
				continue
			}
			if x.Empty() {
				continue
			}
			if id == (span.ID{}) {
				id = x.ID
			}
			require.Equal(t, id, x.ID)
			got = append(got, readSpan(t, whole[:size], x.Span)...)
			spans = append(spans, x.Span)
			at = x.To
		}
		require.ElementsMatch(t, want, got)
		for _, s := range spans {
			again, err := Survey(bytes.NewReader(whole), int64(len(whole)), span.Query{From: s.From, To: s.To, Digest: true})
			require.NoError(t, err)
			require.Equal(t, s, again.Span)
		}
	}
}

func TestAFileInWhichABufferIsCompletedLaterHasAnotherDigest(t *testing.T) {
	whole, err := os.ReadFile("../../../testdata/dnsserver.etl")
	require.NoError(t, err)
	x, err := Survey(bytes.NewReader(whole), int64(len(whole)), span.Query{Digest: true})
	require.NoError(t, err)
	r, err := NewReader(bytes.NewReader(whole), int64(len(whole)))
	require.NoError(t, err)
	size := int(r.Header().BufferSize)
	clear(whole[2*size : 3*size])
	y, err := Survey(bytes.NewReader(whole), int64(len(whole)), span.Query{To: x.To, Digest: true})
	require.NoError(t, err)
	require.Equal(t, x.ID, y.ID)
	require.NotEqual(t, x.Digest, y.Digest)
}

func TestAPartWhoseRecordsHaveChangedHasAnotherDigest(t *testing.T) {
	whole, err := os.ReadFile("../../../testdata/dnsserver.etl")
	require.NoError(t, err)
	q := span.Query{Digest: true}
	x, err := Survey(bytes.NewReader(whole), int64(len(whole)), q)
	require.NoError(t, err)
	clear(whole[73000:73200])
	q.To = x.To
	y, err := Survey(bytes.NewReader(whole), int64(len(whole)), q)
	require.NoError(t, err)
	require.Equal(t, x.ID, y.ID)
	require.NotEqual(t, x.Digest, y.Digest)
}

// A copy has the header of the finished file long before it has its last buffer.
func TestAFileIsCompleteOnlyWithAllBuffersThatItsHeaderCounts(t *testing.T) {
	events := pad(event(startFiletime, 1, ""))
	buffers := func(n int) (all [][]byte) {
		for range n {
			all = append(all, buffer(1024, events))
		}
		return all
	}
	series, preallocated := trace{mode: ModeNewFile, written: 500, buffers: buffers(3)}, append(buffers(3), make([]byte, 1024), make([]byte, 1024))
	for name, c := range map[string]struct {
		file          []byte
		missing, rest int64
	}{
		"whole":                               {trace{buffers: buffers(3)}.build(), 0, 0},
		"three buffers less":                  {trace{buffers: buffers(3)}.build()[:1024], 3, 0},
		"one buffer less":                     {trace{buffers: buffers(3)}.build()[:3072], 1, 0},
		"within a buffer":                     {trace{buffers: buffers(3)}.build()[:3000], 2, 952},
		"within the header of a buffer":       {trace{buffers: buffers(3)}.build()[:3082], 1, 10},
		"within the first buffer":             {trace{buffers: buffers(3)}.build()[:1000], 4, 1000},
		"a first buffer of its own size":      {trace{firstSize: 512, buffers: buffers(3)}.build()[:512+2048], 1, 0},
		"space that a copy has reserved":      {trace{written: 6, buffers: preallocated}.build(), 2, 0},
		"space that the writer has reserved":  {trace{written: 4, buffers: preallocated}.build(), 0, 0},
		"being written":                       {trace{open: true, written: 9, buffers: buffers(3)}.build(), 0, 0},
		"a circular file":                     {trace{mode: ModeCircular, written: 500, buffers: buffers(3)}.build(), 0, 0},
		"a circular file, cut off":            {trace{mode: ModeCircular, written: 500, buffers: buffers(3)}.build()[:3000], 0, 952},
		"a file of a series":                  {series.build(), 0, 0},
		"a file of a series, within a buffer": {series.build()[:4000], 0, 928},
		"compressed":                          {trace{mode: ModeCompressed, buffers: [][]byte{packed(buffer(1024, events)), packed(buffer(1024, events))}}.build(), 0, 0},
		"compressed, one buffer less":         {trace{mode: ModeCompressed, written: 4, buffers: [][]byte{packed(buffer(1024, events)), packed(buffer(1024, events))}}.build(), 1, 0},
	} {
		size := int64(len(c.file))
		for _, growing := range []bool{false, true} {
			x, err := Survey(bytes.NewReader(c.file), size, span.Query{Growing: growing})
			require.NoError(t, err, name)
			require.Equal(t, []int64{c.missing, c.rest}, []int64{x.Missing, x.Rest}, name)
			require.Equal(t, c.missing+c.rest > 0, x.Lacking() != nil, name)
			x, err = Survey(bytes.NewReader(c.file), size, span.Query{From: x.To, Growing: growing})
			require.NoError(t, err, name)
			require.Equal(t, []int64{c.missing, c.rest}, []int64{x.Missing, x.Rest}, "%s, from its end", name)
		}
	}
}

// reads counts the reads of a file.
type reads struct {
	src io.ReaderAt
	n   int
}

func (r *reads) ReadAt(b []byte, offset int64) (int, error) {
	r.n++
	return r.src.ReadAt(b, offset)
}

// The buffers of a compressed file can only be counted from its beginning. A file that is looked at again and again is counted once.
func TestASurveyCountsTheBuffersOfACompressedFileAfterThoseThatWereCounted(t *testing.T) {
	const present, written = 300, 320
	one := packed(buffer(1024, pad(event(startFiletime, 1, ""))))
	file := trace{mode: ModeCompressed, written: written, buffers: slices.Repeat([][]byte{one}, written-1)}.build()
	size := int64(len(file) - (written-present)*len(one))
	survey := func(size int64, q span.Query) (x span.Extent, n int) {
		q.Growing = true
		src := &reads{src: bytes.NewReader(file[:size])}
		x, err := Survey(src, size, q)
		require.NoError(t, err)
		return x, src.n
	}
	x, first := survey(size, span.Query{})
	require.EqualValues(t, written-present, x.Missing)
	require.Greater(t, first, present)
	require.Equal(t, span.Count{Units: present, Before: size}, x.Counted)

	for _, c := range []struct {
		more          int // bytes
		missing, rest int64
	}{
		{0, written - present, 0},
		{100, written - present - 1, 100}, // a buffer whose header is there
		{len(one), written - present - 1, 0},
		{3*len(one) + 10, written - present - 3, 10},
		{(written - present) * len(one), 0, 0},
	} {
		y, n := survey(size+int64(c.more), span.Query{From: x.To, Counted: x.Counted})
		require.Equal(t, []int64{c.missing, c.rest}, []int64{y.Missing, y.Rest}, "%d bytes more", c.more)
		require.Less(t, n, present/2, "%d bytes more", c.more)
		z, _ := survey(size+int64(c.more), span.Query{From: x.To})
		require.Equal(t, z, y, "counted from the beginning")
		x.Counted = y.Counted
	}
	y, _ := survey(size, span.Query{Counted: x.Counted})
	require.EqualValues(t, written-present, y.Missing, "the file is shorter than what was counted")
}

// A file is damaged at random places. Reading it part by part gives the same events as reading it at once, and reports what cannot be read.
func TestADamagedFileReadInPartsGivesTheSameEventsAndSaysWhatItLacks(t *testing.T) {
	files, said := samples(), 0
	unread := func(r *Reader) bool {
		s := r.Stats()
		return s.CompressedBuffers+s.DamagedBuffers+s.TruncatedBuffers > 0 || s.MissingBuffers > 0 && r.completed()
	}
	all := func(r *Reader) []string {
		var events []string
		for {
			raw, err := r.Next()
			if err != nil {
				return events
			}
			events = append(events, string(raw))
		}
	}
	for seed := range uint64(5000) {
		random := rand.New(rand.NewPCG(seed, 1))
		file := bytes.Clone(files[random.IntN(len(files))])
		for range 1 + random.IntN(3) {
			at := random.IntN(len(file)/1024)*1024 + random.IntN(160) // in a buffer's header or its first record
			switch random.IntN(3) {
			case 0:
				file[at] ^= 1 << random.IntN(8)
			case 1:
				binary.LittleEndian.PutUint32(file[at&^3:], []uint32{0, 1, 72, 80, 154, 1<<32 - 1}[random.IntN(6)])
			case 2:
				clear(file[at:min(len(file), at+random.IntN(200))])
			}
		}
		whole, err := NewReader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			continue
		}
		want, got, lacks, empty := all(whole), []string(nil), false, false
		for at := (span.Place{}); ; {
			x, err := Survey(bytes.NewReader(file), int64(len(file)), span.Query{From: at})
			require.NoError(t, err)
			if empty = x.ID == (span.ID{}); empty || x.Empty() { // a file without an event is not read in parts
				lacks = lacks || x.Lacking() != nil
				break
			}
			part, err := NewReader(bytes.NewReader(file), int64(len(file)))
			require.NoError(t, err)
			part.ReadSpan(x.Span)
			got = append(got, all(part)...)
			lacks, at = lacks || unread(part), x.To
		}
		if empty {
			require.Empty(t, want, "seed %d", seed)
			continue
		}
		require.ElementsMatch(t, want, got, "seed %d", seed)
		if unread(whole) {
			require.True(t, lacks, "seed %d: %s", seed, whole.Stats())
			said++
		}
	}
	require.Greater(t, said, 1000)
}
