// SPDX-License-Identifier: Apache-2.0

package question

import (
	"fmt"
	"strings"
)

// define completes a question by the texts of its relation. The answer has the columns of q. days is how far the query looks back.
func define(q Question, days int, answer relation, functions ...string) Question {
	var b strings.Builder
	fmt.Fprintf(&b, "let until = now();\nlet begun = until - %dd;\n", days)
	if q.Baseline {
		b.WriteString("let since = until - 1d;\n")
	}
	for _, f := range functions {
		b.WriteString(f)
	}
	b.WriteString(strings.Join(answer.kql, "\n") + "\n")
	q.KQL, q.Days = b.String(), days
	var columns []named
	for _, c := range q.Columns {
		columns = append(columns, same(c.Name))
	}
	q.SQL = "SELECT " + list(columns, func(n named) string { return n.expr.sql }) + " FROM (\n" + indent(answer.sql) + "\n)\n"
	return q
}

// client is who asked: its address, or the name of the device if that is not known.
func client() expr { return orElse(column("SrcIpAddr"), column("Src")) }

// name is the name that was asked for.
func name() expr { return lower(column("DnsQuery")) }

// domainOf is what is registered of a name, by its last labels.
func domainOf() expr { return expr{"domain(DnsQuery)", `"domain(DnsQuery)"`} }

// domainKQL defines the function that domainOf calls. rows computes it when it stores a row.
const domainKQL = `let domain = (name: string) {
    let labels = split(tolower(name), ".");
    let n = array_length(labels);
    let kept = iff(n > 2 and strlen(tostring(labels[n - 1])) == 2 and tostring(labels[n - 2]) in ("ac", "co", "com", "edu", "gov", "net", "org"), 3, 2);
    strcat_array(array_slice(labels, iff(n > kept, n - kept, 0), n - 1), ".")
};
`

// inside reports whether the address in a column belongs to no one on the internet.
func inside(name string) expr {
	return expr{"inside(" + name + ")", `"inside(` + name + `)" = 1`}
}

// insideKQL defines the function that inside calls. rows computes it when it stores a row.
const insideKQL = `let inside = (address: string) {
    coalesce(ipv4_is_in_any_range(address, dynamic(["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/3"])), address startswith "fc" or address startswith "fd" or address startswith "fe80:" or address startswith "ff" or address == "::1")
};
`

// answers are the rows of answers that clients got, one for each look-up. A slim row of an answer has no role. Of the events of a look-up of the DNS
// Client, 3008 is the result.
func answers() relation {
	return dns().where(
		and(eq(column("EventType"), text("Query")), eq(column("EventSubType"), text("response")), ne(column("EventResultDetails"), text("NA"))),
		in(more("DnsRole"), text(""), text("client-response")),
		or(ne(column("EventProduct"), text("DNS Client")), eq(column("EventOriginalType"), text("3008"))))
}

// firstReplyPort is the first of the ports from which Windows and Linux open connections, so what goes to a lower port is no reply.
const firstReplyPort = 32768

// uncertain is what forth leaves out, in the words of a reading.
const uncertain = "Where the datapath does not say which side opened the connection, packets to ports from 32,768 on are left out, since replies go there."

// forth reports whether a packet is from who opened its connection, as the datapath says, or by the port where it does not.
func forth() expr {
	reason := more("cilium.trace.reason")
	connection := and(eq(column("EventType"), text("NetworkSession")), ne(more("cilium.connection.opener"), text("unknown")))
	return and(ne(reason, text("REPLY")), or(in(reason, texts("NEW", "ESTABLISHED")...), connection, lt(column("DstPortNumber"), number(firstReplyPort))))
}

// opened are the packets and connections from who opened a connection, that passed. One row of each packet counts.
func opened() relation {
	return network().where(and(eq(column("DvcAction"), text("Allow")), moreIs("cilium.packet.primary")), forth())
}
