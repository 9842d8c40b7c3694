// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/dns"
)

// second is one second of FILETIME.
const second = int64(time.Second / 100)

func dedup(n *Noise) { n.EnableDeduplication, n.DeduplicationWindow = true, 10*time.Second }

func at(e *dns.Event, seconds int64) *dns.Event {
	e.TimeStamp = seconds * second
	return e
}

func TestARepetitionWithinTheWindowIsDropped(t *testing.T) {
	m := server(t)
	f := m.filter(Config{}, dedup)
	query := func(seconds int64) bool {
		return f.Drops(at(m.event(256, fields{"QNAME": "a.test.", "QTYPE": 1, "Source": "10.0.0.1", "XID": int(seconds)}), seconds))
	}
	require.False(t, query(100))
	require.True(t, query(100))
	require.True(t, query(109))
	require.False(t, query(110), "the window is counted from the first, so that what goes on for ever is seen now and then")
	require.True(t, query(119))
	require.True(t, query(105), "the events of another processor arrive a little late")
	require.False(t, query(90), "time has gone back")
	require.True(t, query(81))
	f.Forget()
	require.False(t, query(85), "another host's events")
}

func TestAfterAStepBackRepetitionsAreDroppedForTwiceTheWindowAtMost(t *testing.T) {
	m := server(t)
	for _, back := range []int64{1, 5, 9, 10, 3600} {
		f := m.filter(Config{}, dedup)
		passed := int64(0) // seconds that really passed
		event := func() bool {
			now := 100_000 + passed
			if passed > 0 {
				now -= back // at once after the first
			}
			return f.Drops(at(m.event(256, fields{"QNAME": "a.test.", "QTYPE": 1, "Source": "10.0.0.1"}), now))
		}
		require.False(t, event())
		for passed = 1; event(); passed++ {
			require.Less(t, passed, int64(20), "%d s back", back)
		}
		want := 10 + back // as the window is by the events' times
		if back > 10 {
			want = 1
		}
		require.Equal(t, want, passed, "%d s back", back)
		passed++
		require.True(t, event(), "%d s back", back)
	}
}

func TestEventsAreTheSameByWhatIsAskedByWhomAndTheResult(t *testing.T) {
	m, c := server(t), client(t)
	answer := fields{"QNAME": "a.test.", "QTYPE": 1, "Destination": "10.0.0.1", "InterfaceIP": "10.0.0.53", "RCODE": 0, "GUID": "{1}"}
	done := fields{"QueryName": "a.test", "QueryType": 1, "QueryStatus": 0}
	sent := fields{"QueryName": "a.test", "QueryType": 1, "DnsServerIpAddress": "10.0.0.53", "ClientPID": 7}
	for _, tc := range []struct {
		m             made
		id            uint16
		first, change fields
		same          bool
	}{
		{m, 257, answer, fields{"QNAME": "A.TEST."}, true},
		{m, 257, answer, fields{"GUID": "{2}", "XID": 7, "Port": 9, "ElapsedTime": 5}, true},
		{m, 257, answer, fields{"QNAME": "b.test."}, false},
		{m, 257, answer, fields{"QTYPE": 28}, false},
		{m, 257, answer, fields{"Destination": "10.0.0.2"}, false},
		{m, 257, answer, fields{"RCODE": 3}, false},
		{m, 261, fields{"QNAME": "a.test.", "QTYPE": 1, "Source": "10.0.0.1", "Flags": 0x8180}, fields{"Flags": 0x8183}, false},
		{m, 260, fields{"QNAME": "a.test.", "QTYPE": 1, "Destination": "198.51.100.1"}, fields{"Destination": "198.51.100.2"}, false},
		{m, 263, fields{"QNAME": "test.", "XID": 1, "PacketData": []byte("one")}, fields{"PacketData": []byte("two")}, false},
		{m, 263, fields{"QNAME": "test.", "XID": 1, "PacketData": []byte("one")}, fields{}, true},
		{m, 515, fields{"NAME": "a"}, fields{"NAME": "b"}, false},
		{m, 515, fields{"NAME": "a"}, fields{}, true},
		{c, 3008, done, fields{"QueryResults": "10.0.0.9;"}, true},
		{c, 3008, done, fields{"QueryStatus": 9003}, false},
		{c, 3008, done, fields{"QueryStatus": 87}, false},
		{c, 3010, sent, fields{"ClientPID": 8}, false},
		{c, 3010, sent, fields{"DnsServerIpAddress": "10.0.0.54"}, false},
		{c, 3010, sent, fields{}, true},
		{c, 1001, fields{"Interface": "Ethernet0", "Index": 0}, fields{"Index": 1}, false},
		{c, 3001, fields{"Status": 0}, fields{"Status": 9003}, false},
	} {
		f := tc.m.filter(Config{}, dedup)
		second := fields{}
		for _, from := range []fields{tc.first, tc.change} {
			for k, v := range from {
				second[k] = v
			}
		}
		require.False(t, f.Drops(tc.m.event(tc.id, tc.first)))
		require.Equal(t, tc.same, f.Drops(tc.m.event(tc.id, second)), "%d %v", tc.id, tc.change)
	}

	f := c.filter(Config{}, dedup)
	one, two := c.event(3008, done), c.event(3008, done)
	two.ProcessID = 4243
	require.False(t, f.Drops(one))
	require.False(t, f.Drops(two), "another program asks")
	require.False(t, f.Drops(c.event(3006, fields{"QueryName": "a.test", "QueryType": 1})), "another event")
}

func TestWhatIsFilteredIsNotRemembered(t *testing.T) {
	m := server(t)
	f := m.filter(exclude(Rule{"SrcIpAddr": {"10.0.0.1"}}), dedup)
	require.True(t, f.Drops(m.event(256, fields{"QNAME": "a.test.", "QTYPE": 1, "Source": "10.0.0.1"})))
	require.Zero(t, f.seen.next)
}

func TestTheOldestIsForgottenWhenTheMemoryIsFull(t *testing.T) {
	m := newMemory(time.Hour)
	hash := func(i int) [2]uint64 { return [2]uint64{uint64(i) % 1000, uint64(i)} } // long chains
	for i := range maxRemembered {
		require.False(t, m.repeated(hash(i), 0))
	}
	require.True(t, m.repeated(hash(0), 1))
	require.False(t, m.repeated(hash(maxRemembered), 2))
	require.False(t, m.repeated(hash(0), 3), "it was the oldest")
	require.True(t, m.repeated(hash(2), 3))
}

func TestTheMemoryAgreesWithAMapOfTimes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	m := newMemory(100 * time.Second)
	times := map[int]int64{}
	now := int64(0)
	for range 200_000 {
		now += r.Int64N(2 * second)
		i, when := r.IntN(300), now-r.Int64N(20*second)
		first, known := times[i]
		want := known && distance(when, first) < uint64(100*second)
		if !want {
			times[i] = when
		}
		require.Equal(t, want, m.repeated([2]uint64{uint64(i) * math.MaxUint32, 1}, when))
	}
}

func TestTimesWithoutEndOverflowNothing(t *testing.T) {
	m := newMemory(time.Second)
	for _, when := range []int64{math.MinInt64, math.MaxInt64, 0, math.MinInt64} {
		require.False(t, m.repeated([2]uint64{1, 1}, when), when)
		require.True(t, m.repeated([2]uint64{1, 1}, when), when)
	}
}

func TestTheMemoryAllocatesNothingOnceItStands(t *testing.T) {
	m := newMemory(time.Second)
	i := 0
	require.Zero(t, testing.AllocsPerRun(3*maxRemembered, func() {
		i++
		m.repeated([2]uint64{uint64(i) * 0x9E3779B97F4A7C15, uint64(i)}, int64(i))
	}))
}

// The same change by another user is no repetition.
func TestTheSameChangeByAnotherUserIsKept(t *testing.T) {
	m := server(t)
	f := m.filter(Config{}, dedup)
	clear := func(user byte) bool {
		e := at(m.event(549, fields{"FilePath": `C:\dns.log`}), 100)
		e.User = []byte{1, 1, 0, 0, 0, 0, 0, 5, user, 0, 0, 0}
		return f.Drops(e)
	}
	require.Equal(t, []bool{false, true, false, true}, []bool{clear(18), clear(18), clear(21), clear(21)})
}

func TestAuditEventsAreFilteredByRecordAndClient(t *testing.T) {
	m := server(t)
	update := m.event(519, fields{"Type": 28, "NAME": "ws1", "Zone": "corp.example", "Source": "10.1.4.27"})
	for field, value := range map[string]string{"DnsQuery": "ws1.corp.example", "DnsQueryTypeName": "AAAA", "SrcIpAddr": "10.1.4.0/24"} {
		require.True(t, m.filter(exclude(Rule{field: {value}}), nil).Drops(update), field)
		require.False(t, m.filter(exclude(Rule{field: {value}}), nil).Drops(m.event(513, fields{"Zone": "corp.example"})), field)
	}
}
