// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// usualSeed is the default seed of the records to compare. The environment variable WINNET_ORACLE_SEED overrides it.
const usualSeed = 20260304

// Test compares a number of records. It fails for any difference that the table does not list, and for any entry of the
// table that did not occur. The parser knows the same ends as the knowledge.
func Test(t *testing.T, version Version, parser Parser, known Knowledge, records int) {
	seed := uint64(usualSeed)
	if text := os.Getenv("WINNET_ORACLE_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	comparer, generator := NewComparer(version, parser, known), NewGenerator(seed)
	generator.Near = known.from() == theStore
	for range records {
		require.NoError(t, comparer.Add(generator.Next()))
	}
	r := &comparer.Report
	t.Logf("%d records: %d flows equal, %d refused by both", r.Records, r.Equal, r.BothRefuse)
	for _, name := range slices.Sorted(maps.Keys(r.Differences)) {
		t.Logf("%7d differ: %s", r.Differences[name], name)
	}
	for i, text := range r.Unexplained {
		if i == 20 {
			break
		}
		t.Errorf("unexplained: %s", text)
	}
	require.Empty(t, len(r.Unexplained), "records have differences that the table does not list")
	if seed == usualSeed {
		require.Empty(t, comparer.Unseen(), "the table lists differences that did not occur")
	}
}
