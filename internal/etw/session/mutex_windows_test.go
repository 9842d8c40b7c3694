// SPDX-License-Identifier: Apache-2.0

//go:build amd64 || arm64

package session

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/wine"
)

func TestWineALockThatAnotherAccountMadeIsAskedForItsOwner(t *testing.T) {
	wine.Host(t)
	var a windowsAPI
	unlock, err := a.lockName(testConfig().Name)
	require.NoError(t, err)
	_, err = a.lockName(testConfig().Name)
	require.ErrorIs(t, err, ErrInUse)
	var held *untrustedLock
	require.NotErrorAs(t, err, &held, "it is this account's own")
	unlock()
	for sid, want := range map[string]bool{
		"S-1-5-18": true, "S-1-5-19": true, "S-1-5-20": true, "S-1-5-32-544": true, "S-1-5-80-1-2-3-4-5": true,
		"S-1-5-32-545": false, "S-1-1-0": false, "S-1-5-21-1-2-3-1001": false,
	} {
		account, err := windows.StringToSid(sid)
		require.NoError(t, err)
		assert.Equal(t, want, trusted(account), sid)
	}
	assert.False(t, trusted(nil))
}

// Any account can create an object with the lock's name, of a kind that is not a mutex.
func TestWineANameThatAnotherKindOfObjectHasDoesNotKeepTheCollectorFromStarting(t *testing.T) {
	name := windows.StringToUTF16Ptr(lockPrefix + testConfig().Name)
	semaphore := windows.NewLazySystemDLL("kernel32.dll").NewProc("CreateSemaphoreW")
	for kind, create := range map[string]func() (windows.Handle, error){
		"event": func() (windows.Handle, error) { return windows.CreateEvent(nil, 0, 0, name) },
		"file mapping": func() (windows.Handle, error) {
			return windows.CreateFileMapping(windows.InvalidHandle, nil, windows.PAGE_READWRITE, 0, 1, name)
		},
		"semaphore": func() (windows.Handle, error) {
			handle, _, err := semaphore.Call(0, 0, 1, uintptr(unsafe.Pointer(name)))
			return windows.Handle(handle), err
		},
	} {
		t.Run(kind, func(t *testing.T) {
			wine.Host(t)
			object, err := create()
			require.NotZero(t, object, "%v", err)
			defer func() { _ = windows.CloseHandle(object) }()
			log, logs := observed()
			s, err := Open(wineConfig(), ignore, log)
			require.NoError(t, err)
			require.Equal(t, 1, logs.FilterMessageSnippet("starting without the lock").Len())

			_, err = Open(wineConfig(), ignore, nil)
			require.ErrorIs(t, err, ErrInUse, "this process has the name")
			closeSession(t, s)
			leaveSession(t, testProvider)
			_, err = Open(wineConfig(), ignore, nil)
			require.ErrorIs(t, err, ErrInUse, "a session of that name runs")
			require.ErrorIs(t, err, windows.ERROR_INVALID_HANDLE)
			require.NoError(t, wine.Stop(testConfig().Name))
		})
	}
}
