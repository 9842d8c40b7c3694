// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// The files that config.replay.yaml writes.
const (
	recordsFile = "out/winnet.jsonl"
	metricsFile = "out/winnet-metrics.jsonl"
)

// replayed is what the collector's log says of one receiver.
type replayed struct {
	name    string
	files   []string
	account map[string]string // by the words of the account: received, emitted …
	stopped bool              // before its end
	unread  []string
}

// fields are the fields of the collector's log lines that the report uses.
type fields struct {
	Component string   `json:"otelcol.component.id"`
	Replay    []string `json:"replay"`
	Events    string   `json:"events"`
	Unread    []string `json:"unread"`
}

// accountWord matches a word of the account and its number.
var accountWord = regexp.MustCompile(`(?:^|[=+] )(\w+) (\d+)`)

// readLog reads the collector's log in its console form: the fields of a line are the JSON object after the last tab.
func readLog(log io.Reader) ([]*replayed, error) {
	var all []*replayed
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := lines.Text()
		var f fields
		if json.Unmarshal([]byte(line[strings.LastIndexByte(line, '\t')+1:]), &f) != nil || f.Component == "" {
			continue
		}
		at := slices.IndexFunc(all, func(r *replayed) bool { return r.name == f.Component })
		switch {
		case at >= 0:
		case len(f.Replay) == 0:
			continue
		default:
			at, all = len(all), append(all, &replayed{name: f.Component})
		}
		r := all[at]
		if len(f.Replay) > 0 {
			r.files = f.Replay
		}
		if len(f.Unread) > 0 {
			r.unread = f.Unread
		}
		if f.Events != "" {
			r.account = map[string]string{}
			for _, m := range accountWord.FindAllStringSubmatch(f.Events, -1) {
				r.account[m[1]] = m[2]
			}
		}
		r.stopped = r.stopped || strings.Contains(line, "the replay was stopped before its end")
	}
	slices.SortFunc(all, func(a, b *replayed) int { return cmp.Compare(a.name, b.name) })
	return all, lines.Err()
}

// reportRun prints the table at the end of `make run`.
func reportRun(log io.Reader, out io.Writer) error {
	all, err := readLog(log)
	if err != nil {
		return err
	}
	if len(all) == 0 { // the collector did not start, and has logged why
		return nil
	}
	fmt.Fprintln(out, "\nWhat was read, and what became of it:")
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  receiver\tfile\tevents\trecords\tfiltered\taggregated\tundecodable\tdropped")
	for _, r := range all {
		row := []string{"  " + r.name, strings.Join(r.files, ", ")}
		for _, word := range []string{"received", "emitted", "filtered", "aggregated", "undecodable", "dropped"} {
			row = append(row, cmp.Or(r.account[word], "?"))
		}
		if r.stopped || r.account == nil {
			row = append(row, "stopped before its end")
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range all {
		for _, file := range r.unread {
			fmt.Fprintf(out, "  not read in full by %s: %s\n", r.name, file)
		}
	}

	fmt.Fprintln(out, "\nWhere it is:")
	t = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  %s\t%s\n", recordsFile, size(recordsFile, "records", countRecords))
	fmt.Fprintf(t, "  %s\t%s\n", metricsFile, size(metricsFile, "points of Cilium's sums", countPoints))
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprint(out, `
What to try next:
  jq -r '.resourceLogs[].scopeLogs[].logRecords[].body.stringValue' out/winnet.jsonl | less
  dist/otelcol-winnet --config config.replay.yaml --config 'yaml:receivers::asimdns/server::correlate: true'
  dist/otelcol-winnet --config config.replay.yaml --config 'yaml:receivers::asimdns/server::replay::path: "C:/traces/*.etl"'
  config.yaml for a live Windows host, docs/configuration.md for recipes
  make hunt: twenty questions to all captures of testdata/, or to yours with FILES="dns.etl pods.pcapng"; docs/hunting.md says how to read the answers
`)
	return nil
}

// size describes a file of JSON lines: its size and the number of things in it.
func size(path, things string, count func(line []byte) (int, error)) string {
	file, err := os.Open(path)
	if err != nil {
		return "is not there"
	}
	defer file.Close()
	n, bytes := 0, int64(0)
	lines := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		bytes += int64(len(line))
		if len(line) > 1 {
			more, bad := count(line)
			if bad != nil {
				return fmt.Sprintf("cannot be read: %v", bad)
			}
			n += more
		}
		if errors.Is(err, io.EOF) {
			return fmt.Sprintf("%d %s, %.1f MB of OTLP JSON, one batch a line", n, things, float64(bytes)/1e6)
		}
		if err != nil {
			return fmt.Sprintf("cannot be read: %v", err)
		}
	}
}

func countRecords(line []byte) (int, error) {
	logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(line)
	if err != nil {
		return 0, err
	}
	return logs.LogRecordCount(), nil
}

func countPoints(line []byte) (int, error) {
	metrics, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(line)
	if err != nil {
		return 0, err
	}
	return metrics.DataPointCount(), nil
}
