// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// modes are the values of the key `volume`.
var modes = []string{"full", "balanced", "lean"}

// keys are the columns that say what was found, by question. The scenario names its planted events by them.
var keys = map[string][]string{
	"beaconing": {"Client", "Name"}, "tunnelling": {"Client", "Domain"}, "nxdomain-burst": {"Client"}, "generated-names": {"Client"}, "new-domains": {"Domain"},
	"new-clients": {"Client"}, "txt-abuse": {"Client", "Domain"}, "odd-resolvers": {"Asker", "Resolver"}, "zone-transfers": {"Client", "Zone"},
	"strange-updates": {"Client"}, "server-changes": {"User", "Object"}, "dns-over-https": {"Client", "Resolver"}, "denied-traffic": {"Source", "Target", "Port"},
	"lateral-movement": {"Source"}, "scans": {"Source", "Kind", "Subject"}, "first-contact": {"Target"}, "exfiltration": {"Source", "Target"},
	"many-addresses": {"Name"}, "strange-process": {"Host", "ProcessId"}, "silent-collector": {"Host", "Component", "Finding"},
}

// findings returns the keys of an answer, each once.
func findings(t *testing.T, a Answer, id string) (found []string) {
	t.Helper()
	var places []int
	for _, name := range keys[id] {
		i := slices.IndexFunc(a.Columns, func(c question.Column) bool { return c.Name == name })
		require.GreaterOrEqual(t, i, 0, "%s: column %s", id, name)
		places = append(places, i)
	}
	for _, row := range a.Rows {
		var words []string
		for _, i := range places {
			words = append(words, fmt.Sprint(row[i]))
		}
		found = append(found, strings.Join(words, " "))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// seedFile has the seeds that failed once, one a line.
const seedFile = "testdata/seeds.txt"

// seeds are those of the runs: the ones that failed once, and a new one for each run, which WINNET_SEED replaces.
func seeds(t *testing.T) (all []uint64) {
	t.Helper()
	kept, err := os.ReadFile(seedFile)
	require.NoError(t, err)
	for _, word := range strings.Fields(string(kept)) {
		n, err := strconv.ParseUint(word, 10, 64)
		require.NoError(t, err)
		all = append(all, n)
	}
	fresh := rand.Uint64()
	if given := os.Getenv("WINNET_SEED"); given != "" {
		fresh, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	return append(all, fresh)
}

// keep adds a seed to the file of those that failed once.
func keep(t *testing.T, seed uint64) {
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		kept, err := os.ReadFile(seedFile)
		if err == nil && !slices.Contains(strings.Fields(string(kept)), fmt.Sprint(seed)) {
			err = os.WriteFile(seedFile, fmt.Appendf(kept, "%d\n", seed), 0o644)
		}
		require.NoError(t, err)
	})
}

// replayed returns a store with the rows of a scenario's recordings.
func replayed(t *testing.T, files incident.Files, mode, profile string) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "rows.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	recordings(t, files, mode, profile, func(sink *consumertest.LogsSink) {
		for _, logs := range sink.AllLogs() {
			require.NoError(t, s.AddLogs(logs))
		}
	})
	require.NoError(t, s.Finish())
	return s
}

// recordings replays a scenario's recordings, and calls do with the records of each.
func recordings(t *testing.T, files incident.Files, mode, profile string, do func(*consumertest.LogsSink)) {
	t.Helper()
	file := func(path string) map[string]any { return map[string]any{"path": path} }
	do(kit.Replay(t, asimdnsreceiver.NewFactory(), map[string]any{
		"replay": file(files.Server), "volume": mode, "profile": profile, "enable_flags": 0,
		"device": map[string]any{"hostname": incident.ServerName, "ip": incident.Server},
	}))
	do(kit.Replay(t, asimdnsreceiver.NewFactory(), map[string]any{
		"replay": file(files.Client), "volume": mode, "profile": profile, "enable_flags": 0, "provider_guid": "Microsoft-Windows-DNS-Client",
		"device": map[string]any{"hostname": incident.WorkstationName, "ip": incident.Workstation},
	}))
	for _, other := range files.Others {
		do(kit.Replay(t, asimdnsreceiver.NewFactory(), map[string]any{
			"replay": file(other.Path), "volume": mode, "profile": profile, "enable_flags": 0, "provider_guid": "Microsoft-Windows-DNS-Client",
			"device": map[string]any{"hostname": other.Name},
		}))
	}
	do(kit.Replay(t, ciliumwindowsreceiver.NewFactory(), map[string]any{"replay": file(files.Pods), "volume": mode}))
}

func TestEachModeFindsExactlyThePlantedEvents(t *testing.T) {
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Logf("the seed is %d: WINNET_SEED=%d runs it again", seed, seed)
			keep(t, seed)
			w, err := incident.WriteScenario(t.TempDir(), seed)
			require.NoError(t, err)
			for _, profile := range []string{"windows", "asim"} {
				for _, mode := range modes {
					t.Run(profile+" "+mode, func(t *testing.T) {
						s := replayed(t, w.Files, mode, profile)
						require.Equal(t, profile == "asim", s.Counts[sentinelrow.Audit] > 0)
						for _, q := range question.All() {
							if slices.Equal(q.Tables, []string{question.Status}) {
								continue // TestACollectorThatIsSilentOrTamperedWithIsFound
							}
							a, err := s.Ask(t.Context(), q)
							require.NoError(t, err)
							assert(t, q, w.Planted[q.ID], w.Near[q.ID], findings(t, a, q.ID))
						}
					})
				}
			}
		})
	}
}

// assert reports what is missing and what is too much.
func assert(t *testing.T, q question.Question, planted, near, found []string) {
	t.Helper()
	if len(planted) == 0 || len(near) < len(planted) {
		t.Errorf("%s: %d planted events and %d near misses; want at least one, and as many near misses", q.ID, len(planted), len(near))
	}
	for _, key := range planted {
		if !slices.Contains(found, key) {
			t.Errorf("%s: the planted event %q was not found", q.ID, key)
		}
	}
	for _, key := range found {
		switch {
		case slices.Contains(planted, key):
		case slices.Contains(near, key):
			t.Errorf("%s: the near miss %q was found", q.ID, key)
		default:
			t.Errorf("%s: %q was found, which was not planted", q.ID, key)
		}
	}
}
