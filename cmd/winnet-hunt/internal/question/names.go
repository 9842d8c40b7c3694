// SPDX-License-Identifier: Apache-2.0

// The questions about what clients ask for.

package question

// definitions are the questions in order.
func definitions() []func() Question {
	return []func() Question{
		beaconing, tunnelling, nxdomainBurst, generatedNames, newDomains, newClients, textAbuse, oddResolvers, zoneTransfers, strangeUpdates,
		serverChanges, overHTTPS, deniedTraffic, lateralMovement, scans, firstContact, exfiltration, manyAddresses, strangeProcess, silentCollector,
	}
}

func beaconing() Question {
	gap, square := known(moreNumber("GapSum"), number(0)), known(moreNumber("GapSquareSum"), number(0))
	return define(Question{
		ID: "beaconing", Name: "Beaconing",
		Planted: "30, and 35 to 65 gaps with an irregularity of 0.08, each time in another spelling; an irregularity of 0.095; a mean of 10.5 s",
		Near:    "24 to 28, and 29 gaps; an irregularity of 0.105; a mean of 9.5 s",
		Title:   "Which client asks for the same name at regular intervals?", Tables: []string{DNS}, Severity: "Medium",
		Columns: []Column{{"Client", Text}, {"Name", Text}, {"Gaps", Int}, {"MeanSeconds", Real}, {"Irregularity", Real}, {"First", Time}, {"Last", Time}},
		Reading: "Gaps is the number of times between two queries, at least 30, and MeanSeconds their mean, at least 10. Irregularity is their standard deviation " +
			"divided by the mean, at most 0.1: 0 is a clock. Look at what the name resolves to, and at which process of the client asks.",
		FalseAlarms: "Updates, telemetry, monitoring and mail clients ask by the clock. Exclude the names that you know.",
		Tactics:     []string{"CommandAndControl"}, Techniques: []Technique{{"T1071.004", "Application Layer Protocol: DNS"}},
	}, 1, answers().
		project(same("Dvc"), as("Client", client()), as("Name", name()), same("DnsQueryTypeName"), same("EventCount"), as("GapSum", gap), as("Squared", square),
			as("Start", column("EventStartTime"))).
		extend(as("End", afterGaps())).
		previous([]string{"Dvc", "Client", "Name", "DnsQueryTypeName"}, "Start", "End").
		extend(as("Gap", seconds(column("LastEnd"), column("Start")))).
		summarize(sames("Dvc", "Client", "Name", "DnsQueryTypeName"),
			as("Gaps", minus(sum(column("EventCount")), number(1))),
			as("Total", plus(known(sum(column("Gap")), real(0)), over(sum(column("GapSum")), number(1000)))),
			as("Squares", plus(known(sum(times(column("Gap"), column("Gap"))), real(0)), over(sum(column("Squared")), number(1000000)))),
			as("First", least(column("Start"))), as("Last", most(column("End")))).
		where(ge(column("Gaps"), number(30))).
		extend(as("MeanSeconds", over(column("Total"), column("Gaps")))).
		extend(as("Variance", minus(over(column("Squares"), column("Gaps")), times(column("MeanSeconds"), column("MeanSeconds"))))).
		extend(as("Irregularity", over(call("sqrt", "sqrt", iff(gt(column("Variance"), number(0)), column("Variance"), real(0))), column("MeanSeconds")))).
		where(and(ge(column("MeanSeconds"), number(10)), le(column("Irregularity"), number(0.1)))).
		project(sames("Client", "Name", "Gaps", "MeanSeconds", "Irregularity", "First", "Last")...).
		order("Gaps", "Client", "Name"))
}

func tunnelling() Question {
	part := expr{"substring(Name, 0, strlen(Name) - strlen(Domain) - 1)", `substr("Name", 1, length("Name") - length("Domain") - 1)`}
	return define(Question{
		ID: "tunnelling", Name: "Tunnelling through names",
		Planted: "50, and 80 to 160 names of 48 to 100 hexadecimal characters; parts of 40 characters; an entropy of 3.05",
		Near:    "40 to 47, and 49 such names; parts of 39 characters; an entropy of 2.9; 120 long names that repeat a word; 200 names of 12 to 16 characters",
		Title:   "Which client sends data in names, long ones that look random, below one domain?", Tables: []string{DNS}, Severity: "High",
		Columns: []Column{{"Client", Text}, {"Domain", Text}, {"Names", Int}, {"Characters", Int}, {"Entropy", Real}, {"Example", Text}, {"First", Time}, {"Last", Time}},
		Reading: "Names is the number of different names with 40 characters or more before the domain, at least 50. Characters is what these hold together: about how " +
			"much was sent. Entropy is Shannon's, in bits per character, the mean of the names, at least 3: text that repeats is below, and hexadecimal, base32 and base64 are above.",
		FalseAlarms: "Reputation services of virus scanners, content networks and telemetry put hashes and identifiers into names. Such domains are few, and all clients ask for them.",
		Tactics:     []string{"CommandAndControl", "Exfiltration"},
		Techniques:  []Technique{{"T1071.004", "Application Layer Protocol: DNS"}, {"T1048.003", "Exfiltration Over Unencrypted Non-C2 Protocol"}, {"T1572", "Protocol Tunneling"}},
	}, 1, answers().
		where(ge(length(column("DnsQuery")), number(43))).
		extend(as("Client", client()), as("Name", name()), as("Domain", domainOf())).
		where(ge(minus(length(column("Name")), length(column("Domain"))), number(41))).
		summarize(sames("Client", "Domain", "Name"), as("First", least(column("EventStartTime"))), as("Last", most(column("EventStartTime")))).
		extend(as("Part", part)).
		entropy("Entropy", "Part").
		summarize(sames("Client", "Domain"), as("Names", count()), as("Characters", sum(length(column("Part")))), as("Entropy", mean(column("Entropy"))),
			as("Example", anyOf(column("Name"))), as("First", least(column("First"))), as("Last", most(column("Last")))).
		where(and(ge(column("Names"), number(50)), ge(column("Entropy"), number(3)))).
		order("Characters", "Client", "Domain"), domainKQL)
}

// afterGaps is when the last of the look-ups of a sum began.
func afterGaps() expr { return expr{"Start + GapSum * 1ms", `("Start" + "GapSum" * 1000)`} }

// begunBefore is how many of the look-ups of a sum began before a time, if their gaps are equal.
func begunBefore(t expr) expr {
	begun := over(times(times(seconds(column("Start"), t), number(1000)), minus(column("EventCount"), number(1))), column("GapSum"))
	return call("max_of", "max", number(0), call("min_of", "min", column("EventCount"), expr{"tolong(ceiling(" + begun.kql + "))", "CAST(ceil(" + begun.sql + ") AS INTEGER)"}))
}

func nxdomainBurst() Question {
	const minutes = 5
	return define(Question{
		ID: "nxdomain-burst", Name: "Burst of names that do not exist",
		Planted: "200 failures in a window; 500 to 700 in two minutes: of as many names, of one, and of noise",
		Near:    "199 failures in a window; 39 a minute for half an hour; 400 in 100 minutes",
		Title:   "Which client asks for many names in a short time that do not exist?", Tables: []string{DNS}, Severity: "Medium",
		Columns:     []Column{{"Client", Text}, {"Window", Time}, {"Failures", Int}, {"Names", Int}},
		Reading:     "A window is five minutes; it has 200 failures or more. Many different names mean that a program tries names; one name means that a service is gone.",
		FalseAlarms: "A changed search list, a server that was switched off, a mail filter that asks block lists, and a scan for vulnerabilities.",
		Tactics:     []string{"CommandAndControl", "Reconnaissance"},
		Techniques:  []Technique{{"T1568", "Dynamic Resolution"}, {"T1590.002", "Gather Victim Network Information: DNS"}},
		Volume: "volume: lean sums the answers of a name that a client asks for again and again, noise such as reverse look-ups of private addresses for an hour. The failures of a sum " +
			"count as spread evenly over its time, so a burst of one such name that also fails for an hour may be missed.",
	}, 1, answers().
		where(eq(column("EventResultDetails"), text("NXDOMAIN"))).
		project(same("Dvc"), as("Client", client()), as("Name", name()), as("Start", column("EventStartTime")), same("EventCount"), as("GapSum", known(moreNumber("GapSum"), number(0)))).
		extend(as("End", afterGaps())).
		windows("Window", minutes, "Start", "End").
		extend(as("Failures", iff(gt(column("GapSum"), number(0)), minus(begunBefore(later(column("Window"), 60*minutes)), begunBefore(column("Window"))), column("EventCount")))).
		summarize(sames("Dvc", "Client", "Window"), as("Failures", sum(column("Failures"))), as("Names", different(column("Name")))).
		where(ge(column("Failures"), number(200))).
		project(sames("Client", "Window", "Failures", "Names")...).
		order("Failures", "Client"))
}

func generatedNames() Question {
	label := expr{`tostring(split(Domain, ".")[0])`, `substr("Domain", 1, instr("Domain" || '.', '.') - 1)`}
	vowels := expr{`countof(Label, "[aeiou]", "regex")`, `(length("Label") - length(replace(replace(replace(replace(replace("Label", 'a', ''), 'e', ''), 'i', ''), 'o', ''), 'u', '')))`}
	return define(Question{
		ID: "generated-names", Name: "Generated names",
		Planted: "25, and 40 to 60 domains of 12 to 16 random letters; first labels of 10 letters; 0.27 of the letters are vowels",
		Near:    "20 to 23, and 24 such domains; first labels of 9 letters; 0.3 of the letters are vowels; 60 random names below one domain; single labels",
		Title:   "Which client asks for many domains that do not exist and that no person would choose?", Tables: []string{DNS}, Severity: "High",
		Columns: []Column{{"Client", Text}, {"Domains", Int}, {"Vowels", Real}, {"Example", Text}, {"First", Time}, {"Last", Time}},
		Reading: "Domains is the number of different domains that do not exist, whose first label has 10 characters or more, at least 25. Vowels is the share of vowels in these labels, " +
			"at most 0.28: words have about 0.4, random letters 0.19. If some name of the kind exists, look who it resolves to.",
		FalseAlarms: "Chromium asks for random single labels at its start; these have no domain. Some advertising and test programs ask for random domains.",
		Tactics:     []string{"CommandAndControl"}, Techniques: []Technique{{"T1568.002", "Dynamic Resolution: Domain Generation Algorithms"}},
	}, 1, answers().
		where(eq(column("EventResultDetails"), text("NXDOMAIN"))).
		summarize([]named{as("Client", client()), as("Domain", domainOf())}, as("First", least(column("EventStartTime"))), as("Last", most(column("EventStartTime")))).
		extend(as("Label", label)).
		where(and(ge(length(column("Label")), number(10)), gt(length(column("Domain")), length(column("Label"))))).
		extend(as("Letters", vowels)).
		summarize(sames("Client"), as("Domains", count()), as("Vowels", over(sum(column("Letters")), sum(length(column("Label"))))),
			as("Example", anyOf(column("Domain"))), as("First", least(column("First"))), as("Last", most(column("Last")))).
		where(and(ge(column("Domains"), number(25)), le(column("Vowels"), number(0.28)))).
		order("Domains", "Client"), domainKQL)
}

func newDomains() Question {
	return define(Question{
		ID: "new-domains", Name: "New domains",
		Planted: "first asked for 1 minute or more after the dividing time",
		Near:    "first asked for 2, and 6 to 10 minutes before it, and again later",
		Title:   "Which domains did nobody here ask for before?", Tables: []string{DNS}, Severity: "Low", Baseline: true,
		Columns:     []Column{{"Domain", Text}, {"First", Time}, {"Clients", Int}, {"Client", Text}, {"Asked", Int}},
		Reading:     "First is the first query for the domain in the time that the query looks back; it is of the last day. Start with domains of few clients. Client is one of them.",
		FalseAlarms: "People look at new sites every day, so use this question to look around a finding, or join it with a list of new registrations.",
		Tactics:     []string{"CommandAndControl", "ResourceDevelopment"},
		Techniques:  []Technique{{"T1071.004", "Application Layer Protocol: DNS"}, {"T1583.001", "Acquire Infrastructure: Domains"}},
	}, 15, answers().
		where(eq(column("EventResultDetails"), text("NOERROR"))).
		summarize([]named{as("Domain", domainOf())}, as("First", least(column("EventStartTime"))), as("Clients", different(client())),
			as("Client", anyOf(client())), as("Asked", sum(column("EventCount")))).
		where(ge(column("First"), since())).
		order("First", "Domain"), domainKQL)
}

func newClients() Question {
	return define(Question{
		ID: "new-clients", Name: "New clients",
		Planted: "first answer 1 minute or more after the dividing time",
		Near:    "first answer 2, and 6 to 10 minutes before it, and others later",
		Title:   "Which client asks that never asked before?", Tables: []string{DNS}, Severity: "Low", Baseline: true,
		Columns:     []Column{{"Client", Text}, {"First", Time}, {"Asked", Int}, {"Names", Int}, {"Example", Text}},
		Reading:     "First is the client's first answer in the time that the query looks back; it is of the last day. Compare the address with what DHCP leased and to whom.",
		FalseAlarms: "DHCP gives a known host another address. Guests, new hosts and containers are new, too.",
		Tactics:     []string{"InitialAccess"}, Techniques: []Technique{{"T1200", "Hardware Additions"}},
	}, 15, answers().
		summarize([]named{as("Client", client())}, as("First", least(column("EventStartTime"))), as("Asked", sum(column("EventCount"))),
			as("Names", different(name())), as("Example", anyOf(name()))).
		where(ge(column("First"), since())).
		order("First", "Client"))
}

func textAbuse() Question {
	return define(Question{
		ID: "txt-abuse", Name: "Many TXT names of a domain",
		Planted: "30, and 40 to 90 names of one domain",
		Near:    "24 to 28, and 29 names of one domain; one name 100 times; one name of each of 60 domains",
		Title:   "Which client asks for the texts of many names below one domain?", Tables: []string{DNS}, Severity: "Medium",
		Columns:     []Column{{"Client", Text}, {"Domain", Text}, {"Names", Int}, {"Asked", Int}, {"Example", Text}, {"First", Time}, {"Last", Time}},
		Reading:     "Names is the number of different names of type TXT below the domain, at least 30: a text has up to 255 bytes of commands or of a program. Read the answers of the example.",
		FalseAlarms: "Mail servers ask for SPF, DKIM and DMARC, but of many domains and for few names of each. Block lists answer in texts; exclude their domains.",
		Tactics:     []string{"CommandAndControl"}, Techniques: []Technique{{"T1071.004", "Application Layer Protocol: DNS"}, {"T1105", "Ingress Tool Transfer"}},
	}, 1, answers().
		where(eq(column("DnsQueryTypeName"), text("TXT"))).
		summarize([]named{as("Client", client()), as("Domain", domainOf())}, as("Names", different(name())), as("Asked", sum(column("EventCount"))),
			as("Example", anyOf(name())), as("First", least(column("EventStartTime"))), as("Last", most(column("EventStartTime")))).
		where(ge(column("Names"), number(30))).
		order("Names", "Client", "Domain"), domainKQL)
}

// answerList is the list of answers as JSON text. A slim row of profile asim has them in DnsResponseName, with semicolons between.
func answerList() expr {
	return expr{
		`iff(isnotempty(AdditionalFields.DnsAnswers), tostring(AdditionalFields.DnsAnswers), tostring(split(DnsResponseName, ";")))`,
		`iif("AdditionalFields.DnsAnswers" <> '', "AdditionalFields.DnsAnswers", '[' || replace(json_quote("DnsResponseName"), ';', '","') || ']')`,
	}
}

func manyAddresses() Question {
	network := expr{`strcat_array(array_slice(split(Address, "."), 0, 1), ".")`,
		`substr("Address", 1, instr("Address", '.') + instr(substr("Address", instr("Address", '.') + 1), '.') - 1)`}
	return define(Question{
		ID: "many-addresses", Name: "A name that moves",
		Planted: "15, and 40 to 60 addresses in as many networks; 24 in eight networks",
		Near:    "as many addresses in seven networks; 12 to 14 addresses in as many networks; 30 aliases that look like addresses",
		Title:   "Which name moves between many addresses in many networks?", Tables: []string{DNS}, Severity: "Medium",
		Columns: []Column{{"Name", Text}, {"Addresses", Int}, {"Networks", Int}, {"Example", Text}},
		Reading: "Addresses is the number of different IPv4 addresses of the answers, at least 15, and Networks how many different first halves (/16) they have, at least 8. " +
			"Botnets lend their members' addresses, so the networks have little in common.",
		FalseAlarms: "Large content networks and NTP pools have as many addresses, but in few networks of their own; pool.ntp.org and torrent trackers are the known exceptions.",
		Tactics:     []string{"CommandAndControl"}, Techniques: []Technique{{"T1568.001", "Dynamic Resolution: Fast Flux DNS"}},
		Volume: "volume: lean keeps at most 64 answers of a sum, so Addresses and Networks may be lower than with full and balanced.",
	}, 1, answers().
		where(eq(column("DnsQueryTypeName"), text("A"))).
		summarize([]named{as("Name", name()), as("List", answerList())}, as("Asked", sum(column("EventCount")))).
		expand("Address", expr{"todynamic(List)", `"List"`}, "List").
		where(expr{"isnotnull(parse_ipv4(Address))", `parse_ipv4("Address") IS NOT NULL`}).
		extend(as("Network", network)).
		summarize(sames("Name"), as("Addresses", different(column("Address"))), as("Networks", different(column("Network"))), as("Example", anyOf(column("Address")))).
		where(and(ge(column("Addresses"), number(15)), ge(column("Networks"), number(8)))).
		order("Addresses", "Name"))
}
