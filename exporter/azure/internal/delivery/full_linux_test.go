// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A file of limited size stands in for a full disk: a write is cut short and fails.
func TestAFullDiskLeavesNoPartOfADeadLetter(t *testing.T) {
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	path := filepath.Join(t.TempDir(), "dead.jsonl")
	d, err := OpenDeadLetters(path, 1<<30)
	require.NoError(t, err)
	require.NoError(t, d.Write(Letter{Row: json.RawMessage(`{"a":1}`)}))
	good, err := os.ReadFile(path)
	require.NoError(t, err)

	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(len(good)) + 10, Max: before.Max}))
	err = d.Write(Letter{Message: strings.Repeat("x", 100), Row: json.RawMessage(`{"a":2}`)})
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before))
	if !errors.Is(err, syscall.EFBIG) {
		t.Fatalf("want a write that fails in its middle, got %v", err)
	}
	left, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(good), string(left))
	require.NoError(t, d.Write(Letter{Row: json.RawMessage(`{"a":3}`)}))
	all, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(all), "\n"))
}
