// SPDX-License-Identifier: Apache-2.0

// Package recipes runs every recipe of docs/configuration.md on the captures of testdata/ and holds what the document says of it.
// In goes examples/file/config.yaml with examples/RECIPE/recipe.yaml over it; out come the records and the account.
package recipes

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/kit"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/ciliumwindowsreceiver"
)

const (
	root     = "../../.."
	document = root + "/docs/configuration.md"
	server   = "dnsserver.etl"
	client   = "dnsclient.etl"
	cilium   = "cilium_events.pcapng"
	ways     = "cilium_ways.pcapng"
)

// result is what one run of a recipe gives.
type result struct {
	account map[string]int // received, emitted, filtered, aggregated …
	records []plog.LogRecord
	bytes   int // of the records in OTLP's protobuf form
	points  int // of metrics

	archived int // of the records, those of the archive
	again    int // records of a second run with the storage of the first, where there is one
}

func (r result) count(keep func(plog.LogRecord) bool) (n int) {
	for _, lr := range r.records {
		if keep(lr) {
			n++
		}
	}
	return n
}

// values counts the records by an attribute's value; a name AdditionalFields.X is a field of that map.
func (r result) values(name string) map[string]int {
	n := map[string]int{}
	for _, lr := range r.records {
		n[text(lr, name)]++
	}
	return n
}

func text(lr plog.LogRecord, name string) string {
	attributes := lr.Attributes()
	if inner, ok := strings.CutPrefix(name, "AdditionalFields."); ok {
		more, has := attributes.Get("AdditionalFields")
		if !has {
			return ""
		}
		attributes, name = more.Map(), inner
	}
	v, ok := attributes.Get(name)
	if !ok {
		return ""
	}
	return v.AsString()
}

// commas writes a number as the document does.
func commas(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// of is the sentence about how many events become records.
func of(r result) string {
	return fmt.Sprintf("%s of %s events", commas(r.account["emitted"]), commas(r.account["received"]))
}

// percent is part of whole in whole percents.
func percent(part, whole int) string { return fmt.Sprintf("%d %%", (100*part+whole/2)/whole) }

// recipe is a folder of examples/, the captures that it runs on, and what it promises: the test of that gives the words that the
// document must have. without is a run on the server's capture without the recipe.
type recipe struct {
	captures []string
	promises func(t *testing.T, with, without result) string
}

func recipes() map[string]recipe {
	return map[string]recipe{
		"only-failures": {[]string{server}, func(t *testing.T, r, without result) string {
			require.Equal(t, map[string]int{"Failure": without.values("EventResult")["Failure"]}, r.values("EventResult"))
			return of(r)
		}},
		"one-subnet": {[]string{server}, func(t *testing.T, r, _ result) string {
			for address := range r.values("SrcIpAddr") {
				require.Regexp(t, `^(10\.1\.4\.|fd00:0:1:4::)`, address)
			}
			return of(r)
		}},
		"less-volume": {[]string{server}, func(t *testing.T, r, without result) string {
			require.Equal(t, r.account["received"], r.account["emitted"]+r.account["filtered"]+r.account["aggregated"])
			require.Len(t, r.values("DnsSessionId"), 1)
			for value := range r.values("AdditionalFields.PacketData") {
				require.Empty(t, value, "every packet of the capture can be read, or is none")
			}
			return fmt.Sprintf("%s in %s of the bytes", of(r), percent(r.bytes, without.bytes))
		}},
		"balanced": {[]string{server}, func(t *testing.T, r, without result) string {
			require.Equal(t, r.account["received"], r.account["emitted"]+r.account["filtered"]+r.account["aggregated"])
			require.Equal(t, map[string]int{"": len(r.records)}, r.values("Dvc"), "the device is in the resource")
			return fmt.Sprintf("%s in %s of the bytes", of(r), percent(r.bytes, without.bytes))
		}},
		"lean": {[]string{server}, func(t *testing.T, r, without result) string {
			require.Equal(t, r.account["received"], r.account["emitted"]+r.account["filtered"]+r.account["aggregated"])
			packed := r.count(func(lr plog.LogRecord) bool { return text(lr, "AdditionalFields.Sums") != "" })
			require.Positive(t, packed)
			return fmt.Sprintf("%s in %s of the bytes; %s of the records are packed", of(r), percent(r.bytes, without.bytes), commas(packed))
		}},
		"pseudonyms": {[]string{server}, func(t *testing.T, r, without result) string {
			require.Equal(t, len(without.records), len(r.records))
			for _, name := range []string{"SrcIpAddr", "DnsQuery"} {
				was, is := map[string]bool{}, r.values(name)
				for value := range without.values(name) {
					was[strings.ToLower(value)] = true
				}
				require.Len(t, is, len(was), name)
				delete(was, "")
				delete(was, ".") // the root is no one's name
				for value := range was {
					require.NotContains(t, is, value)
				}
			}
			return fmt.Sprintf("%s records, with as many different clients and names as without", commas(len(r.records)))
		}},
		"archive": {[]string{server}, func(t *testing.T, r, without result) string {
			archived := r.archived
			require.Equal(t, len(without.records), archived, "the archive has each record of volume full")
			require.Equal(t, r.account["emitted"], len(r.records)-archived, "the account does not count the archive")
			return fmt.Sprintf("%s, and %s records in the archive", of(r), commas(archived))
		}},
		"quiet-client": {[]string{client}, func(t *testing.T, r, _ result) string {
			require.NotContains(t, r.values("DnsQueryTypeName"), "AAAA")
			for name := range r.values("DnsQuery") {
				require.NotRegexp(t, `(?i)(\.contoso\.com|^wpad.*)$`, name)
			}
			return of(r)
		}},
		"one-record-per-query": {[]string{server}, func(t *testing.T, r, _ result) string {
			require.Equal(t, r.account["received"]-r.account["filtered"]-r.account["undecodable"], r.account["emitted"]+r.account["aggregated"])
			require.Positive(t, r.account["aggregated"])
			recursed := r.count(func(lr plog.LogRecord) bool { return text(lr, "AdditionalFields.RecursionCount") != "" })
			require.Positive(t, recursed)
			return fmt.Sprintf("%s; %s of the records say whom the server asked", of(r), commas(recursed))
		}},
		"one-record-for-exchanges-alike": {[]string{server}, func(t *testing.T, r, _ result) string {
			require.Equal(t, r.account["received"]-r.account["filtered"]-r.account["undecodable"], r.account["emitted"]+r.account["aggregated"])
			exchanges := 0
			for count, records := range r.values("EventCount") {
				n, err := strconv.Atoi(count)
				require.NoError(t, err)
				exchanges += n * records
			}
			return fmt.Sprintf("%s, for %s exchanges", of(r), commas(exchanges))
		}},
		"one-record-per-lookup": {[]string{client}, func(t *testing.T, r, _ result) string {
			lookups := r.count(func(lr plog.LogRecord) bool { return text(lr, "AdditionalFields.LookupEvents") != "" })
			require.Positive(t, lookups)
			return fmt.Sprintf("%s; %s of the records are whole look-ups", of(r), commas(lookups))
		}},
		"both-providers": {[]string{server, client}, func(t *testing.T, r, _ result) string {
			products := r.values("EventProduct")
			require.Len(t, products, 2)
			return fmt.Sprintf("%s of the DNS Server and %s of the DNS Client", commas(products["DNS Server"]), commas(products["DNS Client"]))
		}},
		"who-changed-what": {[]string{server}, func(t *testing.T, r, _ result) string {
			roles := r.values("AdditionalFields.DnsRole")
			require.Equal(t, r.account["emitted"], roles["audit"]+roles["update"])
			return fmt.Sprintf("%s: %s audit events and %s dynamic updates", of(r), commas(roles["audit"]), commas(roles["update"]))
		}},
		"lower-case-names": {[]string{server}, func(t *testing.T, r, without result) string {
			for name := range r.values("DnsQuery") {
				require.Equal(t, strings.ToLower(name), name)
			}
			respelled := r.count(func(lr plog.LogRecord) bool { return text(lr, "AdditionalFields.DnsQueryOriginal") != "" })
			require.Positive(t, respelled)
			return fmt.Sprintf("%s names become %s; %s records have `DnsQueryOriginal`", commas(len(without.values("DnsQuery"))),
				commas(len(r.values("DnsQuery"))), commas(respelled))
		}},
		"recording": {[]string{server}, func(t *testing.T, r, without result) string {
			require.Equal(t, without.account, r.account, "what is recorded is received all the same")
			return fmt.Sprintf("all %s events, filtered ones too", commas(r.account["received"]))
		}},
		"status": {[]string{server}, func(t *testing.T, r, without result) string {
			require.Equal(t, without.account, r.account, "status records are no events")
			require.Equal(t, map[string]int{"heartbeat": 2, "": len(without.records)}, r.values("Kind"))
			return fmt.Sprintf("two heartbeats beside the %s records: at the start and at the stop", commas(len(without.records)))
		}},
		"many-files": {[]string{server, "dnsserver_2016.etl"}, func(t *testing.T, r, _ result) string {
			require.Equal(t, map[string]int{"dc1.corp.example.com": len(r.records)}, r.values("Dvc"))
			return of(r)
		}},
		"replay-that-goes-on": {[]string{server, "dnsserver_2016.etl"}, func(t *testing.T, r, _ result) string {
			require.Equal(t, r.account["received"], len(r.records))
			require.Zero(t, r.again, "records after a restart")
			return of(r) + ", and none after a restart"
		}},
		"drops-only": {[]string{cilium}, func(t *testing.T, r, without result) string {
			require.Equal(t, map[string]int{"DROPPED": len(r.records)}, r.values("cilium.verdict"))
			require.NotContains(t, r.values("cilium.event.type"), "policy-verdict", "a denial is one record")
			return of(r)
		}},
		"every-packet": {[]string{cilium}, func(t *testing.T, r, _ result) string {
			require.Equal(t, r.account["received"], r.account["emitted"])
			return of(r)
		}},
		"cilium-connections": {[]string{ways}, func(t *testing.T, r, _ result) string {
			require.Equal(t, r.account["received"], r.account["emitted"]+r.account["filtered"]+r.account["aggregated"])
			connections, events := r.values("EventType")["NetworkSession"], 0
			for _, lr := range r.records {
				count, _ := lr.Attributes().Get("EventCount")
				events += int(count.Int())
			}
			refused := r.values("EventResult")["Failure"]
			audited := r.values("DvcOriginalAction")["AUDIT"]
			require.Equal(t, len(r.records), connections+refused+audited)
			require.Equal(t, r.account["received"]-r.account["filtered"], events)
			return fmt.Sprintf("%s: %s connections, %s drops and denials, %s audited", of(r), commas(connections), commas(refused), commas(audited))
		}},
		"hubble-flows": {[]string{cilium}, func(t *testing.T, r, _ result) string {
			flows := r.count(func(lr plog.LogRecord) bool {
				var line map[string]any
				require.NoError(t, json.Unmarshal([]byte(lr.Body().Str()), &line), lr.Body().Str())
				return line["flow"] != nil
			})
			return fmt.Sprintf("%s lines, %s of them flows", commas(len(r.records)), commas(flows))
		}},
		"cilium-metrics": {[]string{cilium}, func(t *testing.T, r, _ result) string {
			require.Empty(t, r.records)
			return fmt.Sprintf("%s series of four metrics", commas(r.points))
		}},
	}
}

var accountWord = regexp.MustCompile(`(?:^|[=+] )(\w+) (\d+)`)

// run replays captures through the configuration of examples/file, with another file over it where there is one.
func run(t *testing.T, over string, captures []string) result {
	t.Helper()
	conf, err := confmaptest.LoadConf(root + "/examples/file/config.yaml")
	require.NoError(t, err)
	if over != "" {
		recipe, err := confmaptest.LoadConf(over)
		require.NoError(t, err)
		require.NoError(t, conf.Merge(recipe))
	}
	var paths []any
	for _, capture := range captures {
		paths = append(paths, root+"/testdata/"+capture)
	}
	all := result{account: map[string]int{}}
	sums := &consumertest.MetricsSink{}
	pipelines, err := conf.Sub("service::pipelines")
	require.NoError(t, err)
	for signal, pipeline := range pipelines.ToStringMap() {
		for _, name := range pipeline.(map[string]any)["receivers"].([]any) {
			isMetrics := signal == "metrics"
			if over != "" && strings.Contains(over, "cilium-metrics") && !isMetrics {
				continue // its logs are those of examples/file
			}
			section, err := conf.Sub("receivers::" + name.(string))
			require.NoError(t, err)
			live := map[string]any{"replay": map[string]any{"path": paths}}
			if section.IsSet("record::path") {
				live["record"] = map[string]any{"path": filepath.Join(t.TempDir(), "recorded.etl")}
			}
			require.NoError(t, section.Merge(confmap.NewFromStringMap(live)))
			host := componenttest.NewNopHost()
			if id, ok := section.Get("storage").(string); ok {
				host = (&kit.Storage{}).HostAs(component.MustNewID(id))
			}
			all.add(t, name.(string), section, sums, isMetrics, host)
			if section.IsSet("storage") {
				var second result
				second.account = map[string]int{}
				second.add(t, name.(string), section, sums, isMetrics, host)
				all.again = len(second.records)
			}
		}
	}
	if metrics := sums.AllMetrics(); len(metrics) > 0 {
		all.points = metrics[len(metrics)-1].DataPointCount()
	}
	return all
}

// add runs one receiver to the end of its replay.
func (r *result) add(t *testing.T, name string, section *confmap.Conf, sums *consumertest.MetricsSink, isMetrics bool, host component.Host) {
	t.Helper()
	kind, _, _ := strings.Cut(name, "/")
	factory := map[string]receiver.Factory{"asimdns": asimdnsreceiver.NewFactory(), "ciliumwindows": ciliumwindowsreceiver.NewFactory()}[kind]
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, section.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	core, logs := observer.New(zap.InfoLevel)
	set := receivertest.NewNopSettings(factory.Type())
	set.Logger = zap.New(core)
	sink := &consumertest.LogsSink{}
	var rcv component.Component
	var err error
	if isMetrics {
		rcv, err = factory.CreateMetrics(t.Context(), set, cfg, sums)
	} else {
		rcv, err = factory.CreateLogs(t.Context(), set, cfg, sink)
	}
	require.NoError(t, err)
	require.NoError(t, rcv.Start(t.Context(), host))
	require.Eventually(t, func() bool { return logs.FilterMessage("the replay has ended").Len() == 1 }, time.Minute, time.Millisecond)
	require.NoError(t, rcv.Shutdown(context.Background()))
	for _, entry := range logs.All() {
		events, ok := entry.ContextMap()["events"].(string)
		if !ok {
			continue
		}
		for _, m := range accountWord.FindAllStringSubmatch(events, -1) {
			n, err := strconv.Atoi(m[2])
			require.NoError(t, err)
			r.account[m[1]] = n
		}
	}
	marshaler := &plog.ProtoMarshaler{}
	for _, batch := range sink.AllLogs() {
		r.bytes += marshaler.LogsSize(batch)
	}
	kit.EachRecord(sink, func(rl plog.ResourceLogs, lr plog.LogRecord) {
		r.records = append(r.records, lr)
		if _, archive := rl.Resource().Attributes().Get("winnet.tier"); archive {
			r.archived++
		}
	})
}

// folders gives the folders of examples/ that have a recipe.
func folders(t *testing.T) (all []string) {
	t.Helper()
	files, err := filepath.Glob(root + "/examples/*/recipe.yaml")
	require.NoError(t, err)
	for _, file := range files {
		all = append(all, filepath.Base(filepath.Dir(file)))
	}
	return all
}

func TestEveryRecipeGivesOnTheCapturesWhatTheDocumentSays(t *testing.T) {
	all := recipes()
	require.ElementsMatch(t, slices.Collect(maps.Keys(all)), folders(t), "every recipe has a promise here")
	raw, err := os.ReadFile(document)
	require.NoError(t, err)
	sections := strings.Split(string(raw), "\n### ")
	for folder, recipe := range all {
		t.Run(folder, func(t *testing.T) {
			path := fmt.Sprintf("%s/examples/%s/recipe.yaml", root, folder)
			at := slices.IndexFunc(sections, func(s string) bool { return strings.Contains(s, "(../examples/"+folder+"/recipe.yaml)") })
			require.NotEqual(t, -1, at, "docs/configuration.md has no section of it")
			yaml, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Contains(t, sections[at], "```yaml\n"+string(yaml)+"```\n", "the document shows the file")
			var without result
			if slices.Contains(recipe.captures, server) { // which is what examples/file reads
				without = run(t, "", []string{server})
			}
			says := recipe.promises(t, run(t, path, recipe.captures), without)
			require.Contains(t, sections[at], "\nOn the captures: "+says+".")
		})
	}
}

// What a destination loses, its own hour shows (make test-roads). A recipe changes nothing of that: it has receivers, and says which
// of them a pipeline reads.
func TestARecipeChangesNothingOfTheWayOut(t *testing.T) {
	for _, folder := range folders(t) {
		conf, err := confmaptest.LoadConf(fmt.Sprintf("%s/examples/%s/recipe.yaml", root, folder))
		require.NoError(t, err)
		for key := range conf.ToStringMap() {
			require.Contains(t, []string{"receivers", "service"}, key, folder)
		}
		receivers, err := conf.Sub("receivers")
		require.NoError(t, err)
		for name, section := range receivers.ToStringMap() {
			for _, key := range []string{"retry", "queue", "batch"} {
				require.NotContains(t, section, key, "%s: %s", folder, name)
			}
		}
		service, err := conf.Sub("service")
		require.NoError(t, err)
		for key := range service.ToStringMap() {
			require.Equal(t, "pipelines", key, folder)
		}
		logs, err := conf.Sub("service::pipelines::logs")
		require.NoError(t, err)
		for key := range logs.ToStringMap() {
			require.Equal(t, "receivers", key, folder)
		}
	}
}
