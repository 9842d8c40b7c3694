// SPDX-License-Identifier: Apache-2.0

package checkpoint

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/counter"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/span"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
)

var (
	a, b  = span.ID{1}, span.ID{2}
	piece = span.Span{From: span.Place{At: 10}, To: span.Place{At: 20}, Digest: 7}
)

func open4(t *testing.T, kept *kit.Storage) (*Store, *Track, *counter.Counts, *observer.ObservedLogs) {
	core, logs := observer.New(zap.DebugLevel)
	var problems counter.Counts
	s, err := Open(context.Background(), kept.Host(), kit.StorageID, component.MustNewID("r"), 1, &problems, zap.New(core))
	require.NoError(t, err)
	return s, NewTrack(s), &problems, logs
}

func position(t *testing.T, s *Store, id span.ID) any {
	p, ok := s.Read(context.Background(), id, "f")
	if !ok {
		return nil
	}
	return p
}

func TestThePositionIsThatOfTheOldestEventThatHasNotLeft(t *testing.T) {
	s, track, _, _ := open4(t, &kit.Storage{})
	track.Begin(a, "a", piece, 3, 0)
	track.Done(0)
	require.Equal(t, Position{Span: piece, Events: 3}, position(t, s, a))
	track.Done(5)
	require.Equal(t, Position{Span: piece, Events: 8}, position(t, s, a))
	track.Skip(9, 5) // the pipeline dropped one itself
	track.Done(7)
	require.Equal(t, Position{Span: piece, Events: 11}, position(t, s, a))
	track.End(8, true)
	track.Begin(b, "b", piece, 0, 8)
	track.Done(7)
	require.Equal(t, Position{Span: piece, Events: 11}, position(t, s, a))
	require.Nil(t, position(t, s, b), "an event of the file before has not left")
	track.Done(9)
	end := span.Span{From: piece.To, To: piece.To}
	require.Equal(t, Position{Span: end}, position(t, s, a))
	require.Equal(t, Position{Span: piece, Events: 1}, position(t, s, b))
	track.End(9, false) // it could not be read further
	track.Done(9)
	require.Equal(t, Position{Span: piece, Events: 1}, position(t, s, b))
}

func TestAStorageThatFailsIsSaidOnceAndWhatItMissedIsStoredWhenItWorksAgain(t *testing.T) {
	kept := &kit.Storage{}
	s, track, problems, logs := open4(t, kept)
	track.Begin(a, "a", piece, 0, 0)
	kept.Fail(kit.ErrStorage)
	track.Done(1)
	track.End(2, true)
	track.Begin(b, "b", piece, 0, 2)
	track.Done(3)
	require.Equal(t, int64(2), problems.Snapshot()[WriteFailed])
	require.Len(t, logs.FilterLevelExact(zap.ErrorLevel).All(), 1)
	kept.Fail(nil)
	require.Nil(t, position(t, s, a), "progress was claimed that was not stored")
	track.Done(3)
	require.Equal(t, Position{Span: span.Span{From: piece.To, To: piece.To}}, position(t, s, a))
	require.Equal(t, Position{Span: piece, Events: 1}, position(t, s, b))
	require.Len(t, logs.FilterMessage("the storage takes checkpoints again").All(), 1)
	writes := kept.Writes()
	track.Done(3)
	require.Equal(t, writes, kept.Writes(), "nothing new was stored again")
}

func TestThePositionsOfTheOldestFilesAreForgotten(t *testing.T) {
	kept := &kit.Storage{}
	s, track, _, _ := open4(t, kept)
	s.most = 3
	for i := range 5 {
		track.Begin(span.ID{byte(i)}, fmt.Sprint(i), piece, 0, int64(i))
		track.End(int64(i)+1, true)
		track.Done(int64(i) + 1)
	}
	n := 0
	kept.Each(func(_ string, value []byte) []byte { n++; return value })
	require.Equal(t, 3+1, n)
	require.Nil(t, position(t, s, span.ID{1}))
	require.NotNil(t, position(t, s, span.ID{4}))
}

func TestAStorageThatIsNoneFailsTheStart(t *testing.T) {
	_, err := Open(context.Background(), (&kit.Storage{}).Host(), component.MustNewID("other"), component.MustNewID("r"), 1, nil, zap.NewNop())
	require.ErrorContains(t, err, `storage: "other" is not a configured extension`)
}

func TestAFileIsCompleteWhenAllItsEventsHaveLeft(t *testing.T) {
	kept := &kit.Storage{}
	s, track, _, _ := open4(t, kept)
	end := span.Span{From: piece.To, To: piece.To}
	track.Begin(a, "a", piece, 0, 0)
	track.End(2, true)
	track.Complete(a, "a", Position{Span: end})
	track.Done(1)
	require.Equal(t, Position{Span: piece, Events: 1}, position(t, s, a))
	track.Done(2)
	require.Equal(t, Position{Span: end, Complete: true}, position(t, s, a))
	track.Complete(b, "b", Position{Span: end}) // it was read before
	track.Done(2)
	require.Equal(t, Position{Span: end, Complete: true}, position(t, s, b))

	again, _, _, _ := open4(t, kept)
	require.Equal(t, []Known{{a, "a", Position{Span: end, Complete: true}}, {b, "b", Position{Span: end, Complete: true}}}, again.Known(context.Background()))
	kept.Each(func(key string, value []byte) []byte {
		if key == keyOf(a) {
			return []byte("{")
		}
		return value
	})
	require.Len(t, again.Known(context.Background()), 1)
	kept.Fail(kit.ErrStorage)
	failing, _, problems, logs := open4(t, kept)
	failing.files = []string{keyOf(a)}
	before := problems.Snapshot()[ReadFailed]
	require.Empty(t, failing.Known(context.Background()))
	require.Equal(t, before+1, problems.Snapshot()[ReadFailed])
	require.Len(t, logs.FilterMessageSnippet("not looked for").All(), 1)
}
