// SPDX-License-Identifier: Apache-2.0

package deliverytest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/internal/delivery"
)

// patience is long enough that only a failing test reaches it.
const patience = 2 * time.Minute

// UID returns the EventOriginalUid of the record with a number.
func UID(i int) string { return fmt.Sprintf("%08d", i) }

// UIDs returns the EventOriginalUids of the records with these numbers.
func UIDs(numbers ...int) map[string]bool {
	all := map[string]bool{}
	for _, i := range numbers {
		all[UID(i)] = true
	}
	return all
}

// RequireOnce requires that the records 0 to n-1 have arrived once each, except those in but.
func RequireOnce(t *testing.T, arrived map[string]int, n int, but ...int) {
	t.Helper()
	refused := UIDs(but...)
	for i := range n {
		want := 1
		if refused[UID(i)] {
			want = 0
		}
		if arrived[UID(i)] != want {
			t.Fatalf("record %d came %d times, want %d (%d records)", i, arrived[UID(i)], want, len(arrived))
		}
	}
	require.Len(t, arrived, n-len(but))
}

// missing returns the records from 0 to n-1 that were neither refused nor received.
func missing(arrived map[string]int, n int, refused map[string]bool) (all []string) {
	for i := range n {
		if arrived[UID(i)] == 0 && !refused[UID(i)] {
			all = append(all, UID(i))
		}
	}
	return all
}

// requireAll waits until the server has every record from 0 to n-1 that it did not refuse, and returns what has arrived.
func (s *Subject) requireAll(t *testing.T, n int, refused ...int) map[string]int {
	t.Helper()
	without := UIDs(refused...)
	require.Eventually(t, func() bool { return len(missing(s.Arrived(), n, without)) == 0 }, patience, 20*time.Millisecond)
	arrived := s.Arrived()
	for uid := range without {
		require.Zero(t, arrived[uid])
	}
	require.Len(t, arrived, n-len(refused))
	return arrived
}

// Rest returns the records that an error says are still to be sent.
func Rest(t *testing.T, err error, all plog.Logs) plog.Logs {
	t.Helper()
	require.Error(t, err)
	require.False(t, consumererror.IsPermanent(err))
	var left consumererror.Logs
	if !errors.As(err, &left) {
		return all
	}
	return left.Data()
}

// Letters reads a file of dead letters.
func Letters(t *testing.T, path string) (all []delivery.Letter) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var l delivery.Letter
		require.NoError(t, json.Unmarshal(lines.Bytes(), &l))
		all = append(all, l)
	}
	return all
}
