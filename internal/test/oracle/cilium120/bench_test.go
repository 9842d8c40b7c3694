// SPDX-License-Identifier: Apache-2.0

package cilium120

import (
	"log/slog"
	"testing"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"github.com/cilium/cilium/pkg/hubble/parser/threefour"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/bench"
)

// BenchmarkCiliumRecord compares this project's way from a raw trace to its log record with Cilium's way from the same
// bytes to a flow, which is not yet a record.
func BenchmarkCiliumRecord(b *testing.B) {
	ours := bench.NewCiliumPath()
	b.Run("threefour", func(b *testing.B) {
		parser, err := threefour.New(slog.Default(), nil, nil, nil, nil, nil, nil)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			if err := parser.Decode(ours.Raw, &flowpb.Flow{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		bench.Run(ours, b.N)
	})
}
