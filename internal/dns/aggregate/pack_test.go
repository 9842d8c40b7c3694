// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns/correlate"
	"github.com/otelcol-winnet/otelcol-winnet/internal/pipeline/hold"
)

func packs(t testing.TB) maker {
	return server(t, Settings{Exchanges: true, Pack: true, Short: time.Minute})
}

// of returns a response for a name to a client.
func of(client, name string) map[string]any {
	fields := response(name, "192.0.2.1")
	fields["Destination"] = client
	return fields
}

// add adds an exchange of a class that took a millisecond.
func (m maker) packed(after time.Duration, class Class, fields map[string]any) Verdict {
	m.t.Helper()
	e, raw := m.event(257, after+time.Millisecond, fields)
	x := correlate.Exchange{ID: hold.ID{byte(after / time.Second)}, Start: start.Add(after).UnixNano(), Answered: true}
	return m.Add(e, raw, 1, &x, class)
}

// left pops the rows of one client: the seconds in which they began, with their counts. singles is the number of those that are not summed.
func (m maker) left() (rows map[int]int64, singles int) {
	m.t.Helper()
	rows = map[int]int64{}
	for more := true; more; {
		row := m.PopOldest()
		more = row.More
		rows[int(row.ID[0])] = row.Count
		if row.Class == First || row.Class == Burst {
			singles++
			require.Equal(m.t, int64(1), row.Count)
		}
		m.Release(row)
	}
	return rows, singles
}

func TestTheRowsOfAClientLeaveTogether(t *testing.T) {
	m := packs(t)
	require.Equal(t, Held, m.packed(1*time.Second, Sum, of("10.0.0.1", "a.example")))
	require.Equal(t, Held, m.packed(2*time.Second, Sum, of("10.0.0.2", "a.example")))
	require.Equal(t, Held, m.packed(30*time.Second, Sum, of("10.0.0.1", "b.example")))
	require.Equal(t, Merged, m.packed(31*time.Second, Sum, of("10.0.0.1", "a.example")))
	require.Equal(t, Held, m.packed(32*time.Second, First, of("10.0.0.1", "c.example")))
	require.Equal(t, Held, m.packed(33*time.Second, Sum, of("10.0.0.1", "c.example")), "the first is not part of the sum")
	require.Equal(t, Pass, m.packed(34*time.Second, Whole, of("10.0.0.1", "a.example")))
	require.Equal(t, 5, m.Held())
	rows, singles := m.left()
	require.Equal(t, map[int]int64{1: 2, 30: 1, 32: 1, 33: 1}, rows)
	require.Equal(t, 1, singles)
	rows, _ = m.left()
	require.Equal(t, map[int]int64{2: 1}, rows)
	require.Zero(t, m.Held())
}

func TestTheWindowOfAClientBeginsWithItsFirstRow(t *testing.T) {
	m := packs(t)
	require.Equal(t, Held, m.packed(0, Sum, of("10.0.0.1", "a.example")))
	require.Equal(t, Held, m.packed(59*time.Second, Sum, of("10.0.0.1", "b.example")))
	require.Equal(t, Held, m.packed(61*time.Second, Sum, of("10.0.0.1", "b.example")), "after the window, although two seconds after its like")
	require.Equal(t, Merged, m.packed(58*time.Second, Sum, of("10.0.0.1", "b.example")), "a late one")
	require.Equal(t, Merged, m.packed(100*time.Second, Sum, of("10.0.0.1", "b.example")))
	rows, _ := m.left()
	require.Equal(t, map[int]int64{0: 1, 59: 1}, rows)
	rows, _ = m.left()
	require.Equal(t, map[int]int64{61: 3}, rows)
}

func TestAClientLeavesEarlyAsAWholeWhenMemoryIsFull(t *testing.T) {
	m := server(t, Settings{Exchanges: true, Pack: true, Short: time.Minute, MaxEvents: 64, MaxBytes: 1 << 30})
	for i := range 56 {
		require.False(t, m.Due())
		require.Equal(t, Held, m.packed(time.Duration(i)*time.Millisecond, Sum, of(fmt.Sprintf("10.0.0.%d", i%7), fmt.Sprintf("%d.example", i))))
	}
	require.True(t, m.Due())
	for i := range 8 {
		require.True(t, m.Due(), "the others of the client follow")
		row := m.PopOldest()
		require.Equal(t, i < 7, row.More)
		m.Release(row)
	}
	require.Equal(t, int64(8), m.Early())
	require.False(t, m.Due())
	require.Equal(t, 48, m.Held())
}

// bursts keeps sums and bursts, with room for so many rows.
func bursts(t testing.TB, rows int) maker {
	return server(t, Settings{Exchanges: true, Pack: true, Bursts: true, Short: time.Minute, Long: time.Hour, MaxEvents: rows, MaxBytes: 1 << 30})
}

func TestAClientWithABurstLeavesBeforeItsWindowIsOver(t *testing.T) {
	m := bursts(t, 1<<14)
	require.Equal(t, Held, m.packed(time.Second, Burst, of("10.0.0.1", "nowhere.example")))
	require.Equal(t, Held, m.packed(2*time.Second, Sum, of("10.0.0.2", "a.example")))
	require.Equal(t, Held, m.packed(3*time.Second, First, of("10.0.0.2", "b.example")))
	others := m.Held()
	for range 3 {
		for range mostOfBurst {
			require.False(t, m.Due(), "not all of it is there")
			require.Equal(t, Held, m.packed(4*time.Second, Burst, of("10.0.0.2", "nowhere.example")))
		}
		for i := range mostOfBurst {
			require.True(t, m.Due(), "the others of the client follow")
			row := m.PopOldest()
			require.Equal(t, i < mostOfBurst-1, row.More)
			require.Equal(t, Burst, row.Class)
			require.Equal(t, int64(1), row.Count)
			m.Release(row)
		}
		require.False(t, m.Due())
		require.Equal(t, others, m.Held(), "the other client's burst, and the sums of the same client, stay")
	}
	require.Zero(t, m.Early())
	rows, singles := m.left()
	require.Equal(t, map[int]int64{2: 1, 3: 1}, rows)
	require.Equal(t, 1, singles)
	rows, _ = m.left()
	require.Equal(t, map[int]int64{1: 1}, rows)
	require.Zero(t, m.Held())
}

func TestAFloodEndsNoSum(t *testing.T) {
	m := bursts(t, 1<<10)
	require.Equal(t, Held, m.packed(0, Burst, of("10.0.0.9", "nowhere.example")), "it stays, so no place of the order before those after it is free again")
	require.Equal(t, Held, m.packed(0, Sum, of("10.0.0.1", "a.example")))
	require.Equal(t, Held, m.packed(0, Noise, of("10.0.0.1", "b.example")))
	came, left := 1, 0
	for i := range 100 * mostOfBurst {
		client := []string{"10.0.0.1", "10.0.0.2", fmt.Sprintf("10.0.1.%d", i%250)}[i%3]
		require.Equal(t, Held, m.packed(time.Duration(i)*time.Millisecond, Burst, of(client, "nowhere.example")))
		for came++; m.Due(); left++ {
			row := m.PopOldest()
			require.Equal(t, Burst, row.Class)
			m.Release(row)
		}
		require.Equal(t, came-left+2, m.Held())
	}
	require.Less(t, came-left, 1<<10/partOfBursts)
}

func TestWithoutPackingAnExchangeThatIsNotSummedIsARecordOfItsOwn(t *testing.T) {
	m := exchanges(t)
	require.Equal(t, Pass, m.packed(0, First, of("10.0.0.1", "a.example")))
	require.Equal(t, Pass, m.packed(0, Burst, of("10.0.0.1", "a.example")))
	require.Zero(t, m.Held())
}
