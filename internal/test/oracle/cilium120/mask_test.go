// SPDX-License-Identifier: Apache-2.0

package cilium120

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	v1 "github.com/cilium/cilium/pkg/hubble/api/v1"
	"github.com/cilium/cilium/pkg/hubble/exporter"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/oracle"
)

// paths lists every path that Hubble's field mask accepts. inside has the paths below those that this project's mask
// accepts as a whole only: times and wrapped values.
func paths() (all, inside []string) {
	var walk func(prefix string, m protoreflect.MessageDescriptor, whole bool)
	walk = func(prefix string, m protoreflect.MessageDescriptor, whole bool) {
		for i := range m.Fields().Len() {
			f := m.Fields().Get(i)
			path := prefix + string(f.Name())
			if whole {
				inside = append(inside, path)
			} else {
				all = append(all, path)
			}
			if inner := f.Message(); inner != nil && !f.IsList() && !f.IsMap() {
				walk(path+".", inner, whole || strings.HasPrefix(string(inner.FullName()), "google.protobuf."))
			}
		}
	}
	walk("", (&flowpb.Flow{}).ProtoReflect().Descriptor(), false)
	return all, inside
}

func TestAMaskAcceptsEveryFieldOfHubblesFlow(t *testing.T) {
	all, inside := paths()
	require.Greater(t, len(all), 150)
	for _, path := range all {
		_, err := flow.NewMask([]string{path})
		require.NoError(t, err, path)
		_, err = flow.NewMask([]string{path + ".x"})
		require.Error(t, err, path)
	}
	for _, path := range inside {
		_, err := flow.NewMask([]string{path})
		require.ErrorContains(t, err, "is taken whole", path)
	}
	for _, path := range []string{"x", "source.x", "l4.x", "l4.TCP.x", "tunnel.IP.x", "l4.tcp"} {
		_, err := flow.NewMask([]string{path})
		require.Error(t, err, path)
		_, err = fieldmaskpb.New(&flowpb.Flow{}, path)
		require.Error(t, err, path)
	}
}

// buffer receives what an exporter writes.
type buffer struct{ bytes.Buffer }

func (*buffer) Close() error { return nil }

// export returns the event that Hubble's exporter writes with a mask.
func export(t *testing.T, mask []string, event *v1.Event) *observerpb.ExportEvent {
	t.Helper()
	var out buffer
	e, err := exporter.NewExporter(slog.New(slog.DiscardHandler), exporter.WithFieldMask(mask),
		exporter.WithNewWriterFunc(func() (io.WriteCloser, error) { return &out, nil }))
	require.NoError(t, err)
	require.NoError(t, e.Export(context.Background(), event))
	require.NoError(t, e.Stop())
	var line observerpb.ExportEvent
	require.NoError(t, protojson.Unmarshal(out.Bytes(), &line), "%s", &out)
	return &line
}

// withoutStrangers removes a protocol that is not the packet's: an exporter creates one for each protocol that has a
// field in its mask.
func withoutStrangers(masked, whole *flowpb.Layer4) bool {
	if masked.GetProtocol() == nil || whole != nil && whole.ProtoReflect().WhichOneof(l4) == masked.ProtoReflect().WhichOneof(l4) {
		return false
	}
	masked.Protocol = nil
	return true
}

var l4 = (&flowpb.Layer4{}).ProtoReflect().Descriptor().Oneofs().ByName("protocol")

// Each exporter gets one event, because it does not clear the protocol of the previous one.
func TestMaskedLinesAreTheExporters(t *testing.T) {
	all, _ := paths()
	r := rand.New(rand.NewPCG(1, 2))
	g := oracle.NewGenerator(4)
	var n monitor.Notification
	var f flow.Flow
	at := time.Date(2026, 3, 4, 5, 6, 7, 123e6, time.UTC)
	var lines, strangers int
	for lines < 20_000 {
		if (monitor.Decoder{}).Decode(g.Next(), &n) != nil {
			continue
		}
		f.Decode(&n)
		if lines%2 == 0 {
			f.Resolve(oracle.Cluster{}.Names(), 0)
		}
		var whole observerpb.ExportEvent
		require.NoError(t, protojson.Unmarshal(f.AppendHubbleJSON(nil, "node-1", at), &whole))
		if whole.GetFlow() == nil {
			continue
		}
		var mask []string
		for range 1 + r.IntN(8) {
			mask = append(mask, all[r.IntN(len(all))])
		}
		if r.IntN(3) == 0 {
			mask = slices.Concat(mask, strings.Fields("time source.identity IP l4.TCP.destination_port l4.UDP.destination_port l4.ICMPv4.type source.pod_name destination.labels"))
		}
		m, err := flow.NewMask(mask)
		require.NoError(t, err)
		var ours observerpb.ExportEvent
		line := m.AppendHubbleJSON(nil, &f, "node-1", at)
		require.NoError(t, protojson.Unmarshal(line, &ours), "%s", line)
		theirs := export(t, mask, &v1.Event{Event: whole.GetFlow()})
		if withoutStrangers(theirs.GetFlow().GetL4(), whole.GetFlow().GetL4()) {
			strangers++
		}
		withoutStrangers(theirs.GetFlow().GetTunnel().GetL4(), whole.GetFlow().GetTunnel().GetL4())
		if record := theirs.GetFlow().GetL7(); record != nil {
			record.Record = nil // this project's flows do not have them
		}
		if !proto.Equal(theirs, &ours) {
			t.Fatalf("%v\nwhole  %s\nours   %s\ntheirs %s", mask, &whole, &ours, theirs)
		}
		lines++
	}
	require.Positive(t, strangers)
	t.Logf("%d lines with as many masks are equal; in %d Hubble has a protocol that is not the packet's", lines, strangers)
}
