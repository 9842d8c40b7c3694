// SPDX-License-Identifier: Apache-2.0

package attrs

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheTextsOfTimesAreThoseOfTheTimePackage(t *testing.T) {
	var s TimeFormatter
	random := rand.New(rand.NewPCG(1, 2))
	times := []int64{0, -1, 1, 999_999_999, 1e9, math.MinInt64, math.MaxInt64}
	for range 10_000 {
		times = append(times, int64(random.Uint64()), times[len(times)-1]+random.Int64N(1000))
	}
	day := int64(24 * time.Hour)
	for at := int64(0); at < 10_000*day; at += random.Int64N(day / 4) {
		times = append(times, at, at-random.Int64N(day)) // back and forth, within a day and over midnight
	}
	for _, n := range times {
		require.Equal(t, time.Unix(0, n).UTC().Format("2006-01-02T15:04:05.0000000Z07:00"), string(s.Append(nil, n)))
	}
}
