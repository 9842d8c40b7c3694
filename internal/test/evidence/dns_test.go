// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-winnet/otelcol-winnet/internal/test/datagen/incident"
	"github.com/otelcol-winnet/otelcol-winnet/receiver/asimdnsreceiver"
)

// config returns the configuration of a replay of DNS events in a profile: the keywords of the shipped configurations,
// and the timeouts of the server's own queries.
func config(path, profile string) map[string]any {
	c := map[string]any{
		"enable_flags": []any{"security", "timeouts"}, "profile": profile, "answers": map[string]any{"detail": true},
		"device": map[string]any{"hostname": "dns01.contoso.com", "ip": incident.Server}, "replay": map[string]any{"path": path},
	}
	if profile == "windows" { // profile asim always uses lower case
		c["names"] = "lower"
	}
	return c
}

const clientProvider = "{1C95126E-7EEA-49A9-A3FE-A378B03DDB4D}"

// parent returns a name without its first label.
func parent(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	return rest
}

// regular reports whether there are many times, at equal distances to within a second.
func regular(times []time.Time) bool {
	for i := 2; i < len(times); i++ {
		if d := times[i].Sub(times[i-1]) - times[i-1].Sub(times[i-2]); d.Abs() > time.Second {
			return false
		}
	}
	return len(times) >= 20
}

// serverQuestions are questions about the DNS server's records in both profiles. Each returns lines, and must return
// exactly the wanted ones.
var serverQuestions = []struct {
	name string
	ask  func(t table) []string
	want []string
}{
	{
		"which client asks one name at regular intervals",
		func(t table) []string {
			times := map[string][]time.Time{}
			for _, r := range t.where("DnsRole", "client-query") {
				key := r.text("SrcIpAddr") + " " + r.text("DnsQuery")
				times[key] = append(times[key], r.at)
			}
			var found []string
			for key, list := range times {
				if regular(list) {
					found = append(found, key)
				}
			}
			return found
		},
		[]string{incident.BeaconClient + " " + incident.BeaconName},
	},
	{
		"in how many spellings the name was asked",
		func(t table) []string {
			rows := t.where("DnsRole", "client-query", "DnsQuery", incident.BeaconName)
			return []string{fmt.Sprint(len(rows.that(func(r row) bool { return r.text("DnsQueryOriginal") != "" }).distinct("DnsQueryOriginal")))}
		},
		[]string{fmt.Sprint(incident.Beacons - 1)}, // the first is in lower case
	},
	{
		"who asks many long names below one domain (the server, which asks for its clients, is no client)",
		func(t table) []string {
			long := t.that(func(r row) bool { return r.text("DnsRole") == "client-query" && len(r.text("DnsQuery")) > 50 })
			counts := map[string]int{}
			for _, name := range long.distinct("SrcIpAddr", "DnsQuery") {
				client, name, _ := strings.Cut(name, " ")
				counts[client+" "+parent(name)]++
			}
			return most(counts, 20)
		},
		[]string{incident.TunnelClient + " " + incident.TunnelDomain},
	},
	{
		"who gets many answers that a name does not exist",
		func(t table) []string {
			return most(t.where("DnsRole", "client-response", "EventResultDetails", "NXDOMAIN").count("SrcIpAddr"), 20)
		},
		[]string{incident.BurstClient},
	},
	{
		"all failures of clients' queries, including the ignored ones",
		func(t table) []string {
			counts := t.where("DnsRole", "client-response", "EventResult", "Failure").count("SrcIpAddr")
			return lines(counts, func(client string) bool { return slices.Contains(suspects, client) })
		},
		[]string{
			fmt.Sprint(incident.BurstClient, " ", incident.Burst), fmt.Sprint(incident.DroppedOnes, " ", incident.Dropped), fmt.Sprint("10.1.4.46 ", incident.Timeouts),
		},
	},
	{
		"which answer has this address, exactly",
		func(t table) []string {
			return t.that(func(r row) bool {
				return slices.ContainsFunc(r.list("DnsAnswers"), func(a any) bool { return data(a) == incident.ControlHost })
			}).distinct("SrcIpAddr", "DnsQuery")
		},
		[]string{"10.1.4.43 " + incident.ControlName},
	},
	{
		"which answer is this text, whole",
		func(t table) []string {
			return t.that(func(r row) bool {
				return slices.ContainsFunc(r.list("DnsAnswers"), func(a any) bool { return data(a) == `"`+incident.Text+`"` })
			}).distinct("SrcIpAddr", "DnsQuery")
		},
		[]string{"10.1.4.43 " + incident.TextName},
	},
	{
		"which name moves between many addresses",
		func(t table) []string {
			addresses := map[string]map[string]bool{}
			for _, r := range t.where("DnsRole", "client-response", "EventResult", "Success", "DnsQueryTypeName", "A") {
				if ttl, ok := r.of["DnsAnswerMinTtl"].(int64); !ok || ttl > 60 {
					continue
				}
				name := r.text("DnsQuery")
				if addresses[name] == nil {
					addresses[name] = map[string]bool{}
				}
				for _, a := range r.list("DnsAnswers") {
					addresses[name][data(a)] = true
				}
			}
			var found []string
			for name, set := range addresses {
				if len(set) >= 10 {
					found = append(found, name)
				}
			}
			return found
		},
		[]string{incident.FluxName},
	},
	{
		"which resolvers the server asks",
		func(t table) []string {
			counts := t.where("DnsRole", "recursive-query").count("SrcIpAddr", "DstIpAddr")
			return lines(counts, func(key string) bool { return !strings.HasSuffix(key, " "+incident.Forwarder) })
		},
		[]string{fmt.Sprint(incident.Server, " ", incident.Odd, " ", incident.OddAsked)},
	},
	{
		"which resolvers do not answer the server",
		func(t table) []string {
			rows := t.where("DnsRole", "recursive-response", "EventResult", "Failure", "EventResultDetails", "NA")
			return lines(rows.count("DstIpAddr", "DnsQuery"), nil)
		},
		[]string{fmt.Sprint(incident.Forwarder, " dead.example ", incident.Timeouts)},
	},
	{
		"who asks for a zone, and what comes of it",
		func(t table) []string {
			return t.where("DnsRole", "transfer").that(func(r row) bool { return r.text("EventResult") != "NA" }).
				distinct("SrcIpAddr", "DnsQuery", "DnsQueryTypeName", "EventResult", "EventResultDetails")
		},
		[]string{
			incident.Secondary + " " + incident.Domain + " AXFR Success NOERROR", incident.Stranger + " " + incident.Domain + " AXFR Failure REFUSED",
		},
	},
	{
		"what dynamic updates change, and who sends them",
		func(t table) []string {
			var found []string
			for _, r := range t.where("EventType", "Update", "DnsRole", "update", "EventSubType", "request") {
				for _, u := range r.list("DnsUpdates") {
					u := u.(map[string]any)
					found = append(found, fmt.Sprint(r.text("SrcIpAddr"), " ", u["operation"], " ", u["name"], " ", u["type"], " ", u["data"]))
				}
			}
			return found
		},
		[]string{
			"10.1.4.44 add ws44.contoso.com A 10.1.4.44", incident.Stranger + " add " + incident.PlantedHost + " A " + incident.Stranger,
			incident.Stranger + " delete " + incident.RemovedHost + " A 10.0.40.3",
		},
	},
	{
		"who is a client (a server that asks for others is not)",
		func(t table) []string {
			return t.where("DnsRole", "client-query").that(func(r row) bool { return r.text("SrcIpAddr") == incident.Server }).distinct("SrcIpAddr")
		},
		nil,
	},
	{
		"whether every query's role is known",
		func(t table) []string { return t.where("DnsRole", "").distinct("EventType", "EventSubType") },
		nil,
	},
}

// suspects are the clients that the intrusion uses.
var suspects = []string{incident.BurstClient, incident.DroppedOnes, incident.TunnelClient, incident.BeaconClient, "10.1.4.46"}

// data returns an answer's data.
func data(answer any) string {
	if m, ok := answer.(map[string]any); ok {
		answer = m["data"]
	}
	return fmt.Sprint(answer)
}

// lines returns one line for each count whose key is wanted.
func lines(counts map[string]int, keep func(string) bool) []string {
	var list []string
	for key, n := range counts {
		if keep == nil || keep(key) {
			list = append(list, fmt.Sprint(key, " ", n))
		}
	}
	return list
}

// auditNames are the attributes of the records of audit events: in profile windows those of the schema Dns, in profile asim
// those of the schema AuditEvent.
type auditNames struct {
	user, userType, verb, record string
	changes                      func(t table) table // those of a known kind
}

func namesIn(profile string) auditNames {
	if profile == "asim" {
		return auditNames{"ActorUserId", "ActorUserIdType", "EventType", "Object", func(t table) table {
			return t.where("EventSchema", "AuditEvent").that(func(r row) bool { return r.text("ObjectType") != "" })
		}}
	}
	return auditNames{"SrcUserId", "SrcUserIdType", "EventSubType", "DnsQuery", func(t table) table { return t.where("DnsRole", "audit", "EventType", "Update") }}
}

// auditQuestions are questions about the records of changes, which both profiles have.
var auditQuestions = []struct {
	name string
	ask  func(t table, n auditNames) []string
	want []string
}{
	{
		"who changes the server (of a dynamic update the server's own account is no answer)",
		func(t table, n auditNames) []string {
			return n.changes(t).that(func(r row) bool { return r.text(n.user) != "" }).distinct(n.userType, n.user)
		},
		[]string{"SID " + incident.Intruder, "SID " + incident.Admin},
	},
	{
		"what this user changes",
		func(t table, n auditNames) []string {
			return n.changes(t).where(n.user, incident.Intruder).distinct(n.verb, "OriginalObjectType", "Object", "OldValue", "NewValue")
		},
		[]string{
			"set Server Setting LogLevel  0x0",
			"create Server Level Policy Open  ",
			"delete Server Level Policy BlackholePolicy  ",
			"delete Cache Entry login.adatum.com  ",
			"delete Resource Record siem.contoso.com 10.0.40.12 ",
			"create Resource Record siem.contoso.com  10.1.9.66",
		},
	},
	{
		"which record was deleted, which added, by whom",
		func(t table, n auditNames) []string {
			return t.where("DnsRole", "audit", n.record, "siem.contoso.com").distinct(n.verb, "DnsQueryTypeName", n.user)
		},
		[]string{"create A " + incident.Intruder, "delete A " + incident.Intruder},
	},
	{
		"from where a record was changed by a dynamic update",
		func(t table, n auditNames) []string {
			return n.changes(t).that(func(r row) bool { return r.text("SrcIpAddr") != "" }).
				distinct("SrcIpAddr", n.verb, n.record, "DnsQueryTypeName")
		},
		[]string{
			"10.1.4.44 create ws44.contoso.com A", incident.Stranger + " create " + incident.PlantedHost + " A", incident.Stranger + " delete " + incident.RemovedHost + " A",
		},
	},
	{
		"which changes are of a kind that is not known yet",
		func(t table, n auditNames) []string {
			return t.where("DnsRole", "audit").that(func(r row) bool { return r.text("OriginalObjectType") == "" }).distinct(n.user)
		},
		[]string{incident.Intruder},
	},
}

// clientQuestions are questions about the workstation's records in both profiles.
var clientQuestions = []struct {
	name string
	ask  func(t table) []string
	want []string
}{
	{
		"which resolvers are asked beside the workstation's own",
		func(t table) []string {
			return t.that(func(r row) bool { return r.text("DstIpAddr") != "" && r.text("DstIpAddr") != incident.Server }).distinct("SrcProcessId", "DnsQuery", "DstIpAddr")
		},
		[]string{fmt.Sprint(incident.Bypass, " ", incident.BypassName, " ", incident.Odd)},
	},
	{
		"which look-ups fail (probes and cache misses are not look-ups)",
		func(t table) []string {
			return t.where("EventResult", "Failure").distinct("DnsQuery", "EventResult")
		},
		func() []string {
			var list []string
			for name := range incident.Failed() {
				list = append(list, name+" Failure")
			}
			return list
		}(),
	},
	{
		"which process looks up what it should not",
		func(t table) []string {
			return t.where("DnsQuery", incident.ImplantName).that(func(r row) bool { return r.text("SrcProcessId") != "" }).distinct("SrcProcessId")
		},
		[]string{fmt.Sprint(incident.Implant)},
	},
	{
		"whether the service, which asks for all, is taken for an asking process",
		func(t table) []string {
			return t.where("SrcProcessId", fmt.Sprint(incident.Service)).distinct("DnsQuery")
		},
		nil,
	},
	{
		"which answers without records are failures",
		func(t table) []string {
			return t.where("DnsQuery", "v4only.example").that(func(r row) bool { return r.text("EventResult") != "NA" }).distinct("EventResult", "EventResultDetails")
		},
		[]string{"Success NOERROR"},
	},
	{
		"which transport and port are claimed of a look-up that may have been HTTPS",
		func(t table) []string {
			return t.that(func(r row) bool { return r.text("DstPortNumber") != "" || r.text("NetworkProtocol") != "" }).distinct("EventType", "DstPortNumber", "NetworkProtocol")
		},
		nil,
	},
	{
		"whether the workstation is taken for a resolver",
		func(t table) []string {
			return t.that(func(r row) bool { return r.text("Dst") == r.text("Dvc") && r.text("Dst") != "" }).distinct("Dst")
		},
		nil,
	},
}

func TestTheQuestionsOfADNSServersRecords(t *testing.T) {
	files, err := incident.Write(t.TempDir())
	require.NoError(t, err)
	for _, profile := range []string{"windows", "asim"} {
		rows := replay(t, asimdnsreceiver.NewFactory(), config(files.Server, profile))
		for _, q := range serverQuestions {
			t.Run(profile+"/"+q.name, func(t *testing.T) { require.ElementsMatch(t, q.want, q.ask(rows)) })
		}
		for _, q := range auditQuestions {
			t.Run(profile+"/"+q.name, func(t *testing.T) {
				found := q.ask(rows, namesIn(profile))
				for i, line := range found { // the schema AuditEvent has its verbs with a capital
					for _, verb := range []string{"Create", "Delete", "Set"} {
						found[i] = strings.Replace(found[i], verb+" ", strings.ToLower(verb)+" ", 1)
					}
					require.Equal(t, len(line), len(found[i]))
				}
				require.ElementsMatch(t, q.want, found)
			})
		}
	}
}

func TestTheQuestionsOfAWorkstationsRecords(t *testing.T) {
	files, err := incident.Write(t.TempDir())
	require.NoError(t, err)
	for _, profile := range []string{"windows", "asim"} {
		c := config(files.Client, profile)
		c["provider_guid"], c["enable_flags"] = clientProvider, "security"
		c["device"] = map[string]any{"hostname": "ws27.contoso.com", "ip": incident.Workstation}
		rows := replay(t, asimdnsreceiver.NewFactory(), c)
		for _, q := range clientQuestions {
			t.Run(profile+"/"+q.name, func(t *testing.T) { require.ElementsMatch(t, q.want, q.ask(rows)) })
		}
	}
}
