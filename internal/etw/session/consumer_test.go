// SPDX-License-Identifier: Apache-2.0

package session

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/otelcol-winnet/otelcol-winnet/internal/etw"
)

func TestReceiveDeliversTheWireFormOfAppendHeader(t *testing.T) {
	for name, flags := range map[string]uint16{"64-bit": etw.Flag64BitHeader, "32-bit": etw.Flag32BitHeader} {
		t.Run(name, func(t *testing.T) {
			in := newRecord(0, testProvider, 0, []byte("data"))
			in.header[offFlags] = byte(flags | etw.FlagExtendedInfo)
			var got []byte
			c := consumer{log: zap.NewNop(), deliver: func(header, userData []byte) {
				got = append(bytes.Clone(header), userData...)
			}}
			before := in.header
			c.receive(in)
			assert.Equal(t, before, in.header, "ETW's buffer is not written")

			var r etw.Record
			require.NoError(t, r.Parse(got))
			assert.Equal(t, flags, r.Flags)
			assert.Equal(t, int64(133_000_000_000_000_000), r.TimeStamp)
			assert.EqualValues(t, 4242, r.ProcessID)
			want, err := r.Append(nil)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			assert.Equal(t, Counters{}, c.counters())
		})
	}
}

// users are SIDs: the shortest, the longest, and one of a user.
func users() []etw.SID {
	return []etw.SID{
		{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0},
		append(etw.SID{1, 5, 0, 0, 0, 0, 0, 5}, "\x15\x00\x00\x00\xaa\xaa\xaa\xaa\xbb\xbb\xbb\xbb\xcc\xcc\xcc\xcc\xe9\x03\x00\x00"...),
		append(etw.SID{1, 15, 0, 0, 0, 0, 0, 5}, make([]byte, 60)...),
	}
}

func TestReceiveDeliversTheUser(t *testing.T) {
	var got []byte
	c := consumer{log: zap.NewNop(), deliver: func(header, userData []byte) { got = append(bytes.Clone(header), userData...) }}
	for _, user := range users() {
		for _, items := range [][]extendedItem{
			{itemOf(extTypeSID, user)},
			{itemOf(1, make([]byte, 16)), itemOf(extTypeSID, user), itemOf(3, make([]byte, 4))},
		} {
			c.receive(newRecord(0, testProvider, 0, []byte("data")).withItems(items...))
			var r etw.Record
			require.NoError(t, r.Parse(got))
			assert.Equal(t, user, r.User)
			assert.Equal(t, "data", string(r.UserData))
			want, err := r.Append(nil)
			require.NoError(t, err)
			assert.Equal(t, want, got, "as a file has it")
		}
	}
	assert.Equal(t, Counters{}, c.counters())
}

func TestReceiveLeavesOutWhatIsNoUser(t *testing.T) {
	user := users()[1]
	odd := itemOf(extTypeSID, user)
	odd.dataSize-- // shorter than its SID says
	none := itemOf(extTypeSID, nil)
	none.dataSize = 28 // a size without data
	long := append(etw.SID{1, 16}, make([]byte, 70)...)
	for _, items := range [][]extendedItem{{odd}, {none}, {itemOf(extTypeSID, long)}, {itemOf(4, user)}, nil} {
		c := consumer{log: zap.NewNop(), deliver: func(header, userData []byte) {
			var r etw.Record
			require.NoError(t, r.Parse(append(bytes.Clone(header), userData...)))
			assert.Nil(t, r.User)
			assert.Equal(t, "data", string(r.UserData))
		}}
		c.receive(newRecord(0, testProvider, 0, []byte("data")).withItems(items...))
		assert.Equal(t, Counters{}, c.counters())
	}
	without := newRecord(0, testProvider, 0, []byte("data"))
	without.extendedDataCount = 3 // a number without items
	c := consumer{log: zap.NewNop(), deliver: ignore}
	c.receive(without)
	assert.Equal(t, Counters{}, c.counters())
}

func TestReceiveLeavesOutAUserThatTheRecordHasNoRoomFor(t *testing.T) {
	for n, want := range map[int]etw.SID{etw.MaxRecordSize - etw.HeaderSize - 24: users()[0], etw.MaxRecordSize - etw.HeaderSize - 23: nil} {
		calls := 0
		c := consumer{log: zap.NewNop(), deliver: func(header, userData []byte) {
			calls++
			var r etw.Record
			require.NoError(t, r.Parse(append(bytes.Clone(header), userData...)))
			assert.Equal(t, want, r.User)
			assert.Len(t, r.UserData, n)
		}}
		c.receive(newRecord(0, testProvider, 0, make([]byte, n)).withItems(itemOf(extTypeSID, users()[0])))
		assert.Equal(t, 1, calls)
	}
}

func TestReceiveTakesAnEventWithoutUserData(t *testing.T) {
	calls := 0
	c := consumer{log: zap.NewNop(), deliver: func(header, userData []byte) {
		calls++
		assert.EqualValues(t, etw.HeaderSize, header[offSize])
		assert.Empty(t, userData)
	}}
	c.receive(newRecord(0, testProvider, 0, nil))
	odd := newRecord(0, testProvider, 0, nil)
	odd.userDataLength = 1 // a length without data
	c.receive(odd)
	assert.Equal(t, 2, calls)
}

func TestReceiveTellsNoticesApartAndNeverDeliversThem(t *testing.T) {
	c := consumer{log: zap.NewNop(), deliver: func(_, _ []byte) { t.Error("delivered") }}
	for opcode, times := range map[byte]int{32: 1, 33: 2, 34: 3, 99: 4} {
		for range times {
			c.receive(newRecord(0, lostEventProvider, opcode, nil))
		}
	}
	c.receive(newRecord(0, headerProvider, 0, nil))
	assert.Equal(t, Counters{LostEventNotices: 1 + 4, LostBufferNotices: 2, LostFileNotices: 3, HeaderInfo: 1}, c.counters())
}

func TestReceiveCountsARecordThatIsTooLargeForItsHeader(t *testing.T) {
	sizes := []int{}
	c := consumer{log: zap.NewNop(), deliver: func(_, userData []byte) { sizes = append(sizes, len(userData)) }}
	c.receive(newRecord(0, testProvider, 0, make([]byte, etw.MaxRecordSize-etw.HeaderSize)))
	c.receive(newRecord(0, testProvider, 0, make([]byte, etw.MaxRecordSize-etw.HeaderSize+1)))
	assert.Equal(t, []int{etw.MaxRecordSize - etw.HeaderSize}, sizes)
	assert.Equal(t, Counters{Oversized: 1}, c.counters())
}

func TestReceiveRecoversPanicsAndLogsTheFirst(t *testing.T) {
	log, logs := observed()
	c := consumer{log: log, deliver: func(_, _ []byte) { panic("the sink broke") }}
	for range 3 {
		c.receive(newRecord(0, testProvider, 0, nil))
	}
	assert.Equal(t, Counters{Panics: 3}, c.counters())
	require.Equal(t, 1, logs.Len())
	assert.Equal(t, "the sink broke", logs.All()[0].ContextMap()["panic"])
}

func TestReceiveDiscardsAndCountsWhenCloseRanOutOfTime(t *testing.T) {
	c := consumer{log: zap.NewNop(), deliver: func(_, _ []byte) { t.Error("delivered") }}
	c.discard.Store(true)
	c.receive(newRecord(0, testProvider, 0, nil))
	assert.Equal(t, Counters{Discarded: 1}, c.counters())
}

func TestReceiveDoesNotAllocate(t *testing.T) {
	c := &consumer{log: zap.NewNop(), deliver: ignore}
	var table consumerTable
	id, err := table.add(c)
	require.NoError(t, err)
	record := newRecord(id, testProvider, 0, make([]byte, 200)).withItems(itemOf(extTypeSID, users()[2]))
	assert.Zero(t, testing.AllocsPerRun(1000, func() { table.dispatch(record) }))
}

func BenchmarkReceive(b *testing.B) {
	c := &consumer{log: zap.NewNop(), deliver: ignore}
	var table consumerTable
	id, err := table.add(c)
	require.NoError(b, err)
	record := newRecord(id, testProvider, 0, make([]byte, 200))
	b.ReportAllocs()
	for b.Loop() {
		table.dispatch(record)
	}
}

func TestTheTableFindsConsumersByIDAndIgnoresOtherIDs(t *testing.T) {
	var table consumerTable
	hits := make([]int, maxConsumers)
	for i := range maxConsumers {
		id, err := table.add(&consumer{log: zap.NewNop(), deliver: func(_, _ []byte) { hits[i]++ }})
		require.NoError(t, err)
		require.EqualValues(t, i+1, id)
	}
	_, err := table.add(&consumer{})
	require.ErrorContains(t, err, "64")
	for _, id := range []uintptr{0, 5, maxConsumers, maxConsumers + 1, ^uintptr(0)} {
		table.dispatch(newRecord(id, testProvider, 0, nil))
	}
	want := make([]int, maxConsumers)
	want[4], want[maxConsumers-1] = 1, 1
	assert.Equal(t, want, hits)

	table.remove(5)
	table.dispatch(newRecord(5, testProvider, 0, nil))
	assert.Equal(t, want, hits, "a consumer that is gone gets nothing")
	id, err := table.add(&consumer{})
	require.NoError(t, err)
	assert.EqualValues(t, 5, id, "its id is free again")
}
