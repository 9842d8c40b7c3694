// SPDX-License-Identifier: Apache-2.0

package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
)

func recordsOf(t *testing.T, r *Reader) (all []string) {
	t.Helper()
	for {
		record, err := r.Next()
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		all = append(all, fmt.Sprint(record.Time, record.CPU, record.Lost, record.Data))
	}
}

// A capture is read as it grows, to any byte; nothing is skipped or repeated, by the reader that goes on and by one after a restart.
func TestTheSpansOfAGrowingCaptureAreItsRecordsOnceHoweverItGrows(t *testing.T) {
	whole, err := os.ReadFile("../../../testdata/cilium_events.pcapng")
	require.NoError(t, err)
	all, err := NewReader(bytes.NewReader(whole))
	require.NoError(t, err)
	want := recordsOf(t, all)
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		var got []string
		var before *Reader
		var id span.ID
		at := span.Place{}
		for size := 0; size < len(whole); {
			size = min(len(whole), size+1+random.IntN(len(whole)/10))
			x, err := Survey(bytes.NewReader(whole[:size]), int64(size), span.Query{From: at, Growing: true, Digest: true})
			require.NoError(t, err)
			require.EqualValues(t, size-int(x.Rest), max(x.To.At, int64(size)-x.Rest))
			if x.Empty() {
				continue
			}
			if id == (span.ID{}) {
				id = x.ID
			}
			require.Equal(t, id, x.ID)
			again, err := Survey(bytes.NewReader(whole), int64(len(whole)), span.Query{From: x.From, To: x.To, Digest: true})
			require.NoError(t, err)
			require.Equal(t, x.Span, again.Span)
			changed := bytes.Clone(whole)
			changed[x.To.At-5]++
			again, err = Survey(bytes.NewReader(changed), int64(len(whole)), span.Query{From: x.From, To: x.To, Digest: true})
			require.NoError(t, err)
			require.NotEqual(t, x.Digest, again.Digest)
			if random.IntN(3) == 0 {
				before = nil // a restart
			}
			r, err := NewSpanReader(bytes.NewReader(whole), x.Span, before)
			require.NoError(t, err)
			part := recordsOf(t, r)
			require.Len(t, part, int(r.Stats().Records)+int(r.Stats().Lost))
			got = append(got, part...)
			before, at = r, x.To
		}
		require.ElementsMatch(t, want, got)
	}
}

// A block without its length at its end may be being written. In a capture that nobody writes it is damage if anything follows, and is read beyond.
func TestABlockWithoutItsEndIsDamageOnlyIfNobodyWritesAndMoreFollows(t *testing.T) {
	whole, err := os.ReadFile("../../../testdata/cilium_events.pcapng")
	require.NoError(t, err)
	at, next := 0, 0
	for range 50 {
		at, next = next, next+int(binary.LittleEndian.Uint32(whole[next+4:]))
	}
	size := int64(len(whole))
	damaged := bytes.Clone(whole)
	clear(damaged[next-4 : next+100])
	for growing, to := range map[bool]int64{false: size, true: int64(at)} {
		x, err := Survey(bytes.NewReader(damaged), size, span.Query{Growing: growing})
		require.NoError(t, err)
		require.Equal(t, span.Place{At: to}, x.To, growing)
		require.Equal(t, size-to, x.Rest)
	}
	reserved := append(bytes.Clone(whole[:next-4]), make([]byte, size)...)
	for _, growing := range []bool{false, true} {
		x, err := Survey(bytes.NewReader(reserved), int64(len(reserved)), span.Query{Growing: growing})
		require.NoError(t, err)
		require.Equal(t, span.Place{At: int64(at)}, x.To, growing)
	}
}
