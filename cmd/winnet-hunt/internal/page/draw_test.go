// SPDX-License-Identifier: Apache-2.0

package page

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/summary"
)

func TestALongTimeLineFitsThePictureAndLosesNoEvent(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, every := range []time.Duration{time.Second, time.Minute, time.Hour, 100 * 24 * time.Hour} {
		line := Timeline{Step: time.Second}
		for i := range 500 {
			line.Buckets = append(line.Buckets, summary.Bucket{At: at.Add(time.Duration(i) * every), DNS: 1})
		}
		d := drawTimeline(line, Span{at, at.Add(500 * every)})
		require.LessOrEqual(t, len(d.Bars), mostBars+1)
		var sum int64
		buckets, _ := coarsen(line)
		for _, b := range buckets {
			sum += b.DNS
		}
		require.EqualValues(t, 500, sum)
		for _, b := range d.Bars {
			require.True(t, b.X >= 0 && b.X <= width && b.Y >= 0 && b.Y+b.H <= chartHeight+0.1, "%+v", b)
		}
	}
}

func TestMarksStayWithinTheAxisOfTime(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	d := drawPlot(Plot{Times: true, Lines: []Line{{Label: "all", From: at, To: at.Add(time.Hour)}, {Label: "last", From: at.Add(time.Hour), To: at.Add(time.Hour)}}}, "t", Span{at, at.Add(time.Hour)})
	for _, l := range d.Lines {
		require.GreaterOrEqual(t, l.X, float64(labelWidth))
		require.LessOrEqual(t, l.X+l.W, float64(width-valueWidth))
		require.Positive(t, l.W)
	}
}

func TestTheAddressOfATableIsOneWhateverTheFolderIsCalled(t *testing.T) {
	require.Equal(t, "./hunt-csv/one.csv", relative("hunt-csv/one.csv"))
	require.Equal(t, "./javascript:a%3Fb%23%25-csv/one.csv", relative("javascript:a?b#%-csv/one.csv"))
}

func TestNumbersAreGroupedByThousands(t *testing.T) {
	require.Equal(t, []string{"0", "999", "1,000", "-1,234,567"}, []string{Number(0), Number(999), Number(1000), Number(-1234567)})
	require.Equal(t, []string{"12,345", "1.5", "n/a"}, []string{amount("12345"), amount("1.5"), amount("n/a")})
	require.Equal(t, []string{"1 day", "2 hours", "1.5s"}, []string{span(24 * time.Hour), span(2 * time.Hour), span(1500 * time.Millisecond)})
}
