// SPDX-License-Identifier: Apache-2.0

package recent_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/recent"
)

func key(i int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(i)) }

func TestAKeysValueIsFoundUntilItIsForgotten(t *testing.T) {
	table := recent.New[int]()
	p := table.Hash(key(1))
	require.Equal(t, p, table.Hash(key(1)))
	require.NotEqual(t, p, table.Hash(key(2)))
	require.Equal(t, p, recent.New[int]().Hash(key(1)), "another table of the process, as of another number of workers")
	require.Nil(t, table.Get(p))
	*table.Put(p) = 7
	table.Fetch(p)
	require.Equal(t, 7, *table.Get(p))
	table.Fetch(table.Hash(key(2)))
	require.Nil(t, table.Get(table.Hash(key(2))))
	*table.Get(p) = 8
	require.Equal(t, 8, *table.Get(p))
	table.Forget()
	require.Nil(t, table.Get(p))
}

func TestAPrintMayHaveSeveralValues(t *testing.T) {
	table := recent.New[int]()
	p := table.Hash(key(1))
	for i := range 3 {
		*table.Put(p) = i
	}
	*table.Put(table.Hash(key(2))) = 9
	var got []int
	for q, v := range table.Set(p) {
		require.Equal(t, p, q)
		got = append(got, *v)
	}
	require.Equal(t, []int{0, 1, 2}, got)
	for _, v := range table.Set(p) {
		require.Zero(t, *v)
		break
	}
	sum := 0
	for v := range table.Values() {
		sum += *v
	}
	require.Equal(t, 0+1+2+9, sum)
	for range table.Values() {
		break
	}
}

func TestKeysOfOneFirstPartAreInOneSet(t *testing.T) {
	table := recent.New[int]()
	p := table.Join(key(1), key(2), key(3))
	require.Equal(t, p, table.Join(key(1), key(2), key(3)))
	for _, tt := range []struct {
		print        recent.Print
		first, other bool
	}{
		{p, true, true},
		{table.Join(key(1), key(9), key(3)), true, true},
		{table.Join(key(1), key(2), key(9)), true, true},
		{table.Join(key(1), key(3), key(2)), true, false},
		{table.Join(key(9), key(2), key(3)), false, true},
		{table.Join(key(9), key(8), key(7)), false, false},
	} {
		require.Equal(t, tt.first, p.SameFirst(tt.print))
		require.Equal(t, tt.other, p.SameOther(tt.print))
	}
	*table.Put(p) = 1
	*table.Put(table.Join(key(1), key(3), key(2))) = 2
	var got []int
	for _, v := range table.Set(p) {
		got = append(got, *v)
	}
	require.Equal(t, []int{1, 2}, got)
	require.Equal(t, 1, *table.Get(p))
}

// A set has eight places. What is put into it takes that of the first, whose value the caller sees.
func TestAFullSetForgetsWhatCameFirst(t *testing.T) {
	table := recent.New[int]()
	p := table.Hash(key(1))
	for i := range 20 {
		v := table.Put(p)
		if i < 8 {
			require.Zero(t, *v)
		} else {
			require.Equal(t, i-8+100, *v)
		}
		*v = i + 100
	}
	least := 1 << 20
	for _, v := range table.Set(p) {
		least = min(least, *v)
	}
	require.Equal(t, 112, least)
}

func TestTheLastKeysStayOfMoreThanThereAreRoomFor(t *testing.T) {
	const many, near = 4 * recent.Size, recent.Size / 64
	table := recent.New[int]()
	for i := range many {
		*table.Put(table.Hash(key(i))) = i
		if i >= near {
			v := table.Get(table.Hash(key(i - near)))
			require.NotNil(t, v, "%d", i)
			require.Equal(t, i-near, *v)
		}
	}
	left := 0
	for range table.Values() {
		left++
	}
	require.Equal(t, recent.Size, left, "every place is used, and there are no more")
}

func TestNothingIsAllocatedPerKey(t *testing.T) {
	table := recent.New[int]()
	b, i, sum := key(0), 0, 0
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		binary.LittleEndian.PutUint64(b, uint64(i))
		i++
		p := table.Hash(b)
		*table.Put(p) = i
		for _, v := range table.Set(p) {
			sum += *v
		}
		sum += *table.Get(p)
	}))
	require.Positive(t, sum)
}
