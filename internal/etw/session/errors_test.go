// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCallErrorsSayWhatToDoAndWrapTheErrorOfWindows(t *testing.T) {
	for _, test := range []struct {
		call  string
		errno syscall.Errno
		want  []string
	}{
		{"StartTrace", 5, []string{"ERROR_ACCESS_DENIED", "run as Administrator or LocalSystem, or add the account to the group Performance Log Users"}},
		{"EnableTraceEx2", 5, []string{"Performance Log Users"}},
		{"StartTrace", 1450, []string{"ERROR_NO_SYSTEM_RESOURCES", "64 ETW sessions", "logman query -ets", "buffers.size_kb"}},
		{"StartTrace", 14, []string{"ERROR_OUTOFMEMORY", "buffers.size_kb"}},
		{"StartTrace", 24, []string{"ERROR_BAD_LENGTH", "session_name", "buffers.maximum"}},
		{"StartTrace", 87, []string{"ERROR_INVALID_PARAMETER", "buffers.maximum"}},
		{"EnableTraceEx2", 87, []string{"provider_guid", "enable_flags"}},
		{"EnableTraceEx2", 1450, []string{"8 sessions"}},
		{"OpenTrace", 4201, []string{"ERROR_WMI_INSTANCE_NOT_FOUND", "stopped from outside"}},
		{"StartTrace", 1234, []string{"(error 1234)"}},
	} {
		t.Run(fmt.Sprint(test.call, " ", uint32(test.errno)), func(t *testing.T) {
			err := callError(testConfig(), test.call, test.errno)
			require.ErrorIs(t, err, test.errno)
			for _, want := range append(test.want, `ETW session "ASIMDNSServerTrace": `+test.call) {
				assert.Contains(t, err.Error(), want)
			}
		})
	}
}

func TestCallErrorOfAnythingElseIsWrapped(t *testing.T) {
	other := errors.New("other")
	require.ErrorIs(t, callError(testConfig(), "StartTrace", other), other)
}

func TestEveryAdviceNamesAnErrorThatHasAName(t *testing.T) {
	for r := range advice {
		assert.Contains(t, errnoNames, r.errno)
	}
}
