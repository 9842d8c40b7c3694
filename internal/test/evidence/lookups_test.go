// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// users selects the rows with names that users' programs look up.
func users(t table) table {
	return t.that(func(r row) bool {
		return r.has("DnsQuery", incident.CachedName) || r.has("DnsQuery", incident.AskedName) || r.has("DnsQuery", incident.ToolName)
	})
}

// line formats words and numbers like a row of values.
func line(words ...any) string { s := fmt.Sprintln(words...); return s[:len(s)-1] }

// userQuestions are questions about the workstation's records one by one, in both profiles.
var userQuestions = []struct {
	name string
	ask  func(t table) []string
	want []string
}{
	{
		"whose look-ups they are, and by which process",
		func(t table) []string {
			return users(t).that(func(r row) bool { return r.text("SrcUserId") != "" }).distinct("SrcUserIdType", "SrcUserId", "SrcProcessId", "DnsQuery")
		},
		[]string{
			line("SID", incident.Employee, incident.Mail, incident.CachedName), line("SID", incident.Employee, incident.Mail, incident.AskedName),
			line("SID", incident.Intruder, incident.Tool, incident.ToolName),
		},
	},
	{
		"how often this account looks something up",
		func(t table) []string {
			return lines(t.where("SrcUserId", incident.Intruder, "EventResult", "Success").count("DnsQuery"), nil)
		},
		[]string{line(incident.ToolName, incident.ToolTimes)},
	},
	{
		"whether the service's account, which asks for all, is taken for a user",
		func(t table) []string {
			return t.that(func(r row) bool { return r.text("SrcUserId") == "S-1-5-20" }).distinct("DnsQuery")
		},
		nil,
	},
	{
		"how often the cache had the answer",
		func(t table) []string {
			hits := users(t).where("DnsRole", "cache").that(func(r row) bool { return len(r.list("DnsAnswers")) > 0 })
			return lines(hits.count("DnsQuery", "SrcProcessId"), nil)
		},
		[]string{line(incident.CachedName, incident.Mail, incident.CachedTimes-1)},
	},
	{
		"which cache look-ups found nothing, and are no failures",
		func(t table) []string {
			misses := users(t).where("DnsRole", "cache", "EventOriginalResultDetails", "DNS_ERROR_RECORD_DOES_NOT_EXIST")
			return lines(misses.count("DnsQuery", "EventResult"), nil)
		},
		[]string{
			line(incident.CachedName, "NA", 1), line(incident.AskedName, "NA", incident.AskedTimes), line(incident.ToolName, "NA", incident.ToolTimes),
		},
	},
}

// lookupQuestions are questions about the workstation's records with correlate, in both profiles: one record for each
// look-up.
var lookupQuestions = []struct {
	name string
	ask  func(t table) []string
	want []string
}{
	{
		"how many look-ups there were, and of how many events each is",
		func(t table) []string { return lines(users(t).count("DnsQuery", "LookupEvents"), nil) },
		[]string{
			line(incident.CachedName, incident.AskedEvents, 1), line(incident.CachedName, incident.CachedEvents, incident.CachedTimes-1),
			line(incident.AskedName, incident.AskedEvents, incident.AskedTimes), line(incident.ToolName, incident.AskedEvents, incident.ToolTimes),
		},
	},
	{
		"whether look-ups that one process makes at a time have each all of their events",
		func(t table) []string {
			at := t.that(func(r row) bool { return slices.Contains(incident.PairNames(), r.text("DnsQuery")) })
			return lines(at.count("DnsQuery", "LookupEvents", "DstIpAddr"), nil)
		},
		[]string{
			line(incident.PairNames()[0], incident.AskedEvents, incident.Server, incident.PairTimes),
			line(incident.PairNames()[1], incident.AskedEvents, incident.Server, incident.PairTimes),
		},
	},
	{
		"which look-ups the cache answered",
		func(t table) []string {
			return lines(users(t).where("FromCache", "true").count("DnsQuery", "EventResult"), nil)
		},
		[]string{line(incident.CachedName, "Success", incident.CachedTimes-1)},
	},
	{
		"whom a look-up asked that the cache did not answer",
		func(t table) []string {
			return lines(users(t).where("FromCache", "false").count("DnsQuery", "DstIpAddr"), nil)
		},
		[]string{
			line(incident.CachedName, incident.Server, 1), line(incident.AskedName, incident.Server, incident.AskedTimes),
			line(incident.ToolName, incident.Server, incident.ToolTimes),
		},
	},
	{
		"whether a look-up that asked nobody names a server",
		func(t table) []string {
			return users(t).where("FromCache", "true").that(func(r row) bool { return r.text("DstIpAddr") != "" }).distinct("DstIpAddr")
		},
		nil,
	},
	{
		"by whom, with what result and how long it took",
		func(t table) []string {
			slow := t.where("DnsQuery", incident.ToolName).that(func(r row) bool { ms, ok := r.of["DnsNetworkDuration"].(int64); return ok && ms >= 20 })
			return lines(slow.count("SrcUserId", "SrcProcessId", "EventResult", "EventResultDetails"), nil)
		},
		[]string{line(incident.Intruder, incident.Tool, "Success", "NOERROR", incident.ToolTimes)},
	},
}

func TestTheQuestionsOfAWorkstationsUsersAndLookUps(t *testing.T) {
	files, err := incident.Write(t.TempDir())
	require.NoError(t, err)
	for _, profile := range []string{"windows", "asim"} {
		for _, correlate := range []bool{false, true} {
			c := config(files.Client, profile)
			c["provider_guid"], c["enable_flags"], c["correlate"] = clientProvider, "security", correlate
			c["device"] = map[string]any{"hostname": "ws27.contoso.com", "ip": incident.Workstation}
			rows := replay(t, asimdnsreceiver.NewFactory(), c)
			questions := userQuestions
			if correlate {
				questions = lookupQuestions
			}
			for _, q := range questions {
				t.Run(profile+"/"+q.name, func(t *testing.T) { require.ElementsMatch(t, q.want, q.ask(rows)) })
			}
		}
	}
}
