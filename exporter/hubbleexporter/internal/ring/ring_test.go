// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"context"
	"testing"
	"testing/synctest"

	v1 "github.com/cilium/cilium/pkg/hubble/api/v1"
	"github.com/stretchr/testify/require"
)

// events returns events with the numbers from one to before another.
func events(from, to int) (all []*v1.Event) {
	for i := from; i < to; i++ {
		all = append(all, &v1.Event{Event: i})
	}
	return all
}

func numbers(all []*v1.Event) (list []int) {
	for _, e := range all {
		list = append(list, e.Event.(int))
	}
	return list
}

func TestCapacitiesAreThoseOfHubble(t *testing.T) {
	for _, n := range []int{1, 3, 7, 4095, 65535} {
		require.NoError(t, CheckCapacity(n))
	}
	for _, n := range []int{-1, 0, 2, 4, 4096, 65536, 131071} {
		require.Error(t, CheckCapacity(n), n)
	}
}

func TestTheRingKeepsTheLastEvents(t *testing.T) {
	r := New[v1.Event](7)
	r.Write(events(0, 5))
	require.EqualValues(t, 5, r.Len())
	r.Write(events(5, 20))
	require.EqualValues(t, 7, r.Len())
	oldest, next := r.Range()
	require.EqualValues(t, 13, oldest)
	require.EqualValues(t, 20, next)

	var buffer [10]*v1.Event
	n, missed := r.Read(10, buffer[:])
	require.EqualValues(t, 3, missed)
	require.Equal(t, []int{13, 14, 15, 16, 17, 18, 19}, numbers(buffer[:n]))
	n, missed = r.Read(18, buffer[:])
	require.Zero(t, missed)
	require.Equal(t, []int{18, 19}, numbers(buffer[:n]))
	n, _ = r.Read(20, buffer[:])
	require.Zero(t, n)

	n = r.ReadBack(20, buffer[:3])
	require.Equal(t, []int{19, 18, 17}, numbers(buffer[:n]))
	n = r.ReadBack(15, buffer[:])
	require.Equal(t, []int{14, 13}, numbers(buffer[:n]))
	require.Zero(t, r.ReadBack(13, buffer[:]))
}

func TestAReaderWaitsForTheNextEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New[v1.Event](7)
		done := make(chan error)
		go func() { done <- r.Wait(t.Context(), 1) }()
		synctest.Wait()
		r.Write(events(0, 1)) // not yet the one that it waits for
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("the reader did not wait")
		default:
		}
		r.Write(events(1, 2))
		require.NoError(t, <-done)

		ctx, cancel := context.WithCancel(t.Context())
		go func() { done <- r.Wait(ctx, 2) }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
}
