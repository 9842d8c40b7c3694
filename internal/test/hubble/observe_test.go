// SPDX-License-Identifier: Apache-2.0

package hubble

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	"github.com/cilium/cilium/pkg/hubble/container"
	"github.com/stretchr/testify/require"
)

// likeFiles are flags with which hubble observe prints the same of the server as of a file with the bodies of the records.
var likeFiles = []string{
	"--all",
	"--first 1",
	"--first 25",
	"--last 1",
	"--last 100",
	"--last 100000",
	"--all -o json",
	"--all -o jsonpb",
	"--all -o dict",
	"--all -o tab",
	"--all -o compact --print-node-name --time-format RFC3339Nano",
	"--all --verdict DROPPED",
	"--last 20 --verdict DROPPED --verdict AUDIT",
	"--first 20 --not --verdict FORWARDED",
	"--all --protocol tcp --port 443",
	"--all --protocol icmpv4 --protocol icmpv6",
	"--all --protocol sctp -o json",
	"--all --protocol vrrp -o json",
	"--all --protocol igmp -o json",
	"--all --from-ip 10.244.0.0/16 --to-port 53",
	"--all --ip 10.244.1.12 --not --type trace",
	"--last 50 --type drop",
	"--all --type trace:to-endpoint --traffic-direction ingress",
	"--all --type policy-verdict -o dict",
	"--first 10 --identity 20417",
	"--all --to-identity 2",
	"--all --drop-reason-desc POLICY_DENIED -o json",
	"--all --tcp-flags SYN",
	"--all --tcp-flags SYN,ACK --tcp-flags RST",
	"--all --ipv6",
	"--all --node-name node-1 --last 0",
	"--all --reply --numeric",
	"--all --cel-expression _flow.verdict==Verdict.DROPPED",
	"--all --ip-trace-id 7340032",
	"--all --encrypted",
}

func TestObserveOfTheServerIsThatOfTheBodies(t *testing.T) {
	file, flows := bodies(t)
	c := start(t, fmt.Sprintf("body: hubble_json, node_name: node-1, replay: {path: %q}", capture(t)), "node_name: node-1")
	c.await(flows)
	printed := 0
	for _, flags := range likeFiles {
		t.Run(flags, func(t *testing.T) {
			args := append([]string{"observe"}, strings.Fields(flags)...)
			want, wantErr := hubble(t, append(args, "--input-file", file)...)
			got, err := hubble(t, append(args, "--server", c.address)...)
			if wantErr != nil {
				require.Error(t, err)
				require.Fail(t, "not a command", wantErr)
			}
			require.NoError(t, err)
			requireSame(t, strings.Split(want, "\n"), strings.Split(got, "\n"))
			if strings.Count(want, "\n") > 0 {
				printed++
			}
		})
	}
	require.GreaterOrEqual(t, printed, 30, "too few commands print something")
}

// likeCiliums are flags with which hubble observe prints the same of Cilium's own server.
var likeCiliums = append([]string{
	"",
	"--since 2026-03-04T05:06:20Z",
	"--since 2026-03-04T05:06:20Z --until 2026-03-04T05:06:40Z",
	"--until 2026-03-04T05:06:30Z",
	"--since 2026-03-04T05:06:20Z --first 5",
	"--since 2026-03-04T05:06:20Z --last 5 --verdict DROPPED",
	"--since 2040-01-01T00:00:00Z",
	"--all --field-mask verdict,IP.source,source.identity -o json",
	"--last 30 --field-mask time,l4.TCP.destination_port,is_reply -o json --protocol tcp",
	"--last 30 --field-mask ip_trace_id,tunnel,file -o json",
	"--last 5 --use-default-field-masks=false",
	"--all --verdict DROPPED --verdict FORWARDED --port 53 --not --protocol tcp",
	"--all --allowlist {\"source_ip\":[\"10.244.1.12\"]} --denylist {\"verdict\":[\"FORWARDED\"]}",
}, append(refused, likeFiles...)...)

// refused are flags that the command or the server refuses.
var refused = []string{"--first 5 --follow", "--all --cel-expression nonsense("}

func TestObserveIsThatOfCiliumsOwnServer(t *testing.T) {
	c := start(t, fmt.Sprintf("body: hubble_json, node_name: node-1, replay: {path: %q}", capture(t)), "node_name: node-1")
	_, flows := bodies(t)
	c.await(flows)
	theirs := ciliums(t, c.flows(), container.Capacity4095)
	for _, flags := range likeCiliums {
		t.Run(flags, func(t *testing.T) {
			args := append([]string{"observe"}, strings.Fields(flags)...)
			want, wantErr := hubble(t, append(args, "--server", theirs)...)
			got, err := hubble(t, append(args, "--server", c.address)...)
			if slices.Contains(refused, flags) {
				require.Error(t, wantErr)
				require.EqualError(t, err, wantErr.Error())
			} else {
				require.NoError(t, wantErr)
				require.NoError(t, err)
			}
			requireSame(t, strings.Split(want, "\n"), strings.Split(got, "\n"))
		})
	}
}

func TestTheDocumentHasTheNumbersOfCombinations(t *testing.T) {
	document, err := os.ReadFile(root + "/docs/verification.md")
	require.NoError(t, err)
	require.Contains(t, string(document), fmt.Sprintf("with %d combinations of flags prints of the built collector what it prints of the bodies of `hubble_json`, "+
		"with %d, of which both refuse %d, what it prints of Cilium's own server", len(likeFiles), len(likeCiliums), len(refused)))
}

// byName are flags that filter by the names of the capture's flows.
var byName = []string{
	"--all",
	"--all -o json",
	"--all -o dict",
	"--last 20 --pod shop/frontend",
	"--all --from-pod shop/frontend-7d9f8c6b5-x2x4k",
	"--all --to-pod kube-system/coredns",
	"--all --pod shop/frontend --pod kube-system/",
	"--last 10 --namespace shop",
	"--all --from-namespace shop --to-namespace kube-system",
	"--first 10 --not --namespace kube-system",
	"--all --to-label app=backend",
	"--all --from-label k8s:app=frontend --verdict DROPPED",
	"--last 5 --label app",
	"--all --label reserved:world",
	"--all --workload Deployment/frontend",
	"--all --to-workload frontend",
	"--all --to-service kube-system/kube-dns",
	"--all --from-identity 20417 -o jsonpb",
	"--all --pod shop/frontend --field-mask source.pod_name,source.labels,destination.namespace -o json",
	"--all --cel-expression _flow.source.namespace=='shop'",
}

// noName are flags that filter by names that no flow has.
var noName = []string{"--all --pod nowhere/none", "--all --to-label app=x", "--all --pod default/frontend", "--all --service shop/kube-dns"}

func TestObserveByNamesIsThatOfCiliumsOwnServer(t *testing.T) {
	_, flows := bodies(t)
	for _, body := range []string{"none", "hubble_json"} {
		c := startNamed(t, fmt.Sprintf("body: %s, node_name: win-node-1, replay: {path: %q}", body, capture(t)), "node_name: win-node-1")
		c.await(flows)
		theirs := ciliums(t, c.flows(), container.Capacity4095)
		for _, flags := range append(slices.Clone(byName), noName...) {
			t.Run(body+" "+flags, func(t *testing.T) {
				args := append([]string{"observe"}, strings.Fields(flags)...)
				want := lines(t, append(args, "--server", theirs)...)
				if slices.Contains(noName, flags) {
					require.Empty(t, want)
				} else {
					require.GreaterOrEqual(t, len(want), 3)
				}
				requireSame(t, want, lines(t, append(args, "--server", c.address)...))
			})
		}
	}
}

// A ring that is smaller than the capture: the flows are the last ones.
func TestASmallRingHasTheLastFlows(t *testing.T) {
	_, flows := bodies(t)
	c := start(t, fmt.Sprintf("body: hubble_json, node_name: node-1, replay: {path: %q}", capture(t)), "node_name: node-1, max_flows: 255")
	c.await(flows)
	all := lines(t, "observe", "--all", "--server", c.address)
	require.Len(t, all, 255)
	// Cilium's ring has one place that is not read, and here an event behind the flows.
	theirs := ciliums(t, c.flows(), container.Capacity255)
	requireSame(t, lines(t, "observe", "--last", "100", "--server", theirs), lines(t, "observe", "--last", "100", "--server", c.address))
	require.Contains(t, strings.Join(lines(t, "status", "--server", c.address), "\n"), "Current/Max Flows: 255/255 (100.00%)")
}

// follower is a running hubble observe --follow.
type follower struct {
	*testing.T
	scanner *bufio.Scanner
}

// startFollower starts a follower of a server, with more flags. Its request has come when it returns.
func startFollower(t *testing.T, address string, flags ...string) *follower {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	c := command(ctx, "hubble", append([]string{"observe", "--follow", "--debug", "--server", address}, flags...)...)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	log := &buffer{}
	c.Stderr = log
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		cancel()
		_ = c.Wait()
	})
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "Sending GetFlows request") }, time.Minute, 20*time.Millisecond)
	time.Sleep(500 * time.Millisecond) // the request is on its way, and nobody says when it has come
	return &follower{t, bufio.NewScanner(out)}
}

// next waits for lines.
func (f *follower) next(n int) (got []string) {
	f.Helper()
	for len(got) < n && f.scanner.Scan() {
		got = append(got, uuids.ReplaceAllString(f.scanner.Text(), ""))
	}
	require.Len(f, got, n)
	return got
}

// arrive puts the capture into a folder under a name, as a whole.
func arrive(t *testing.T, folder, name string) {
	t.Helper()
	raw, err := os.ReadFile(capture(t))
	require.NoError(t, err)
	part := filepath.Join(folder, name+".part")
	require.NoError(t, os.WriteFile(part, raw, 0o600))
	require.NoError(t, os.Rename(part, filepath.Join(folder, name+".pcapng")))
}

func TestAFollowerGetsEveryFlow(t *testing.T) {
	_, flows := bodies(t)
	folder := t.TempDir()
	c := start(t, fmt.Sprintf("node_name: node-1, replay: {path: %q, follow: true}", filepath.Join(folder, "*.pcapng")), "node_name: node-1")
	f := startFollower(t, c.address)
	arrive(t, folder, "capture")
	got := f.next(flows)
	requireSame(t, lines(t, "observe", "--all", "--server", c.address), got)
}

// A follower may begin with flows that are there, and filter.
func TestAFollowerGetsWhatCiliumsOwnServerSends(t *testing.T) {
	_, flows := bodies(t)
	folder := t.TempDir()
	c := start(t, fmt.Sprintf("body: hubble_json, node_name: node-1, replay: {path: %q, follow: true}", filepath.Join(folder, "*.pcapng")), "node_name: node-1, max_flows: 16383")
	arrive(t, folder, "first")
	c.await(flows)
	theirs := startCiliums(t, container.Capacity16383)
	theirs.take(c.flows())
	theirs.show()
	since := time.Date(2026, 3, 4, 5, 6, 40, 0, time.UTC)
	after := func(f *flowpb.Flow) bool { return !f.Time.AsTime().Before(since) }
	dropped := func(f *flowpb.Flow) bool { return f.Verdict == flowpb.Verdict_DROPPED }
	last := dropped(c.flows()[flows-1])
	for _, test := range []struct {
		flags  string
		passes func(*flowpb.Flow) bool
		begin  int
	}{
		{"--last 5", func(*flowpb.Flow) bool { return true }, 5},
		{"--since " + since.Format(time.RFC3339), after, count(c.flows(), after)},
		{"--verdict DROPPED", dropped, map[bool]int{true: 1}[last]},
		{"--last 3 --verdict DROPPED -o json", dropped, 3},
	} {
		t.Run(test.flags, func(t *testing.T) {
			had := len(c.flows())
			flags := strings.Fields(test.flags)
			want, got := startFollower(t, theirs.address, flags...), startFollower(t, c.address, flags...)
			requireSame(t, want.next(test.begin), got.next(test.begin))
			arrive(t, folder, fmt.Sprint("after ", had))
			c.await(had + flows)
			more := c.flows()[had:]
			theirs.take(more)
			theirs.show()
			n := count(more, test.passes)
			require.Positive(t, n)
			requireSame(t, want.next(n), got.next(n))
		})
	}
}

// count is how many flows pass.
func count(flows []*flowpb.Flow, passes func(*flowpb.Flow) bool) (n int) {
	for _, f := range flows {
		if passes(f) {
			n++
		}
	}
	return n
}

// The records of every body, and the slim ones, print as the full ones do, except for what the README says that they lack.
func TestRecordsWithoutJSONPrintTheSameLines(t *testing.T) {
	_, flows := bodies(t)
	full := start(t, fmt.Sprintf("body: hubble_json, node_name: node-1, replay: {path: %q}", capture(t)), "node_name: node-1")
	full.await(flows)
	want := lines(t, "observe", "--all", "--protocol", "tcp", "--protocol", "udp", "--server", full.address)
	for _, keys := range []string{"body: summary", "body: none", "body: none, attributes: slim"} {
		c := start(t, fmt.Sprintf("%s, node_name: node-1, replay: {path: %q}", keys, capture(t)), "node_name: node-1")
		c.await(flows)
		got := lines(t, "observe", "--all", "--protocol", "tcp", "--protocol", "udp", "--server", c.address)
		if keys != "body: summary" {
			lacking := strings.NewReplacer(", ECE", "", ", CWR", "", ", NS", "")
			for i := range want {
				want[i] = lacking.Replace(want[i])
			}
		}
		requireSame(t, want, got)
	}
}
