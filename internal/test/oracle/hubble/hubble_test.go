// SPDX-License-Identifier: Apache-2.0

package hubble

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cilium/cilium/hubble/cmd"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/capture"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/events"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/flow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/cilium/monitor"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/oracle"
)

// asHubble is the variable that makes this test's binary run the hubble command.
const asHubble = "TEST_BINARY_IS_HUBBLE"

func TestMain(m *testing.M) {
	if os.Getenv(asHubble) == "" {
		os.Exit(m.Run())
	}
	if err := cmd.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// observe runs `hubble observe` on a file of JSON lines and returns the lines that it prints, in UTC.
func observe(t *testing.T, file string, args ...string) []string {
	t.Helper()
	c := exec.Command(os.Args[0], append([]string{"observe", "--input-file", file}, args...)...)
	c.Env = append(os.Environ(), asHubble+"=1", "TZ=UTC")
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	require.NoError(t, c.Run(), "%s", &problems)
	require.Empty(t, problems.String())
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// event is an event with this project's output for it.
type event struct {
	flow.Flow
	json, line string
}

func newEvent(f *flow.Flow, at time.Time) event {
	return event{Flow: *f, json: string(f.AppendHubbleJSON(nil, "node-1", at)), line: string(f.AppendLine(nil, at))}
}

// isFlow reports whether `hubble observe` shows the event. Debug messages and agent events belong to other commands.
func (e *event) isFlow() bool { return e.Class == flow.ClassPacket || e.Class == flow.ClassSocket }

// captured returns the events of the capture in the test data.
func captured(t *testing.T) []event {
	t.Helper()
	var all []event
	var n monitor.Notification
	var f flow.Flow
	_, err := capture.Replay(context.Background(), "../../../../testdata/cilium_events.pcapng", func(_ context.Context, head, body []byte) error {
		record, err := events.Parse(slices.Concat(head, body))
		require.NoError(t, err)
		require.NoError(t, monitor.Decoder{}.Decode(record.Data, &n))
		f.Decode(&n)
		all = append(all, newEvent(&f, time.Unix(0, record.Time)))
		return nil
	})
	require.NoError(t, err)
	return all
}

// generated returns the events of generated records. Most have names.
func generated(records int) []event {
	var all []event
	var n monitor.Notification
	var f flow.Flow
	g, at := oracle.NewGenerator(2), time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for range records {
		at = at.Add(3_141_592_653 * time.Nanosecond)
		if (monitor.Decoder{}).Decode(g.Next(), &n) == nil {
			f.Decode(&n)
			if len(all)%4 != 0 {
				f.Resolve(oracle.Cluster{}.Names(), at.UnixNano())
			}
			all = append(all, newEvent(&f, at))
		}
	}
	return all
}

// write writes the flows among the events to a file of JSON lines. It returns its path and this project's lines for
// them.
func write(t *testing.T, all []event) (path string, lines []string) {
	t.Helper()
	var text strings.Builder
	for i := range all {
		if all[i].isFlow() {
			text.WriteString(all[i].json + "\n")
			lines = append(lines, all[i].line)
		}
	}
	path = filepath.Join(t.TempDir(), "flows.json")
	require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o600))
	return path, lines
}

func requireSameLines(t *testing.T, ours, hubbles []string) {
	t.Helper()
	require.Len(t, hubbles, len(ours))
	for i := range ours {
		require.Equal(t, hubbles[i], ours[i])
	}
	t.Logf("%d lines are equal", len(ours))
}

func TestHubblePrintsTheCapturesFlowsEqually(t *testing.T) {
	path, lines := write(t, captured(t))
	require.Greater(t, len(lines), 1000)
	requireSameLines(t, lines, observe(t, path))
}

func TestHubblePrintsGeneratedFlowsEqually(t *testing.T) {
	path, lines := write(t, generated(50_000))
	requireSameLines(t, lines, observe(t, path))
}

func TestHubblePrintsMaskedFlowsEqually(t *testing.T) {
	all := slices.Concat(captured(t), generated(10_000))
	for _, fields := range []string{
		"verdict",
		"time verdict drop_reason_desc event_type",
		"time source.identity destination.identity IP l4 is_reply traffic_direction policy_match_type event_type verdict Summary",
		"IP.source l4.TCP.destination_port l4.UDP l4.SCTP.source_port is_reply event_type.type",
		"ethernet IP.destination event_type.sub_type sock_xlate_point debug_capture_point auth_type ip_trace_id Summary node_name",
		"time ethernet event_type l4.ICMPv4.type tunnel.IP.source",
		"IP l4 source destination source_service destination_service is_reply",
		"IP l4 source.pod_name destination.namespace source_service.name destination_service.namespace",
		"IP source.namespace destination.pod_name source.identity destination_service.name",
		"IP.source source destination source_service.namespace destination_service",
		"source destination source_service destination_service ethernet",
	} {
		m, err := flow.NewMask(strings.Fields(fields))
		require.NoError(t, err)
		at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
		masked := slices.Clone(all)
		for i := range masked {
			masked[i].json = string(m.AppendHubbleJSON(nil, &all[i].Flow, "node-1", at))
			masked[i].line = string(m.AppendLine(nil, &all[i].Flow, at))
		}
		path, lines := write(t, masked)
		requireSameLines(t, lines, observe(t, path))
	}
}

func TestHubblesFiltersWorkOnTheProjectsLines(t *testing.T) {
	all := slices.Concat(captured(t), generated(20_000))
	path, _ := write(t, all)
	for _, filter := range []struct {
		args string
		want func(*event) bool
	}{
		{"--verdict DROPPED", func(e *event) bool { return e.Verdict == flow.VerdictDropped }},
		{"--verdict REDIRECTED --verdict AUDIT", func(e *event) bool { return e.Verdict == flow.VerdictRedirected || e.Verdict == flow.VerdictAudit }},
		{"--protocol tcp", func(e *event) bool { return e.L4.Protocol == flow.L4TCP }},
		{"--protocol icmpv6", func(e *event) bool { return e.L4.Protocol == flow.L4ICMPv6 }},
		{"--type drop", func(e *event) bool { return e.Type == monitor.TypeDrop }},
		{"--type trace:to-stack", func(e *event) bool { return e.Type == monitor.TypeTrace && e.SubType == monitor.TraceToStack }},
		{"--to-port 443", func(e *event) bool { return e.L4.Protocol.HasPorts() && e.L4.DestinationPort == 443 }},
		{"--from-ip 10.0.0.0/24", func(e *event) bool {
			a := e.IP.Source
			return a.Is4() && a.As4()[0] == 10 && a.As4()[1] == 0 && a.As4()[2] == 0
		}},
		{"--identity 1001", func(e *event) bool { return e.SourceIdentity == 1001 || e.DestinationIdentity == 1001 }},
		{"--traffic-direction egress", func(e *event) bool { return e.Direction == flow.DirectionEgress }},
		{"--drop-reason-desc POLICY_DENIED", func(e *event) bool { return e.DropReason == 133 }},
		{"--tcp-flags SYN", func(e *event) bool { return e.L4.Protocol == flow.L4TCP && e.L4.Flags&flow.TCPSyn != 0 }},
		{"--pod shop/cart-1", func(e *event) bool {
			return isPod(e.Source, "shop", "cart-1") || isPod(e.Destination, "shop", "cart-1")
		}},
		{"--from-pod data/", func(e *event) bool { return isPod(e.Source, "data", "") }},
		{"--to-namespace shop", func(e *event) bool { return isPod(e.Destination, "shop", "") }},
		{"--to-service data/db", func(e *event) bool { return e.DestinationService != nil && e.DestinationService.Name == "db" }},
		{"--from-workload StatefulSet/cart", func(e *event) bool {
			return e.Source != nil && len(e.Source.Workloads) > 0 && e.Source.Workloads[0].Name == "cart"
		}},
		{"--from-label app=db", func(e *event) bool { return e.Source != nil && slices.Contains(e.Source.Labels, "k8s:app=db") }},
		{"--ipv6", func(e *event) bool { return e.IP.Version == 6 }},
	} {
		t.Run(filter.args, func(t *testing.T) {
			var want []string
			for i := range all {
				if all[i].isFlow() && filter.want(&all[i]) {
					want = append(want, all[i].line)
				}
			}
			require.NotEmpty(t, want)
			requireSameLines(t, want, observe(t, path, strings.Fields(filter.args)...))
		})
	}
}

// isPod reports whether an end is a pod of the namespace whose name begins with the prefix.
func isPod(e *flow.Endpoint, namespace, prefix string) bool {
	return e != nil && e.Namespace == namespace && strings.HasPrefix(e.PodName, prefix)
}

// Events that are not flows do not prevent hubble from reading the flows of the same file.
func TestHubbleReadsAFileOfAllEvents(t *testing.T) {
	all := captured(t)
	var text strings.Builder
	var flows []string
	for i := range all {
		text.WriteString(all[i].json + "\n")
		if all[i].isFlow() && all[i].Verdict == flow.VerdictDropped {
			flows = append(flows, all[i].line)
		}
	}
	path := filepath.Join(t.TempDir(), "events.json")
	require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o600))
	c := exec.Command(os.Args[0], "observe", "--input-file", path, "--verdict", "DROPPED")
	c.Env = append(os.Environ(), asHubble+"=1", "TZ=UTC")
	out, err := c.Output()
	require.NoError(t, err)
	requireSameLines(t, flows, strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"))
}
