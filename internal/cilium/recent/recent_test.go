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
	p := table.Print(key(1))
	require.Equal(t, p, table.Print(key(1)))
	require.NotEqual(t, p, table.Print(key(2)))
	require.NotEqual(t, p, recent.New[int]().Print(key(1)), "another table has another seed")
	require.Nil(t, table.Get(p))
	*table.Put(p) = 7
	require.Equal(t, 7, *table.Get(p))
	require.Nil(t, table.Get(table.Print(key(2))))
	*table.Get(p) = 8
	require.Equal(t, 8, *table.Get(p))
	table.Forget()
	require.Nil(t, table.Get(p))
}

func TestAPrintMayHaveSeveralValues(t *testing.T) {
	table := recent.New[int]()
	p := table.Print(key(1))
	for i := range 3 {
		*table.Put(p) = i
	}
	*table.Put(table.Print(key(2))) = 9
	var got []int
	for v := range table.All(p) {
		got = append(got, *v)
	}
	require.Equal(t, []int{0, 1, 2}, got)
	for v := range table.All(p) {
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

// A set has eight places. What is put into it takes that of the first, whose value the caller sees.
func TestAFullSetForgetsWhatCameFirst(t *testing.T) {
	table := recent.New[int]()
	p := table.Print(key(1))
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
	for v := range table.All(p) {
		least = min(least, *v)
	}
	require.Equal(t, 112, least)
}

func TestTheLastKeysStayOfMoreThanThereAreRoomFor(t *testing.T) {
	const many, near = 4 * recent.Size, recent.Size / 64
	table := recent.New[int]()
	for i := range many {
		*table.Put(table.Print(key(i))) = i
		if i >= near {
			v := table.Get(table.Print(key(i - near)))
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
		p := table.Print(b)
		*table.Put(p) = i
		for v := range table.All(p) {
			sum += *v
		}
		sum += *table.Get(p)
	}))
	require.Positive(t, sum)
}
