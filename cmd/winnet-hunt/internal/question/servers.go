// SPDX-License-Identifier: Apache-2.0

// The questions about DNS servers, the programs that ask, and the collectors.

package question

func oddResolvers() Question {
	asked := func(r relation, resolver expr) relation {
		return r.project(as("Asker", column("Dvc")), as("Resolver", resolver), same("EventCount"), same("EventStartTime"))
	}
	all := union(
		asked(dns().where(eq(more("DnsRole"), text("recursive-query")), has(column("DstIpAddr"))), column("DstIpAddr")),
		asked(dns().expand("Server", moreList("RecursionServers"), ""), column("Server")),
		asked(dns().where(and(eq(column("EventProduct"), text("DNS Client")), in(column("EventOriginalType"), texts("3008", "3011")...), has(column("DstIpAddr")))), column("DstIpAddr")),
	).summarize(sames("Asker", "Resolver"), as("Asked", sum(column("EventCount"))), as("First", least(column("EventStartTime"))), as("Last", most(column("EventStartTime"))))
	usual := all.summarize(sames("Asker"), as("Total", sum(column("Asked"))), as("Most", most(column("Asked"))))
	return define(Question{
		ID: "odd-resolvers", Name: "Odd resolvers",
		Planted: "below 2 % of a server's queries, below 3 % of a workstation's; 10 of 209",
		Near:    "11 of 209; 2 of 50, of which no resolver has half; a second forwarder with 10 % or more; the usual resolver",
		Title:   "Which resolver is asked that a host or a DNS server does not usually ask?", Tables: []string{DNS}, Severity: "Medium",
		Columns: []Column{{"Asker", Text}, {"Resolver", Text}, {"Asked", Int}, {"Total", Int}, {"First", Time}, {"Last", Time}},
		Reading: "Asker is a DNS server or a host whose DNS Client is recorded. It asked another resolver for at least half of its Total queries, and this one for at most a twentieth. " +
			"Compare the resolver with the forwarders that are configured.",
		Volume: "volume: lean sums the look-ups of a name by one process in five minutes. A sum whose look-ups asked different servers says none, so a resolver that only such look-ups asked is not found. Of " +
			"the queries of a DNS server for a name that a client asks for again and again, a sum names each server that was asked and not how often: each gets the whole count, so a resolver " +
			"that few of them asked seems usual and may not be found.",
		FalseAlarms: "A forwarder was replaced, or a second one took over for a while. A server that asks the authoritative servers itself has no usual resolver and is not in the answer.",
		Tactics:     []string{"CommandAndControl", "CredentialAccess"},
		Techniques:  []Technique{{"T1071.004", "Application Layer Protocol: DNS"}, {"T1557", "Adversary-in-the-Middle"}},
	}, 1, all.with(usual, "Asker").
		where(and(ge(times(column("Most"), number(2)), column("Total")), le(times(column("Asked"), number(20)), column("Total")))).
		project(sames("Asker", "Resolver", "Asked", "Total", "First", "Last")...).
		order("Asked", "Asker", "Resolver"))
}

func zoneTransfers() Question {
	return define(Question{
		ID: "zone-transfers", Name: "Zone transfers",
		Planted: "a zone that was sent",
		Near:    "requests that were refused; a secondary's query for the SOA",
		Title:   "Who fetched a whole zone?", Tables: []string{DNS}, Severity: "High",
		Columns: []Column{{"Client", Text}, {"Zone", Text}, {"Times", Int}, {"First", Time}, {"Last", Time}},
		Reading: "A client that got a zone knows every name in it. Refused requests are not in the answer, nor are requests for changes (IXFR): a server may answer one with the " +
			"whole zone, too (RFC 1995). Those are the rows with EventOriginalType 267.",
		FalseAlarms: "Secondary servers fetch a zone when they start. Exclude their addresses.",
		Tactics:     []string{"Reconnaissance", "Discovery"},
		Techniques:  []Technique{{"T1590.002", "Gather Victim Network Information: DNS"}, {"T1018", "Remote System Discovery"}},
	}, 1, dns().
		where(and(eq(column("EventOriginalType"), text("271")), eq(column("EventResultDetails"), text("NOERROR")))).
		summarize([]named{as("Client", client()), as("Zone", name())}, as("Times", sum(column("EventCount"))), as("First", least(column("EventStartTime"))), as("Last", most(column("EventStartTime")))).
		order("First", "Client", "Zone"))
}

func strangeUpdates() Question {
	return define(Question{
		ID: "strange-updates", Name: "Dynamic updates by strangers",
		Planted: "first update 1 minute or more after the dividing time",
		Near:    "first update 2, and 6 to 10 minutes before it, and another later",
		Title:   "Which client updates records of a zone that never updated one before?", Tables: []string{DNS}, Severity: "Medium", Baseline: true,
		Columns: []Column{{"Client", Text}, {"First", Time}, {"Updates", Int}, {"Refused", Int}, {"Zones", Int}, {"Zone", Text}},
		Reading: "First is the client's first dynamic update in the time that the query looks back; it is of the last day. Members of a domain update their own records once a day. " +
			"The rows of the client with EventOriginalType 263 say in AdditionalFields.DnsUpdates which records it wanted.",
		FalseAlarms: "A host that has just joined the domain, and a DHCP server that registers names for its clients.",
		Tactics:     []string{"CredentialAccess", "Collection"}, Techniques: []Technique{{"T1557", "Adversary-in-the-Middle"}},
	}, 15, dns().
		where(in(column("EventOriginalType"), texts("263", "264")...)).
		summarize([]named{as("Client", client())}, as("First", least(column("EventStartTime"))),
			as("Updates", sum(iff(eq(column("EventOriginalType"), text("263")), number(1), number(0)))),
			as("Refused", sum(iff(eq(column("EventResult"), text("Failure")), number(1), number(0)))),
			as("Zones", different(name())), as("Zone", anyOf(name()))).
		where(ge(column("First"), since())).
		order("First", "Client"))
}

func serverChanges() Question {
	by := func(user string) expr { return and(has(column(user)), ne(column(user), text("S-1-5-18"))) }
	return define(Question{
		ID: "server-changes", Name: "Changes of a DNS server",
		Planted: "changes by users: of settings, policies, forwarders, a zone and a record",
		Near:    "changes by the server itself; a dynamic update",
		Title:   "Who changed what on a DNS server?", Tables: []string{DNS, Audit}, Severity: "Medium",
		Columns: []Column{{"Time", Time}, {"Server", Text}, {"User", Text}, {"Operation", Text}, {"Object", Text}, {"Zone", Text}},
		Reading: "Each row is a change that a user made: of a policy, a setting, a zone or a record. The setting ServerLevelPluginDll loads a program into the server; LogLevel 0 blinds it; " +
			"a policy with the action IGNORE or ALLOW decides who gets which answer. The rows are in ASimAuditEventLogs with profile: asim, else in ASimDnsActivityLogs; the query reads both.",
		FalseAlarms: "Administrators' own work: compare with the tickets of the day. What the server does by itself, as LocalSystem, and dynamic updates are not in the answer.",
		Tactics:     []string{"DefenseEvasion", "Persistence"},
		Techniques:  []Technique{{"T1562", "Impair Defenses"}, {"T1505", "Server Software Component"}},
	}, 1, union(
		dns().
			where(eq(more("DnsRole"), text("audit")), eq(column("EventType"), text("Update")), by("SrcUserId")).
			project(as("Time", column("TimeGenerated")), as("Server", column("Dvc")), as("User", orElse(column("SrcUsername"), column("SrcUserId"))),
				as("Operation", more("Operation")), as("Object", more("Object")), as("Zone", more("Zone"))),
		table(Audit).
			where(and(eq(column("EventProduct"), text("DNS Server")), eq(more("DnsRole"), text("audit"))), by("ActorUserId")).
			project(as("Time", column("TimeGenerated")), as("Server", orElse(column("DvcFQDN"), orElse(column("DvcHostname"), more("Dvc")))),
				as("User", orElse(column("ActorUsername"), column("ActorUserId"))), same("Operation"), same("Object"), as("Zone", more("Zone")))).
		order("Time", "Server", "Object"))
}

// needless are programs that have no reason to resolve names by themselves, as the ends of paths.
func needless() []string {
	return []string{`\calc.exe`, `\charmap.exe`, `\dllhost.exe`, `\mspaint.exe`, `\notepad.exe`, `\regsvr32.exe`, `\rundll32.exe`, `\werfault.exe`, `\write.exe`}
}

func strangeProcess() Question {
	looked := answers().
		where(eq(column("EventProduct"), text("DNS Client")), has(column("SrcProcessId"))).
		extend(as("Process", together(column("Dvc"), text("/"), column("SrcProcessId")))).
		summarize([]named{same("Process"), as("Domain", domainOf())}, as("Host", anyOf(column("Dvc"))), as("ProcessId", anyOf(column("SrcProcessId"))),
			as("Program", anyText(column("SrcProcessName"))), as("Asked", sum(column("EventCount"))), as("First", least(column("EventStartTime"))), as("Last", most(column("EventStartTime"))))
	alone := looked.summarize(sames("Domain"), as("Askers", count()))
	byName := ends(together(text(`\`), column("Program")), needless()...)
	return define(Question{
		ID: "strange-process", Name: "A process that should not resolve",
		Planted: "5, and 8 to 14 look-ups of one domain that nobody else asks for; each program of the list",
		Near:    "4 such look-ups; 8 of two domains of its own; 8 of a domain that one other process asks for; 8 to 14 by a process that asks for other domains, too",
		Title:   "Which process resolves names that should not?", Tables: []string{DNS}, Severity: "Medium",
		Columns: []Column{{"Host", Text}, {"ProcessId", Text}, {"Program", Text}, {"Reason", Text}, {"Domains", Int}, {"Domain", Text}, {"Asked", Int}, {"First", Time}, {"Last", Time}},
		Reading: "Reason program: a program that needs no names by itself resolved one. Reason alone: a process asked five times or more, only for names below one domain, and " +
			"no other process on any host asked for that domain. A recording has no names of programs, so there only the second reason counts.",
		FalseAlarms: "An agent of a single vendor on a single host is alone, too. Administrators use rundll32 and regsvr32.",
		Tactics:     []string{"CommandAndControl", "DefenseEvasion"},
		Techniques:  []Technique{{"T1071.004", "Application Layer Protocol: DNS"}, {"T1055", "Process Injection"}},
	}, 1, looked.with(alone, "Domain").
		summarize(sames("Process"), as("Host", anyOf(column("Host"))), as("ProcessId", anyOf(column("ProcessId"))), as("Program", anyText(column("Program"))),
			as("Domains", count()), as("Shared", sum(iff(gt(column("Askers"), number(1)), number(1), number(0)))), as("Domain", anyOf(column("Domain"))),
			as("Asked", sum(column("Asked"))), as("First", least(column("First"))), as("Last", most(column("Last")))).
		where(or(and(eq(column("Domains"), number(1)), eq(column("Shared"), number(0)), ge(column("Asked"), number(5))), byName)).
		extend(as("Reason", iff(byName, text("program"), text("alone")))).
		project(sames("Host", "ProcessId", "Program", "Reason", "Domains", "Domain", "Asked", "First", "Last")...).
		order("Asked", "Host", "ProcessId"), domainKQL)
}

func silentCollector() Question {
	const silence = 15 * 60
	columns := sames("Host", "Component", "Finding", "Object", "Since", "Message")
	silent := status().where(eq(column("Kind"), text("heartbeat"))).
		latest([]string{"Dvc", "Component"}, "TimeGenerated", "State", "Message").
		where(ne(column("State"), text("replayed"))).
		where(lt(later(column("TimeGenerated"), silence), until())).
		extend(as("Host", column("Dvc")), as("Finding", iff(eq(column("State"), text("stopped")), text("stopped"), text("silent"))), as("Object", text("")), as("Since", column("TimeGenerated"))).
		project(columns...)
	tampered := status().where(eq(column("Kind"), text("security"))).
		extend(as("At", known(column("EventEndTime"), column("TimeGenerated")))).
		latest([]string{"Dvc", "Component", "EventType", "Object"}, "At", "State", "Message").
		where(eq(column("State"), text("raised"))).
		extend(as("Host", column("Dvc")), as("Finding", column("EventType")), as("Since", column("At"))).
		project(columns...)
	return define(Question{
		ID: "silent-collector", Name: "Silent or tampered collector",
		Planted: "16 minutes of silence and more; a stop; a change that is not over",
		Near:    "14 minutes of silence at most; 30 to 50 minutes of it that are over; a change that is over",
		Title:   "Which collector went silent, or was tampered with?", Tables: []string{Status}, Severity: "High",
		Columns: []Column{{"Host", Text}, {"Component", Text}, {"Finding", Text}, {"Object", Text}, {"Since", Time}, {"Message", Text}},
		Reading: "Finding silent: no heartbeat for 15 minutes, and the last one did not say that it stops or that a recording was replayed. The query looks back 15 days. Finding stopped: someone stopped the collector in order. Any other finding is " +
			"what was changed: the session, a provider, a keyword, the map or its configuration; it is not over.",
		FalseAlarms: "A host that was switched off or patched, and a far end that was out of reach. Needs heartbeat: 5m or less on the receivers, and status_records: true for tampering.",
		Tactics:     []string{"DefenseEvasion"}, Techniques: []Technique{{"T1562.001", "Impair Defenses: Disable or Modify Tools"}, {"T1562.006", "Impair Defenses: Indicator Blocking"}},
	}, 15, union(silent, tampered).order("Since", "Host", "Component", "Object"))
}
