// SPDX-License-Identifier: Apache-2.0

package question

import (
	"fmt"
	"strings"
)

// define completes a question by the texts of its relation. The answer has the columns of q. days is how far the query looks back.
func define(q Question, days int, answer relation, functions ...string) Question {
	var b strings.Builder
	fmt.Fprintf(&b, "let until = now();\nlet from = until - %dd;\n", days)
	if q.Baseline {
		b.WriteString("let since = until - 1d;\n")
	}
	for _, f := range functions {
		b.WriteString(f)
	}
	b.WriteString(strings.Join(answer.kql, "\n") + "\n")
	q.KQL = b.String()
	var columns []named
	for _, c := range q.Columns {
		columns = append(columns, same(c.Name))
	}
	q.SQL = "SELECT " + list2(columns, func(n named) string { return n.expr.sql }) + " FROM (\n" + indent(answer.sql) + "\n)\n"
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

// answers are the rows of answers that clients got. A slim row of one has no role.
func answers() relation {
	return dns().where(eq(column("EventSubType"), text("response")), in(more("DnsRole"), text(""), text("client-response"))).
		where(ne(column("EventResultDetails"), text("NA")))
}
