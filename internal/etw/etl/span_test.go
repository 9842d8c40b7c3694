// SPDX-License-Identifier: Apache-2.0

package etl

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
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
