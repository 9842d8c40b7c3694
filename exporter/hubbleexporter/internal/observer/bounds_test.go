// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/otelcol-winnet/otelcol-winnet/exporter/hubbleexporter/internal/convert"
)

// asked returns what a request with one filter gets.
func asked(t *testing.T, s *Server, f *flowpb.FlowFilter) ([]int, error) {
	t.Helper()
	client := &stream{ctx: t.Context()}
	err := s.GetFlows(&observerpb.GetFlowsRequest{Whitelist: []*flowpb.FlowFilter{f}}, client)
	return client.ports(), err
}

func expression(texts ...string) *flowpb.FlowFilter {
	return &flowpb.FlowFilter{Experimental: &flowpb.FlowFilter_Experimental{CelExpression: texts}}
}

func TestARequestOfTooManyValuesIsRefusedBeforeItIsRead(t *testing.T) {
	check := func(req *observerpb.GetFlowsRequest) error {
		raw, err := proto.Marshal(req)
		require.NoError(t, err)
		return CheckValues(raw, req.ProtoReflect().Descriptor())
	}
	filters := slices.Repeat([]*flowpb.FlowFilter{{}}, maxValues)
	require.NoError(t, check(&observerpb.GetFlowsRequest{Whitelist: filters}))
	require.ErrorContains(t, check(&observerpb.GetFlowsRequest{Whitelist: filters, Number: 1}), "more than 4096 values")
	require.ErrorContains(t, check(&observerpb.GetFlowsRequest{Blacklist: []*flowpb.FlowFilter{{TcpFlags: slices.Repeat([]*flowpb.TCPFlags{{}}, maxValues)}}}), "values")
	require.NoError(t, CheckValues([]byte("no protobuf"), (&observerpb.GetFlowsRequest{}).ProtoReflect().Descriptor()), "reading says so")
}

func TestPatternsThatBecomeTooLargeAreRefused(t *testing.T) {
	s, _ := newServer(t, 15, 1)
	for name, f := range map[string]*flowpb.FlowFilter{
		"one":            {DnsQuery: []string{"(" + strings.Repeat("x", 100) + "){1000}"}},
		"in loops":       {HttpPath: []string{"((x{10}){10}){10,}"}, HttpUrl: slices.Repeat([]string{"x{1000}"}, 70)},
		"classes":        {DnsQuery: []string{strings.Repeat(`\pL`, 100)}},
		"names":          {NodeName: []string{strings.Repeat("*", maxText+1)}},
		"selector":       {SourceLabel: []string{"a in (" + strings.Repeat("b,", maxText/2) + "b)"}},
		"CEL":            expression(`_flow.Summary.matches("(` + strings.Repeat("x", 100) + `){1000}")`),
		"classes of one": {DnsQuery: []string{strings.Repeat(`\pL`, maxPattern)}},
		"CEL together":   expression(`_flow.uuid.matches("x{1000}") || _flow.uuid.matches("y{1000}")`),
		"a class in CEL": expression(`_flow.uuid.matches(r"` + strings.Repeat(`\pL`, maxPattern) + `")`),
		"expressions":    expression(slices.Repeat([]string{"true"}, maxExpressions+1)...),
		"texts":          expression(`"` + strings.Repeat("x", maxText) + `" == ""`),
	} {
		_, err := asked(t, s, f)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%s: %v", name, err)
		require.Regexp(t, "want at most [0-9]+$", err.Error(), name)
	}
	for _, f := range []*flowpb.FlowFilter{
		{DnsQuery: []string{`.*\.contoso\.com`}, HttpPath: []string{"/api/v[0-9]{1,3}/.*"}}, {NodeName: []string{"*"}}, {SourceLabel: []string{"app in (cart, shop)"}},
	} {
		_, err := asked(t, s, f)
		require.NoError(t, err)
	}
}

func TestAnExpressionDecidesAsHubbles(t *testing.T) {
	s, _ := newServer(t, 15, 3)
	for text, want := range map[string][]int{
		`_flow.verdict == Verdict.FORWARDED && _flow.l4.TCP.destination_port > uint(0)`:  {1, 2},
		`_flow.node_name.startsWith("node-") && !_flow.source.labels.exists(l, l == "")`: {0, 1, 2},
		`_flow.node_name.matches("^node-[0-9]$")`:                                        {0, 1, 2},
		`_flow.l4.TCP.destination_port in [uint(2)]`:                                     {2},
		`{"a": 1}[_flow.node_name] == 1`:                                                 nil, // it fails
		`_flow.source.workloads.all(w, w.kind == "Pod")`:                                 {0, 1, 2},
	} {
		ports, err := asked(t, s, expression(text))
		require.NoError(t, err, text)
		require.Equal(t, want, ports, text)
	}
	ports, err := asked(t, s, expression(`_flow.l4.TCP.destination_port == uint(0)`, `_flow.l4.TCP.destination_port == uint(2)`))
	require.NoError(t, err)
	require.Equal(t, []int{0, 2}, ports)
	ports, err = asked(t, s, expression(`{"a": 1}[_flow.node_name] == 1`, `true`))
	require.NoError(t, err)
	require.Empty(t, ports, "Hubble's filter ends at the first expression that fails")
}

func TestAnExpressionWithoutABoundIsRefused(t *testing.T) {
	s, _ := newServer(t, 15, 3)
	for text, why := range map[string]string{
		`[[1]].map(x, x + x).map(x, x + x).exists(x, size(x) == 1)`: "list(list(int))",
		`[[1]].map(x, [x, x]).map(x, [x, x]).exists(x, x == x)`:     "list(list(",
		`[1, "a"].exists(x, x == x)`:                                "list(dyn)",
		`dyn(1) == dyn(1)`:                                          "dyn",
		`size([1] + [1]) == 2`:                                      "join lists",
		`{"a": {"b": 1}} == {"a": {"b": 1}}`:                        "map(string, map(",
		`google.protobuf.Int32Value{value: 1} == 1`:                 "make a message",
		`_flow.Summary.matches(_flow.node_name)`:                    "in quotes",
		`matches(_flow.Summary, _flow.node_name)`:                   "in quotes",
		`_flow.source == Endpoint{identity: uint(1)}`:               "make a message",
	} {
		_, err := asked(t, s, expression(text))
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%s: %v", text, err)
		require.ErrorContains(t, err, why, text)
	}
	for text, why := range map[string]string{`nonsense(`: "error compiling CEL expression: ERROR: <input>:1:10: Syntax error", `_flow.uuid`: `got "string", wanted "bool" result type`} {
		_, err := asked(t, s, expression(text))
		require.ErrorContains(t, err, why, text)
	}
}

func TestAnExpressionThatCostsTooMuchEndsItsStream(t *testing.T) {
	s, _ := newServer(t, 15, 3)
	loops := "true"
	for range 9 {
		loops = "[1,2,3,4,5,6,7,8,9,10].all(x, " + loops + ")"
	}
	doubled := `size(x) > 0`
	for range 30 {
		doubled = `[x + x].exists(x, ` + doubled + `)`
	}
	matches := `[` + strings.Repeat("1,", 100) + `1].exists(x, _flow.uuid.matches("x{1000}"))`
	for _, text := range []string{loops, matches, `["text"].exists(x, ` + doubled + `)`} {
		for _, req := range []*observerpb.GetFlowsRequest{
			{Whitelist: []*flowpb.FlowFilter{expression(text)}}, {Blacklist: []*flowpb.FlowFilter{expression(text)}},
			{Whitelist: []*flowpb.FlowFilter{expression(text)}, Number: 1}, {Whitelist: []*flowpb.FlowFilter{expression(text)}, Follow: true},
		} {
			client := &stream{ctx: t.Context()}
			err := s.GetFlows(req, client)
			require.Equal(t, codes.ResourceExhausted, status.Code(err), "%v", err)
			require.Empty(t, client.answers, "what the filter said is not known")
		}
	}
}

func TestAStreamThatEndsReadsNoFurther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(t, 63, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		looked := 0
		match := func(*convert.Event) bool {
			looked++
			time.Sleep(time.Second)
			return true
		}
		for i := range 63 {
			s.Write([]*convert.Event{flow(i)}, 1)
		}
		err := s.stream(ctx, &observerpb.GetFlowsRequest{Number: 50}, match, &sender{event: func(*convert.Event) (bool, error) { return true, nil }})
		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
		require.Equal(t, 1, looked)
	})
}

func TestAFieldInsideAFilterThatIsNotKnownIsRefused(t *testing.T) {
	s, _ := newServer(t, 15, 1)
	unknown := protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1)
	inside := expression("true")
	inside.Experimental.ProtoReflect().SetUnknown(unknown)
	listed := &flowpb.FlowFilter{TcpFlags: []*flowpb.TCPFlags{{SYN: true}, {}}}
	listed.TcpFlags[1].ProtoReflect().SetUnknown(unknown)
	for name, f := range map[string]*flowpb.FlowFilter{"FlowFilter.Experimental": inside, "TCPFlags": listed} {
		_, err := asked(t, s, f)
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		require.ErrorContains(t, err, name)
	}
}
