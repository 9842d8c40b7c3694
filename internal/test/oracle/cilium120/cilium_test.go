// SPDX-License-Identifier: Apache-2.0

package cilium120

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	"github.com/cilium/cilium/pkg/hubble/parser/debug"
	"github.com/cilium/cilium/pkg/hubble/parser/getters"
	"github.com/cilium/cilium/pkg/hubble/parser/options"
	"github.com/cilium/cilium/pkg/hubble/parser/sock"
	"github.com/cilium/cilium/pkg/hubble/parser/threefour"
	monitorapi "github.com/cilium/cilium/pkg/monitor/api"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/oracle"
)

var update = flag.Bool("update", false, "rewrite the list of names")

// records is the number of records to compare.
const records = 150_000

// knowledge is what Cilium's parser asks the agent for. Nil knows nothing.
type knowledge struct {
	getters.EndpointGetter
	getters.IdentityGetter
	getters.IPGetter
	getters.ServiceGetter
}

// parser returns Cilium's parser with the agent's knowledge of ends, but without names of DNS, links and control groups.
func parser(t *testing.T, k knowledge) oracle.Parser {
	packets, err := threefour.New(slog.New(slog.DiscardHandler), k.EndpointGetter, k.IdentityGetter, nil, k.IPGetter, k.ServiceGetter, nil)
	require.NoError(t, err)
	messages, err := debug.New(slog.New(slog.DiscardHandler), k.EndpointGetter)
	require.NoError(t, err)
	sockets, err := sock.New(slog.New(slog.DiscardHandler), k.EndpointGetter, k.IdentityGetter, nil, k.IPGetter, k.ServiceGetter, nil,
		options.WithSkipUnknownCGroupIDs(false))
	require.NoError(t, err)
	marshal := protojson.MarshalOptions{UseProtoNames: true}
	return func(record []byte) ([]byte, error) {
		f := &flowpb.Flow{}
		switch {
		case len(record) > 0 && record[0] == byte(monitor.TypeDebug):
			m, err := messages.Decode(record, oracle.CPU)
			if err != nil {
				return nil, err
			}
			return marshal.Marshal(m)
		case len(record) > 0 && record[0] == byte(monitor.TypeTraceSock):
			if err := sockets.Decode(record, f); err != nil {
				return nil, err
			}
		default:
			if err := packets.Decode(record, f); err != nil {
				return nil, err
			}
		}
		return marshal.Marshal(f)
	}
}

func TestFlowsAreHubblesExceptForTheListedDifferences(t *testing.T) {
	oracle.Test(t, oracle.Cilium120, parser(t, knowledge{}), oracle.Knowledge{}, records)
}

// Names and the direction that follows from them are Hubble's, if both know the same cluster.
func TestFlowsWithNamesAreHubblesExceptForTheListedDifferences(t *testing.T) {
	k := agent{}
	oracle.Test(t, oracle.Cilium120, parser(t, knowledge{k, k, k, k}), oracle.Knowledge{Names: k.Names()}, records)
}

// Each of this project's lines is an ExportEvent in protojson, as written by Hubble's exporter, without unknown fields.
func TestTheProjectsLinesAreTheExportersEvents(t *testing.T) {
	var decoder monitor.Decoder
	var n monitor.Notification
	var f flow.Flow
	g := oracle.NewGenerator(1)
	events := 0
	for range 20_000 {
		if decoder.Decode(g.Next(), &n) != nil {
			continue
		}
		f.Decode(&n)
		line := f.AppendHubbleJSON(nil, "node-1", time.Unix(1, 0))
		require.NoError(t, protojson.Unmarshal(line, &observerpb.ExportEvent{}), "%s", line)
		events++
	}
	f.SetLost(flow.LostPerfEventRingBuffer, 7, 0, time.Unix(1, 0), time.Unix(2, 0))
	require.NoError(t, protojson.Unmarshal(f.AppendHubbleJSON(nil, "node-1", time.Unix(1, 0)), &observerpb.ExportEvent{}))
	t.Logf("%d events", events)
}

func TestTheListOfNamesIsCiliums(t *testing.T) {
	var b strings.Builder
	for reason := range 256 {
		if name, ok := flowpb.DropReason_name[int32(reason)]; ok {
			fmt.Fprintf(&b, "drop_reason %d %s\n", reason, name)
		}
	}
	for id := range 256 {
		if name := monitorapi.BPFFileName(uint8(id)); !strings.HasPrefix(name, "unknown") {
			fmt.Fprintf(&b, "file %d %s\n", id, name)
		}
	}
	if *update {
		require.NoError(t, os.WriteFile("../names120.txt", []byte(b.String()), 0o644))
		return
	}
	require.True(t, b.String() == oracle.Names120, "names120.txt differs from Cilium's names: rewrite it with -update")
}
