// SPDX-License-Identifier: Apache-2.0

package question

// definitions are the questions in order.
func definitions() []func() Question {
	return []func() Question{beaconing, nxdomain}
}

func beaconing() Question {
	gap, square := known(moreNumber("GapSum"), number(0)), known(moreNumber("GapSquareSum"), number(0))
	return define(Question{
		ID: "beaconing", Title: "Which client asks for the same name at regular intervals?", Tables: []string{DNS}, Severity: "Medium",
		Columns: []Column{{"Client", Text}, {"Name", Text}, {"Gaps", Int}, {"MeanSeconds", Real}, {"Irregularity", Real}, {"First", Time}, {"Last", Time}},
		Reading: "Irregularity is the standard deviation of the time between two queries, divided by its mean: 0 is a clock. Look at what the name resolves to, " +
			"and at which process of the client asks.",
		FalseAlarms: "Updates, telemetry, monitoring and mail clients ask by the clock. Names that your organisation knows can be excluded by a line where Name !in (…).",
		Tactics:     []string{"CommandAndControl"}, Techniques: []Technique{{"T1071.004", "Application Layer Protocol: DNS"}, {"T1029", "Scheduled Transfer"}},
	}, 1, answers().
		extend(as("Client", client()), as("Name", name()), as("Start", column("EventStartTime")),
			as("End", expr{"EventStartTime + coalesce(tolong(AdditionalFields.GapSum), 0) * 1ms", `("EventStartTime" + coalesce("AdditionalFields.GapSum", 0) * 1000)`})).
		previous([]string{"Dvc", "Client", "Name", "DnsQueryTypeName"}, "Start", "End").
		extend(as("Gap", seconds(column("LastEnd"), column("Start")))).
		summarize(sames("Dvc", "Client", "Name", "DnsQueryTypeName"),
			as("Gaps", minus(sum(column("EventCount")), number(1))),
			as("Total", plus(known(sum(column("Gap")), number(0)), over(sum(gap), number(1000)))),
			as("Squares", plus(known(sum(times(column("Gap"), column("Gap"))), number(0)), over(sum(square), number(1000000)))),
			as("First", least(column("Start"))), as("Last", most(column("End")))).
		where(ge(column("Gaps"), number(30))).
		extend(as("MeanSeconds", over(column("Total"), column("Gaps")))).
		extend(as("Variance", minus(over(column("Squares"), column("Gaps")), times(column("MeanSeconds"), column("MeanSeconds"))))).
		extend(as("Irregularity", over(call("sqrt", "sqrt", iff(gt(column("Variance"), number(0)), column("Variance"), number(0))), column("MeanSeconds")))).
		where(ge(column("MeanSeconds"), number(10)), le(column("Irregularity"), number(0.1))).
		project(sames("Client", "Name", "Gaps", "MeanSeconds", "Irregularity", "First", "Last")...).
		order("Gaps", "Client", "Name"))
}

func nxdomain() Question {
	return define(Question{
		ID: "nxdomain-burst", Title: "Which client asks for many names in a short time that do not exist?", Tables: []string{DNS}, Severity: "Medium",
		Columns:     []Column{{"Client", Text}, {"Window", Time}, {"Failures", Int}, {"Names", Int}},
		Reading:     "A window is five minutes. Many different names mean that a program tries names; one name means that a service of it is gone.",
		FalseAlarms: "A browser that tests whether names are hijacked asks for three; a changed search list, a decommissioned server and a vulnerability scan for hundreds.",
		Tactics:     []string{"CommandAndControl"}, Techniques: []Technique{{"T1568.002", "Dynamic Resolution: Domain Generation Algorithms"}},
	}, 1, answers().
		where(eq(column("EventResultDetails"), text("NXDOMAIN"))).
		summarize([]named{as("Dvc", column("Dvc")), as("Client", client()), as("Window", bin(column("EventStartTime"), 5))},
			as("Failures", sum(column("EventCount"))), as("Names", different(name()))).
		where(ge(column("Failures"), number(200))).
		project(sames("Client", "Window", "Failures", "Names")...).
		order("Failures", "Client"))
}
