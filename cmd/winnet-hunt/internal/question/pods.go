// SPDX-License-Identifier: Apache-2.0

// The questions about pod traffic, and about traffic that goes past the DNS servers.

package question

// resolvers have names and addresses at which they answer by HTTPS and TLS. Sources: the providers' public documents.
func resolverNames() []string {
	return []string{
		"chrome.cloudflare-dns.com", "cloudflare-dns.com", "dns.adguard-dns.com", "dns.alidns.com", "dns.google", "dns.nextdns.io", "dns.quad9.net", "dns10.quad9.net",
		"dns11.quad9.net", "doh.cleanbrowsing.org", "doh.opendns.com", "doh.pub", "mozilla.cloudflare-dns.com", "one.one.one.one", "security.cloudflare-dns.com",
	}
}

func resolverAddresses() []string {
	return []string{
		"1.0.0.1", "1.1.1.1", "149.112.112.112", "208.67.220.220", "208.67.222.222", "223.5.5.5", "8.8.4.4", "8.8.8.8", "9.9.9.9", "94.140.14.14", "94.140.15.15",
		"2001:4860:4860::8844", "2001:4860:4860::8888", "2606:4700:4700::1001", "2606:4700:4700::1111", "2620:fe::9", "2620:fe::fe",
	}
}

func overHTTPS() Question {
	columns := func(at string) []named {
		return []named{as("Times", sum(column("EventCount"))), as("First", least(column(at))), as("Last", most(column(at)))}
	}
	return define(Question{
		ID: "dns-over-https", Name: "DNS over HTTPS",
		Planted: "each name and address of the list, at both ports",
		Near:    "names that contain one of the list; the addresses at port 53 and 80; another address at port 443",
		Title:   "Who goes past the DNS servers, to a public resolver over HTTPS or TLS?", Tables: []string{DNS, Network}, Severity: "Medium",
		Columns: []Column{{"Client", Text}, {"Resolver", Text}, {"Way", Text}, {"Times", Int}, {"First", Time}, {"Last", Time}},
		Reading: "Way name: the client looked up the resolver's name at a DNS server, which is how a browser begins. Way connection: a pod opened a connection to the resolver's address, " +
			"port 443 or 853. What the client asks there is in no record.",
		FalseAlarms: "Browsers switch to it by themselves. The list of resolvers is in the query: add those that your organisation allows to an exclusion.",
		Tactics:     []string{"CommandAndControl", "DefenseEvasion"},
		Techniques:  []Technique{{"T1572", "Protocol Tunneling"}, {"T1071.001", "Application Layer Protocol: Web Protocols"}},
	}, 1, union(
		answers().where(in(name(), texts(resolverNames()...)...)).
			summarize([]named{as("Client", client()), as("Resolver", name())}, columns("EventStartTime")...).
			project(same("Client"), same("Resolver"), as("Way", text("name")), same("Times"), same("First"), same("Last")),
		opened().where(and(in(column("DstPortNumber"), numbers(443, 853)...), in(column("DstIpAddr"), texts(resolverAddresses()...)...))).
			summarize([]named{as("Client", column("SrcIpAddr")), as("Resolver", column("DstIpAddr"))}, columns("EventStartTime")...).
			project(same("Client"), same("Resolver"), as("Way", text("connection")), same("Times"), same("First"), same("Last")),
	).order("Times", "Client", "Resolver"))
}

func deniedTraffic() Question {
	return define(Question{
		ID: "denied-traffic", Name: "Pod traffic denied by policy",
		Planted: "10, and 20 to 30 packets, with and without drop notifications",
		Near:    "8 or 9 packets; 6 packets, and 6 whose drop Windows' packet monitor had reported already; 20 to 30 packets that were dropped for another reason",
		Title:   "Which pod traffic does a policy deny again and again?", Tables: []string{Network}, Severity: "Medium",
		Columns: []Column{{"Source", Text}, {"Target", Text}, {"Port", Int}, {"Protocol", Text}, {"Packets", Int}, {"Reason", Text}, {"First", Time}, {"Last", Time}},
		Reading: "Packets is the number of packets that a policy denied, at least 10: by the drops or, where drop notifications are off, by the verdicts. A source that tries many ports or targets is in the question about scans; one target and one " +
			"port mean a program that is not allowed to talk, or one that was changed.",
		FalseAlarms: "A new policy that forgot a legitimate connection, and retries of a single program, which repeat a packet some six times.",
		Tactics:     []string{"LateralMovement", "Discovery"}, Techniques: []Technique{{"T1021", "Remote Services"}, {"T1046", "Network Service Discovery"}},
	}, 1, network().
		where(or(eq(column("DvcAction"), text("Deny")), and(eq(column("DvcAction"), text("Drop")), moreIs("cilium.drop.primary"))),
			starts(column("EventOriginalResultDetails"), "Policy denied")).
		summarize([]named{as("Source", column("SrcIpAddr")), as("Target", column("DstIpAddr")), as("Port", column("DstPortNumber")), as("Protocol", column("NetworkProtocol"))},
			as("Drops", sum(iff(eq(column("DvcAction"), text("Drop")), column("EventCount"), number(0)))),
			as("Denials", sum(iff(eq(column("DvcAction"), text("Deny")), column("EventCount"), number(0)))),
			as("Reason", anyOf(column("EventOriginalResultDetails"))), as("First", least(column("EventStartTime"))), as("Last", most(column("EventStartTime")))).
		extend(as("Packets", call("max_of", "max", column("Drops"), column("Denials")))).
		where(ge(column("Packets"), number(10))).
		project(sames("Source", "Target", "Port", "Protocol", "Packets", "Reason", "First", "Last")...).
		order("Packets", "Source", "Target", "Port"))
}

func lateralMovement() Question {
	return define(Question{
		ID: "lateral-movement", Name: "Lateral movement",
		Planted: "5 targets at each port of the list; 6 to 12 targets",
		Near:    "4 targets at each; 12 targets at another port, outside, and that were denied",
		Title:   "Which pod or host opens administrative connections to many others?", Tables: []string{Network}, Severity: "High",
		Columns: []Column{{"Source", Text}, {"Targets", Int}, {"Ports", Texts}, {"Example", Text}, {"First", Time}, {"Last", Time}},
		Reading: "Targets is the number of different inside addresses to which the source opened a connection at SSH, RPC, SMB, LDAP, RDP, WinRM, the Kubernetes API or the kubelet, at least 5. " +
			"Workloads seldom talk to more than one of these.",
		FalseAlarms: "Administrators' hosts, monitoring, backup and configuration management. Exclude their addresses.",
		Tactics:     []string{"LateralMovement"}, Techniques: []Technique{{"T1021", "Remote Services"}},
	}, 1, opened().
		where(and(in(column("DstPortNumber"), numbers(22, 135, 139, 389, 445, 636, 3389, 5985, 5986, 6443, 10250)...), inside("DstIpAddr"))).
		summarize([]named{as("Source", column("SrcIpAddr"))}, as("Targets", different(column("DstIpAddr"))), as("Ports", some(asText(column("DstPortNumber")))),
			as("Example", anyOf(column("DstIpAddr"))), as("First", least(column("EventStartTime"))), as("Last", most(column("EventStartTime")))).
		where(ge(column("Targets"), number(5))).
		order("Targets", "Source"), insideKQL)
}

func scans() Question {
	tried := func() relation {
		return network().where(
			or(and(eq(column("DvcAction"), text("Allow")), moreIs("cilium.packet.primary")), and(eq(column("DvcAction"), text("Drop")), moreIs("cilium.drop.primary"))),
			forth())
	}
	columns := sames("Source", "Kind", "Subject", "Different", "First", "Last")
	span := []named{as("First", least(column("EventStartTime"))), as("Last", most(column("EventStartTime")))}
	return define(Question{
		ID: "scans", Name: "Scans",
		Planted: "20, and 35 to 45 ports, or addresses",
		Near:    "16 to 19 ports, or addresses; 30 replies to as many ports, below and above 32,768; 400 connections to one port, whose replies go to as many ports",
		Title:   "Who tries many ports of an address, or one port of many addresses?", Tables: []string{Network}, Severity: "Medium",
		Columns:     []Column{{"Source", Text}, {"Kind", Text}, {"Subject", Text}, {"Different", Int}, {"First", Time}, {"Last", Time}},
		Reading:     "Kind ports: Different ports of the address Subject were tried. Kind addresses: the port Subject of Different addresses was tried. Both at least 20, whether the packets passed or were dropped.",
		FalseAlarms: "Load balancers and monitoring reach many addresses at one port. Vulnerability scanners scan. " + uncertain,
		Tactics:     []string{"Discovery"}, Techniques: []Technique{{"T1046", "Network Service Discovery"}},
	}, 1, union(
		tried().summarize([]named{as("Source", column("SrcIpAddr")), as("Subject", column("DstIpAddr"))}, append([]named{as("Different", different(column("DstPortNumber")))}, span...)...).
			where(ge(column("Different"), number(20))).extend(as("Kind", text("ports"))).project(columns...),
		tried().summarize([]named{as("Source", column("SrcIpAddr")), as("Port", column("DstPortNumber"))}, append([]named{as("Different", different(column("DstIpAddr")))}, span...)...).
			where(ge(column("Different"), number(20))).extend(as("Kind", text("addresses")), as("Subject", asText(column("Port")))).project(columns...),
	).order("Different", "Source", "Kind", "Subject"))
}

func firstContact() Question {
	return define(Question{
		ID: "first-contact", Name: "First contact with an address",
		Planted: "first connection 1 minute or more after the dividing time, to low and to high ports",
		Near:    "first connection 2, and 6 to 10 minutes before it, and others later; an address that connects to a pod",
		Title:   "Which address outside did nobody here connect to before?", Tables: []string{Network}, Severity: "Low", Baseline: true,
		Columns:     []Column{{"Target", Text}, {"First", Time}, {"Sources", Int}, {"Source", Text}, {"Port", Int}, {"Times", Int}},
		Reading:     "First is the first connection to the address in the time that the query looks back; it is of the last day. Ask the DNS rows which name resolved to it: an address without a name is the more suspicious one. " + uncertain,
		FalseAlarms: "Content networks change their addresses all the time. Group by network, or exclude the networks of the services that you use.",
		Tactics:     []string{"CommandAndControl"}, Techniques: []Technique{{"T1071", "Application Layer Protocol"}},
	}, 15, opened().
		where(not(inside("DstIpAddr"))).
		summarize([]named{as("Target", column("DstIpAddr"))}, as("First", least(column("EventStartTime"))), as("Sources", different(column("SrcIpAddr"))),
			as("Source", anyOf(column("SrcIpAddr"))), as("Port", least(column("DstPortNumber"))), as("Times", sum(column("EventCount")))).
		where(ge(column("First"), since())).
		order("First", "Target"), insideKQL)
}

func exfiltration() Question {
	passed := func() relation {
		return network().where(and(eq(column("DvcAction"), text("Allow")), moreIs("cilium.packet.primary")))
	}
	zero := number(0)
	columns := func(from, to, out, in string) []named {
		return []named{as("Source", column(from)), as("Target", column(to)), as("Out", known(column(out), zero)), as("In", known(column(in), zero)), same("EventStartTime"), same("EventEndTime")}
	}
	return define(Question{
		ID: "exfiltration", Name: "Exfiltration by bytes",
		Planted: "52, and 60 to 120 MB, and some 1 MB back; 100 MB, and 18 MB back",
		Near:    "40 to 45, and 47 MB that are seen at three points; 100 MB with 23 MB back; 100 MB to a pod",
		Title:   "Who sends far more to an address outside than it gets back?", Tables: []string{Network}, Severity: "High",
		Columns:     []Column{{"Source", Text}, {"Target", Text}, {"BytesOut", Int}, {"BytesIn", Int}, {"First", Time}, {"Last", Time}},
		Reading:     "BytesOut is what the source sent to the address, at least 50 MB, and five times what it got, BytesIn. Packets are counted once, whatever the number of points at which the node saw them.",
		FalseAlarms: "Backups, uploads of logs and images, and mail. Exclude the targets that you know.",
		Tactics:     []string{"Exfiltration"}, Techniques: []Technique{{"T1048", "Exfiltration Over Alternative Protocol"}, {"T1041", "Exfiltration Over C2 Channel"}},
	}, 1, union(
		passed().where(inside("SrcIpAddr"), not(inside("DstIpAddr"))).project(columns("SrcIpAddr", "DstIpAddr", "SrcBytes", "DstBytes")...),
		passed().where(inside("DstIpAddr"), not(inside("SrcIpAddr"))).project(columns("DstIpAddr", "SrcIpAddr", "DstBytes", "SrcBytes")...),
	).summarize(sames("Source", "Target"), as("BytesOut", sum(column("Out"))), as("BytesIn", sum(column("In"))), as("First", least(column("EventStartTime"))), as("Last", most(column("EventEndTime")))).
		where(and(ge(column("BytesOut"), number(50_000_000)), ge(column("BytesOut"), times(column("BytesIn"), number(5))))).
		order("BytesOut", "Source", "Target"), insideKQL)
}
