// SPDX-License-Identifier: Apache-2.0

package rows

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-winnet/otelcol-winnet/cmd/winnet-hunt/internal/question"
	"github.com/otelcol-winnet/otelcol-winnet/exporter/azure/sentinelrow"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// evaluate runs queries on rows with the project's own evaluator of KQL (internal/tools/node/run.cjs), and returns the rows of each. Without the
// evaluator's modules the test is skipped; with WINNET_HUNT_TESTS=required, as in make test-hunt, it fails.
func evaluate[Query any](t *testing.T, now time.Time, tables map[string][]json.RawMessage, queries []Query) (answers [][]map[string]any) {
	t.Helper()
	modules := os.Getenv("WINNET_NODE_MODULES")
	if modules == "" {
		if os.Getenv("WINNET_HUNT_TESTS") == "required" {
			t.Fatal("not run, though WINNET_HUNT_TESTS=required: WINNET_NODE_MODULES is not set")
		}
		t.Skip("not run: WINNET_NODE_MODULES is not set; make test-hunt installs what this needs")
	}
	raw, err := json.Marshal(map[string]any{"now": stampOf(now), "tables": tables, "calls": queries})
	require.NoError(t, err)
	cmd := exec.Command("node", "--max-old-space-size=4096", "../../../../internal/tools/node/run.cjs")
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(raw), &stdout, &stderr
	require.NoError(t, cmd.Run(), stderr.String())
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &answers))
	return answers
}

func stampOf(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.0000000Z") }

// rowsOf returns the rows of a scenario's recordings, by table, as the exporter sends them.
func rowsOf(t *testing.T, files incident.Files, mode, profile string) map[string][]json.RawMessage {
	t.Helper()
	tables, w := map[string][]json.RawMessage{}, sentinelrow.New()
	recordings(t, files, mode, profile, func(sink *consumertest.LogsSink) {
		for _, logs := range sink.AllLogs() {
			_, err := w.Each(logs, func(table string, row []byte) error {
				tables[table] = append(tables[table], bytes.Clone(row))
				return nil
			})
			require.NoError(t, err)
		}
	})
	return tables
}

// The query of a question and its twin must give the same answer. This evaluator is not the service's engine either: it knows the operators and functions
// that the queries use, after their documentation.
func TestTheQueriesGiveTheAnswersOfTheirTwins(t *testing.T) {
	seed := seeds(t)[len(seeds(t))-1]
	t.Logf("the seed is %d: WINNET_SEED=%d runs it again", seed, seed)
	keep(t, seed)
	w, err := incident.WriteScenario(t.TempDir(), seed)
	require.NoError(t, err)
	for _, mode := range []string{"lean"} { // the rows of the others take minutes
		t.Run(mode, func(t *testing.T) {
			s := replayed(t, w.Files, mode, "windows")
			_, since, until := s.Span()
			var asked []question.Question
			var queries []string
			for _, q := range question.All() {
				if slices.Equal(q.Tables, []string{question.Status}) {
					continue
				}
				asked = append(asked, q)
				queries = append(queries, strings.Replace(q.KQL, "let since = until - 1d;", "let since = datetime("+stampOf(since)+");", 1))
			}
			answers := evaluate(t, until.Add(time.Microsecond), rowsOf(t, w.Files, mode, "windows"), queries)
			require.Len(t, answers, len(asked))
			for i, q := range asked {
				twin, err := s.Ask(t.Context(), q)
				require.NoError(t, err)
				requireAlike(t, plainTwin(twin, q), plainQuery(answers[i], q), q.ID)
			}
		})
	}
}

// arbitrary are the columns for which a query may take any value of a group, or sorts it in another way.
var arbitrary = []string{"Example", "Client", "Source", "Ports", "Zone", "Domain"}

// isArbitrary reports whether a column is one of these and no key.
func isArbitrary(q question.Question, name string) bool {
	return slices.Contains(arbitrary, name) && !slices.Contains(keys[q.ID], name)
}

// A plainRow is a row of an answer: its columns as text, with # for each number, and the numbers.
type plainRow struct {
	text    string
	numbers []float64
}

func compareRows(a, b plainRow) int {
	return cmp.Or(strings.Compare(a.text, b.text), slices.Compare(a.numbers, b.numbers))
}

// requireAlike requires the same rows in any order. Two engines add in another order, so a number that is whole in one of them only, or in none, may differ
// by two millionths of itself.
func requireAlike(t *testing.T, want, got []plainRow, id string) {
	t.Helper()
	alike := slices.EqualFunc(want, got, func(a, b plainRow) bool {
		return a.text == b.text && slices.EqualFunc(a.numbers, b.numbers, func(x, y float64) bool {
			return x == y || (x != math.Trunc(x) || y != math.Trunc(y)) && math.Abs(x-y) <= 2e-6*max(1, math.Abs(x))
		})
	})
	if !alike {
		require.Equal(t, want, got, id)
	}
}

func plainTwin(a Answer, q question.Question) (rows []plainRow) {
	for _, row := range a.Rows {
		values := map[string]any{}
		for i, c := range a.Columns {
			values[c.Name] = row[i]
		}
		rows = append(rows, plain(q, values))
	}
	slices.SortFunc(rows, compareRows)
	return rows
}

func plainQuery(answer []map[string]any, q question.Question) (rows []plainRow) {
	for _, row := range answer {
		rows = append(rows, plain(q, row))
	}
	slices.SortFunc(rows, compareRows)
	return rows
}

// plain gives times to the millisecond.
func plain(q question.Question, row map[string]any) (r plainRow) {
	var words []string
	for _, c := range q.Columns {
		v := row[c.Name]
		switch {
		case isArbitrary(q, c.Name):
			continue
		case v == nil:
			v = ""
		}
		switch x := v.(type) {
		case time.Time:
			v = x.Truncate(time.Millisecond).UnixMilli()
		case int64:
			v = float64(x)
		case string:
			if at, err := time.Parse(time.RFC3339Nano, x); err == nil {
				v = at.Truncate(time.Millisecond).UnixMilli()
			}
		}
		if f, ok := v.(float64); ok {
			v = "#"
			r.numbers = append(r.numbers, f)
		}
		words = append(words, fmt.Sprintf("%s=%v", c.Name, v))
	}
	r.text = strings.Join(words, " ")
	return r
}

// WinnetDns must give the rows that the receiver would write unpacked, with each attribute in its column.
func TestThePackedRowsBecomeTheRowsOfTheirItems(t *testing.T) {
	w, err := incident.WriteScenario(t.TempDir(), seeds(t)[0])
	require.NoError(t, err)
	for _, of := range []struct {
		path, provider, profile, attributes string
		differ                              []string
	}{
		{w.Files.Server, "Microsoft-Windows-DNSServer", "windows", "all", []string{"DnsSessionId"}},
		{w.Files.Server, "Microsoft-Windows-DNSServer", "windows", "minimal", nil},
		{w.Files.Server, "Microsoft-Windows-DNSServer", "asim", "minimal", []string{"DnsResponseName"}},
		{w.Files.Client, "Microsoft-Windows-DNS-Client", "windows", "all", []string{"DstIpAddr"}},
	} {
		sink := kit.Replay(t, asimdnsreceiver.NewFactory(), map[string]any{
			"replay": map[string]any{"path": of.path}, "volume": "lean", "profile": of.profile, "attributes": of.attributes, "enable_flags": 0, "provider_guid": of.provider,
			"device": map[string]any{"hostname": incident.WorkstationName, "ip": incident.Workstation},
		})
		var packed []json.RawMessage
		var want []string
		differ := map[string]bool{}
		kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
			items := kit.UnpackRecord(t, lr)
			if len(items) == 1 {
				return
			}
			packed = append(packed, written(t, rl, lr)...)
			row := decoded(t, packed[len(packed)-1])
			for _, item := range items {
				one := decoded(t, written(t, rl, item)[0])
				for column := range one {
					if row[column] == nil {
						differ[column] = true
					}
				}
				one["TimeGenerated"] = one["EventEndTime"]
				want = append(want, rowText(t, one))
			}
		})
		require.Greater(t, len(packed), 10)
		for _, column := range of.differ {
			require.True(t, differ[column], "the items of %v should differ in %s, so that it is in their groups", of, column)
		}
		answers := evaluate(t, time.Now(), map[string][]json.RawMessage{sentinelrow.DNS: packed}, []string{"WinnetDns(datetime(null), datetime(null))"})
		var got []string
		for _, row := range answers[0] {
			delete(row, "Type")
			got = append(got, rowText(t, row))
		}
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, want, got, of)
	}
}

// written are the rows of a record.
func written(t *testing.T, of plog.ResourceLogs, lr plog.LogRecord) (rows []json.RawMessage) {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	of.Resource().CopyTo(rl.Resource())
	sl := rl.ScopeLogs().AppendEmpty()
	of.ScopeLogs().At(0).Scope().CopyTo(sl.Scope())
	lr.CopyTo(sl.LogRecords().AppendEmpty())
	_, err := sentinelrow.New().Each(logs, func(_ string, row []byte) error {
		rows = append(rows, bytes.Clone(row))
		return nil
	})
	require.NoError(t, err)
	return rows
}

func decoded(t *testing.T, raw []byte) (row map[string]any) {
	require.NoError(t, json.Unmarshal(raw, &row))
	return row
}

func rowText(t *testing.T, row map[string]any) string {
	raw, err := json.Marshal(row)
	require.NoError(t, err)
	return string(raw)
}
