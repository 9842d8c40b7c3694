// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

// query is a KQL query of the documents: its table, and its operators in order. make check-kql checks names and types.
// This test checks on records which rows the conditions select.
type query struct {
	table     string
	operators []string
}

var (
	fence     = regexp.MustCompile("(?s)```(?:kusto|kql)\n(.*?)```")
	comment   = regexp.MustCompile(`(?m)^\s*//.*$`)
	parsed    = regexp.MustCompile(`^extend (\w+) = parse_json\(tostring\(Properties\.AdditionalFields\)\)$`)
	equals    = regexp.MustCompile(`^(\S+) == "([^"]*)"$`)
	notEmpty  = regexp.MustCompile(`^isnotempty\((\S+)\)$`)
	recent    = regexp.MustCompile(`^(ingestion_time\(\)|TimeGenerated|EventStartTime) > ago\(\w+\)$`)
	attribute = regexp.MustCompile(`^(?:(\w+)(?:\.(\w+)|\["([^"]+)"\])|(\w+))$`)
	mentioned = regexp.MustCompile(`\b\w+(?:\.\w+|\["[^"]+"\])`)
)

// queriesOf returns the queries of a document.
func queriesOf(t *testing.T, file string) (found []query) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		parts := strings.Split(comment.ReplaceAllString(m[1], ""), "|")
		for i := range parts {
			parts[i] = strings.Join(strings.Fields(parts[i]), " ")
		}
		found = append(found, query{parts[0], parts[1:]})
	}
	return found
}

// value returns the value of a query's name in a row, as text. parsed are the names that the query gives to
// AdditionalFields.
func (q query) value(t *testing.T, r row, name string, parsed []string) string {
	t.Helper()
	m := attribute.FindStringSubmatch(name)
	require.NotNil(t, m, "%s: %s is not an attribute that this test knows", q.table, name)
	of, key := r.outer, m[2]+m[3]+m[4]
	switch {
	case slices.Contains(parsed, m[1]):
		of = r.inner
	case q.table == "AppTraces":
		require.Equal(t, "Properties", m[1], "%s: %s", q.table, name)
	default:
		require.Empty(t, m[1], "%s: %s", q.table, name)
	}
	if v, ok := of[key]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

// selects returns the rows of a table that the query's conditions select, and the query's names for AdditionalFields.
// It fails for a condition that it does not support.
func (q query) selects(t *testing.T, rows table) (left table, inner []string) {
	t.Helper()
	if q.table != "AppTraces" {
		inner = []string{"AdditionalFields"}
	}
	for _, op := range q.operators {
		if m := parsed.FindStringSubmatch(op); m != nil {
			inner = append(inner, m[1])
			continue
		}
		conditions, isWhere := strings.CutPrefix(op, "where ")
		require.True(t, isWhere || strings.HasPrefix(op, "summarize ") || strings.HasPrefix(op, "project "), op)
		if !isWhere {
			continue
		}
		for condition := range strings.SplitSeq(conditions, " and ") {
			var keep func(r row) bool
			if m := equals.FindStringSubmatch(condition); m != nil {
				keep = func(r row) bool { return q.value(t, r, m[1], inner) == m[2] }
			} else if m := notEmpty.FindStringSubmatch(condition); m != nil {
				keep = func(r row) bool { return q.value(t, r, m[1], inner) != "" }
			} else {
				require.Regexp(t, recent, condition, "a condition that this test does not support")
				continue
			}
			rows = rows.that(keep)
		}
	}
	return rows, inner
}

// tables returns the tables that the exporters make of the incident's records.
func tables(t *testing.T) map[string]table {
	t.Helper()
	files, err := incident.Write(t.TempDir())
	require.NoError(t, err)
	server := func(profile string) table {
		return replay(t, asimdnsreceiver.NewFactory(), config(files.Server, profile))
	}
	pods := replay(t, ciliumwindowsreceiver.NewFactory(), map[string]any{"replay": map[string]any{"path": files.Pods}})
	asim := server("asim")
	return map[string]table{
		"AppTraces": append(server("windows"), pods...), "ASimDnsActivityLogs": asim.where("EventSchema", "Dns"), "ASimAuditEventLogs": asim.where("EventSchema", "AuditEvent"),
	}
}

// Applies the conditions of every query in the documents to records. WinnetStatus_CL has the collector's own account
// and is left out, and so are the archive's tables and the functions of the deployment, whose queries ask for a reader's own names and addresses.
func TestEveryQueryOfTheDocumentsSelectsRecordsThatHaveWhatItShows(t *testing.T) {
	all := tables(t)
	asked := 0
	for _, pattern := range []string{"../../../*.md", "../../../*/*.md", "../../../*/*/*.md", "../../../*/*/*/*.md"} {
		docs, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range docs {
			if strings.Contains(file, "/dist/") {
				continue
			}
			for _, q := range queriesOf(t, file) {
				if strings.HasSuffix(q.table, "_CL") || strings.Contains(q.table, "(") {
					continue
				}
				asked++
				require.Contains(t, all, q.table, file)
				rows, inner := q.selects(t, all[q.table])
				require.NotEmpty(t, rows, "%s: %s selects nothing", file, q.operators)
				for _, op := range q.operators {
					if strings.HasPrefix(op, "where ") || parsed.MatchString(op) {
						continue
					}
					for _, name := range mentioned.FindAllString(op, -1) {
						shows := rows.that(func(r row) bool { return q.value(t, r, name, inner) != "" })
						require.NotEmpty(t, shows, "%s: no record has %s", file, name)
					}
				}
			}
		}
	}
	require.Equal(t, 6, asked)
}

func TestTheReadmesQueryFindsWhoAskedForWhichDynamicUpdate(t *testing.T) {
	queries := queriesOf(t, "../../../receiver/asimdnsreceiver/README.md")
	require.Len(t, queries, 2)
	rows, _ := queries[0].selects(t, tables(t)["AppTraces"])
	require.Equal(t, []string{
		"10.1.4.44 create ws44.contoso.com A 10.1.4.44 ", incident.Stranger + " create " + incident.PlantedHost + " A " + incident.Stranger + " ",
		incident.Stranger + " delete " + incident.RemovedHost + " A  10.0.40.3",
	}, rows.distinct("SrcIpAddr", "EventSubType", "DnsQuery", "DnsQueryTypeName", "NewValue", "OldValue"))
}
