// SPDX-License-Identifier: Apache-2.0

package cilium120

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	"github.com/cilium/cilium/pkg/hubble/exporter"
	"github.com/cilium/cilium/pkg/hubble/parser/threefour"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otelcol-winnet/otelcol-winnet/internal/asim/networklog"
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

// exported returns a function that makes Hubble's line of a raw trace, as Cilium does: Cilium's parser makes a flow, and the encoder of
// Hubble's exporter writes it to out.
func exported(tb testing.TB, out *bytes.Buffer) func(raw []byte) {
	parser, err := threefour.New(slog.Default(), nil, nil, nil, nil, nil, nil)
	require.NoError(tb, err)
	encoder, err := exporter.JsonEncoder(out)
	require.NoError(tb, err)
	return func(raw []byte) {
		f := &flowpb.Flow{Time: timestamppb.New(lineTime), NodeName: lineNode}
		if err := parser.Decode(raw, f); err != nil {
			tb.Fatal(err)
		}
		err := encoder.Encode(&observerpb.ExportEvent{Time: f.Time, NodeName: f.NodeName, ResponseTypes: &observerpb.ExportEvent_Flow{Flow: f}})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// The time and the node of the lines are this project's.
var lineTime = time.Date(2026, 3, 4, 5, 6, 7, 894_000_100, time.UTC)

const lineNode = "node-1"

func TestTheMeasuredLinesHoldTheSameEvent(t *testing.T) {
	path, out := bench.NewCiliumPath(), &bytes.Buffer{}
	exported(t, out)(path.Raw)
	var theirs, ours observerpb.ExportEvent
	require.NoError(t, protojson.Unmarshal(out.Bytes(), &theirs))
	require.NoError(t, protojson.Unmarshal(path.AppendHubbleJSON(nil), &ours))
	ours.GetFlow().TrafficDirection = theirs.GetFlow().GetTrafficDirection() // Cilium needs to know its endpoints for it
	require.True(t, proto.Equal(&theirs, &ours), "theirs: %v\nours: %v", &theirs, &ours)
}

// BenchmarkCiliumLine compares this project's way from a raw trace to Hubble's JSON line, without a log record (line) and with one around
// it (record), with Cilium's way (exporter).
func BenchmarkCiliumLine(b *testing.B) {
	path := bench.NewCiliumPathWith(networklog.BodyHubbleJSON)
	b.Run("exporter", func(b *testing.B) {
		var out bytes.Buffer
		export := exported(b, &out)
		b.ReportAllocs()
		for b.Loop() {
			out.Reset()
			export(path.Raw)
		}
	})
	b.Run("line", func(b *testing.B) {
		var line []byte
		b.ReportAllocs()
		for b.Loop() {
			line = path.AppendHubbleJSON(line[:0])
		}
	})
	b.Run("record", func(b *testing.B) {
		b.ReportAllocs()
		bench.Run(path, b.N)
	})
}
