// SPDX-License-Identifier: Apache-2.0

package cilium118

import (
	"log/slog"
	"testing"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"github.com/cilium/cilium/pkg/hubble/parser/debug"
	"github.com/cilium/cilium/pkg/hubble/parser/getters"
	"github.com/cilium/cilium/pkg/hubble/parser/options"
	"github.com/cilium/cilium/pkg/hubble/parser/sock"
	"github.com/cilium/cilium/pkg/hubble/parser/threefour"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/oracle"
)

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
	oracle.Test(t, oracle.Cilium118, parser(t, knowledge{}), oracle.Knowledge{}, records)
}

// Names and the direction that follows from them are Hubble's, if both know the same cluster.
func TestFlowsWithNamesAreHubblesExceptForTheListedDifferences(t *testing.T) {
	k := agent{}
	oracle.Test(t, oracle.Cilium118, parser(t, knowledge{k, k, k, k}), oracle.Knowledge{Names: k.Names()}, records)
}
