// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package session

import (
	"bytes"
	"syscall"
	"testing"
	"unsafe"

	goetw "github.com/0xrawsec/golang-etw/etw"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"golang.org/x/sys/windows"
)

// callBack calls the callback through its address, as ETW does.
func callBack(r *eventRecord) {
	syscall.SyscallN(callback(), uintptr(unsafe.Pointer(r)))
}

func TestTheCallbackFindsItsConsumerAndSurvivesAPanic(t *testing.T) {
	var got []byte
	c := &consumer{log: zap.NewNop(), deliver: func(_, userData []byte) {
		if len(userData) == 0 {
			panic("no data")
		}
		got = bytes.Clone(userData)
	}}
	id, err := consumers.add(c)
	require.NoError(t, err)
	defer consumers.remove(id)
	callBack(newRecord(id, testProvider, 0, []byte("from Windows")))
	callBack(newRecord(id, testProvider, 0, nil))
	assert.Equal(t, "from Windows", string(got))
	assert.Equal(t, Counters{Panics: 1}, c.counters())
}

func TestTheCallbackDoesNotAllocate(t *testing.T) {
	n := 0
	id, err := consumers.add(&consumer{log: zap.NewNop(), deliver: func(_, _ []byte) { n++ }})
	require.NoError(t, err)
	defer consumers.remove(id)
	record := newRecord(id, testProvider, 0, make([]byte, 200))
	assert.Zero(t, testing.AllocsPerRun(1000, func() { callBack(record) }))
	assert.Positive(t, n)
}

func TestThereIsOneCallbackForTheProcess(t *testing.T) {
	for range 3000 { // more than a process has
		require.Equal(t, callback(), callback())
	}
}

func TestALockedNameIsRefusedUntilItIsUnlocked(t *testing.T) {
	const name = "otelcol-winnet lock test"
	var a windowsAPI
	unlock, err := a.lockName(name)
	require.NoError(t, err)
	_, err = a.lockName(name)
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, `logman query "otelcol-winnet lock test" -ets`)
	unlock()

	// The name is the documented one: the holder of this lock owns the session.
	wide, err := windows.UTF16PtrFromString(`Global\otelcol-winnet-` + name)
	require.NoError(t, err)
	mutex, err := windows.CreateMutex(nil, false, wide)
	require.NoError(t, err)
	_, err = a.lockName(name)
	require.ErrorIs(t, err, ErrInUse)
	require.NoError(t, windows.CloseHandle(mutex))

	unlock, err = a.lockName(name)
	require.NoError(t, err)
	unlock()
}

func TestGolangETWDeclaresTheStructuresAsWindowsDoes(t *testing.T) {
	assert.EqualValues(t, propertiesSize, unsafe.Sizeof(goetw.EventTraceProperties{}))
	assert.EqualValues(t, 448, unsafe.Sizeof(goetw.EventTraceLogfile{}))
	assert.EqualValues(t, 424, unsafe.Offsetof(goetw.EventTraceLogfile{}.Callback))
	assert.EqualValues(t, 440, unsafe.Offsetof(goetw.EventTraceLogfile{}.Context))
	assert.EqualValues(t, 112, unsafe.Sizeof(goetw.EventRecord{}))
	assert.EqualValues(t, 48, unsafe.Sizeof(goetw.EnableTraceParameters{}))
	assert.EqualValues(t, 32, unsafe.Offsetof(goetw.EnableTraceParameters{}.EnableFilterDesc))

	p := newStartProperties(testConfig())
	native := p.native()
	assert.EqualValues(t, p.wnodeSize, native.Wnode.BufferSize)
	assert.EqualValues(t, logFileMode, native.LogFileMode)
	assert.EqualValues(t, 1, native.FlushTimer)
	assert.EqualValues(t, propertiesSize, native.LoggerNameOffset)
}

func TestTheErrorsOfWindowsAreTheOnesThatAdviceIsGivenFor(t *testing.T) {
	for ours, theirs := range map[syscall.Errno]windows.Errno{
		errnoInvalidFunction:   windows.ERROR_INVALID_FUNCTION,
		errnoAccessDenied:      windows.ERROR_ACCESS_DENIED,
		errnoNotEnoughMemory:   windows.ERROR_NOT_ENOUGH_MEMORY,
		errnoOutOfMemory:       windows.ERROR_OUTOFMEMORY,
		errnoBadLength:         windows.ERROR_BAD_LENGTH,
		errnoInvalidParameter:  windows.ERROR_INVALID_PARAMETER,
		errnoAlreadyExists:     windows.ERROR_ALREADY_EXISTS,
		errnoMoreData:          windows.ERROR_MORE_DATA,
		errnoNoSystemResources: windows.ERROR_NO_SYSTEM_RESOURCES,
		errnoInstanceNotFound:  windows.ERROR_WMI_INSTANCE_NOT_FOUND,
	} {
		assert.Equal(t, theirs, ours)
	}
}
